/* Instruction sets: names, flags, and what runs here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"

static void names_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < NF_ISA_COUNT; i++) {
        enum nf_isa isa = NF_ISA_COUNT;
        assert_int_equal(nf_isa_parse(nf_isa_name((enum nf_isa)i), &isa), 0);
        assert_int_equal(isa, i);
    }
    enum nf_isa isa;
    assert_int_equal(nf_isa_parse("sse2", &isa), -1);
    assert_int_equal(nf_isa_parse("", &isa), -1);
}

static void scalar_runs_everywhere_and_the_best_runs_here(void **state)
{
    (void)state;
    assert_true(nf_isa_runs_here(NF_ISA_SCALAR));
    assert_true(nf_isa_runs_here(nf_isa_best()));
    for (int i = (int)nf_isa_best() + 1; i < NF_ISA_COUNT; i++)
        assert_false(nf_isa_runs_here((enum nf_isa)i));
    assert_false(nf_isa_runs_here(NF_ISA_COUNT));
}

static int cpuinfo_has(const char *words, const char *flag)
{
    char word[32];
    snprintf(word, sizeof word, " %s ", flag);
    return strstr(words, word) != NULL;
}

/* The kernel's list of features is another source than cpuid. */
static void the_kernel_agrees(void **state)
{
    (void)state;
    FILE *file = fopen("/proc/cpuinfo", "r");
    char *line = NULL;
    size_t room = 0;
    int is_found = 0;
    while (file && !is_found && getline(&line, &room, file) > 0)
        is_found = strncmp(line, "flags", 5) == 0;
    if (file)
        fclose(file);
    if (!is_found) {
        free(line);
        print_message("skipped: /proc/cpuinfo lists no flags\n");
        skip();
    }
    *strchr(line, '\n') = ' ';
    int avx2 = cpuinfo_has(line, "avx2") && cpuinfo_has(line, "fma") && cpuinfo_has(line, "bmi1") &&
               cpuinfo_has(line, "bmi2");
    int avx512 = avx2 && cpuinfo_has(line, "avx512f") && cpuinfo_has(line, "avx512dq") &&
                 cpuinfo_has(line, "avx512vl");
    free(line);
    assert_int_equal(!!nf_isa_runs_here(NF_ISA_AVX2), avx2);
    assert_int_equal(!!nf_isa_runs_here(NF_ISA_AVX512), avx512);
}

static void flags_end_and_each_is_a_flag(void **state)
{
    (void)state;
    assert_null(nf_isa_flags(NF_ISA_SCALAR)[0]);
    for (int i = 1; i < NF_ISA_COUNT; i++) {
        const char *const *flag = nf_isa_flags((enum nf_isa)i);
        int has_fma = 0;
        for (; *flag; flag++) {
            assert_int_equal(strncmp(*flag, "-m", 2), 0);
            has_fma |= strcmp(*flag, "-mfma") == 0;
        }
        assert_true(has_fma);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_read_back),
        cmocka_unit_test(scalar_runs_everywhere_and_the_best_runs_here),
        cmocka_unit_test(the_kernel_agrees),
        cmocka_unit_test(flags_end_and_each_is_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
