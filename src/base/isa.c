/* isa.c: the instruction sets, what they need of the processor and of the compiler. */
#include "isa.h"

#include <stddef.h>
#include <string.h>

/* The same flags as in the list of instruction sets in the root meson.build. */
static const struct isa_row {
    const char *name;
    const char *flags[10];
} isa_rows[NF_ISA_COUNT] = {
    [NF_ISA_SCALAR] = {.name = "scalar", .flags = {NULL}},
    [NF_ISA_AVX2] = {.name = "avx2", .flags = {"-mavx2", "-mfma", "-mbmi", "-mbmi2", NULL}},
    [NF_ISA_AVX512] = {.name = "avx512",
                       .flags = {"-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma",
                                 "-mbmi", "-mbmi2", "-mprefer-vector-width=512", NULL}},
};

const char *nf_isa_name(enum nf_isa isa)
{
    return isa_rows[isa].name;
}

int nf_isa_parse(const char *name, enum nf_isa *isa)
{
    for (int i = 0; i < NF_ISA_COUNT; i++) {
        if (strcmp(name, isa_rows[i].name) == 0) {
            *isa = (enum nf_isa)i;
            return 0;
        }
    }
    return -1;
}

#if defined(__x86_64__)

/* The compiler's run-time library also asks the operating system (XCR0) whether it saves the
 * registers. */
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

int nf_isa_runs_here(enum nf_isa isa)
{
    __builtin_cpu_init();
    switch (isa) {
    case NF_ISA_SCALAR:
        return 1;
    case NF_ISA_AVX2:
        return has_avx2();
    case NF_ISA_AVX512:
        return has_avx512();
    default:
        return 0;
    }
}

#else

int nf_isa_runs_here(enum nf_isa isa)
{
    return isa == NF_ISA_SCALAR;
}

#endif

enum nf_isa nf_isa_best(void)
{
    int best = NF_ISA_COUNT - 1;
    while (!nf_isa_runs_here((enum nf_isa)best))
        best--;
    return (enum nf_isa)best;
}

const char *const *nf_isa_flags(enum nf_isa isa)
{
    return isa_rows[isa].flags;
}
