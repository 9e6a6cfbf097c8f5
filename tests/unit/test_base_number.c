/* Numbers as text: Python's repr, reading back, whatever the host program set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "double_bits.h"
#include "error.h"
#include "number.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What Python 3 prints for these bits. */
static const struct {
    uint64_t bits;
    const char *text;
} reprs[] = {
    {0x0000000000000000, "0.0"},
    {0x8000000000000000, "-0.0"},
    {0x7FF0000000000000, "inf"},
    {0xFFF0000000000000, "-inf"},
    {0x7FF8000000000000, "nan"},
    {0xFFF8000000000001, "nan"},
    {0x3FF0000000000000, "1.0"},
    {0x4008000000000000, "3.0"},
    {0xC008000000000000, "-3.0"},
    {0x3FB999999999999A, "0.1"},
    {0x3FD5555555555555, "0.3333333333333333"},
    {0x3FD3333333333334, "0.30000000000000004"},
    {0x4114585555555556, "333333.3333333334"},
    {0x4114585555555555, "333333.3333333333"},
    {0x3F1A36E2EB1C432D, "0.0001"},
    {0x3EE4F8B588E368F1, "1e-05"},
    {0x3EF9A976C6A5E4A7, "2.447316038842588e-05"},
    {0x4341C37937E08000, "1e+16"},
    {0x4341C37937E07FFF, "9999999999999998.0"},
    {0x430C6BF526340000, "1000000000000000.0"},
    {0x4480F0CF064DD592, "1e+22"},
    {0x44B52D02C7E14AF6, "1e+23"},
    {0x44B52D02C7E14AF7, "1.0000000000000001e+23"},
    {0x7FEFFFFFFFFFFFFF, "1.7976931348623157e+308"},
    {0x0010000000000000, "2.2250738585072014e-308"},
    {0x000FFFFFFFFFFFFF, "2.225073858507201e-308"},
    {0x0000000000000001, "5e-324"},
    {0x0000000000000002, "1e-323"},
    {0x0000000000000003, "1.5e-323"},
    {0x3D30000000000000, "5.684341886080802e-14"},
    {0x3E60000000000000, "2.9802322387695312e-08"},
    /* Powers of two whose shortest text is not the nearest one of its length. */
    {0x0060000000000000, "7.120236347223045e-307"},
    {0x0660000000000000, "5.641232424577593e-278"},
    {0x13E0000000000000, "5.940911144672375e-213"},
    {0x4340000000000000, "9007199254740992.0"},
    {0x433FFFFFFFFFFFFF, "9007199254740991.0"},
};

static double read_back(const char *text)
{
    double value = 0;
    int is_negative = text[0] == '-';
    assert_int_equal(nf_number_read(text + is_negative, &value), strlen(text + is_negative));
    return is_negative ? -value : value;
}

static void numbers_print_as_in_python(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(reprs); i++) {
        char text[NF_NUMBER_SIZE];
        assert_ptr_equal(nf_number_print(nf_double_of_bits(reprs[i].bits), text), text);
        assert_string_equal(text, reprs[i].text);
    }
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int digit_count(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        if (*text == '0')
            zeros += count > 0;
        else {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

static void every_number_reads_back_and_no_shorter_text_does(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = random_next(&seed) >> 1;
        if (i % 4 == 0)
            bits = nf_double_to_bits((double)(bits >> 40) / 1024);
        if (i % 4 == 1)
            bits >>= 12 + i % 40;
        if (bits >> 52 == 0x7FF || bits == 0)
            continue;
        char text[NF_NUMBER_SIZE], shorter[NF_NUMBER_SIZE];
        nf_number_print(nf_double_of_bits(bits), text);
        assert_true(strlen(text) < NF_NUMBER_SIZE - 1);
        assert_int_equal(nf_double_to_bits(read_back(text)), bits);
        int digits = digit_count(text);
        if (digits > 1) {
            snprintf(shorter, sizeof shorter, "%.*e", digits - 2, nf_double_of_bits(bits));
            assert_int_not_equal(nf_double_to_bits(strtod(shorter, NULL)), bits);
        }
    }
}

static void reading_takes_a_number_and_stops(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t used;
        double value;
    } cases[] = {
        {"1", 1, 1},
        {"1e8", 3, 1e8},
        {"1E+2x", 4, 100},
        {".5", 2, 0.5},
        {"5.", 2, 5},
        {"1e", 1, 1},
        {"1e+", 1, 1},
        {"2*x", 1, 2},
        {"0x1p4", 5, 16},
        {"0x.8", 4, 0.5},
        {"0xg", 1, 0},
        {"007", 3, 7},
        {"1_000", 1, 1},
        {"1,5", 1, 1},
        {"1.5.2", 3, 1.5},
        {"1e-400", 6, 0},
        {"9007199254740993", 16, 9007199254740992},
        {"2.2250738585072011e-308", 23, 2.225073858507201e-308},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        double value = -1;
        assert_int_equal(nf_number_read(cases[i].text, &value), cases[i].used);
        assert_int_equal(nf_double_to_bits(value), nf_double_to_bits(cases[i].value));
    }
    static const char *const none[] = {"", "x", "-1", "+1", " 1", ".", ".e1", "inf", "nan", "e5"};
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        double value = -1;
        assert_int_equal(nf_number_read(none[i], &value), 0);
        assert_true(value == -1);
    }
    double value;
    assert_int_equal(nf_number_read("1e999", &value), 5);
    assert_true(isinf(value));
}

static void a_number_is_exact_if_nothing_of_it_is_rounded(void **state)
{
    static const char *const exact[] = {"0", "1", "0.5", "1e22", "9007199254740992", "0x1p-1074"};
    static const char *const rounded[] = {"0.1", "1e23", "9007199254740993", "1e999",
                                          "10.00000000000000000001"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(exact); i++)
        assert_true(nf_number_is_exact(exact[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(rounded); i++)
        assert_false(nf_number_is_exact(rounded[i]));
    assert_int_equal(fegetround(), FE_TONEAREST);
}

/* Half way between two doubles, and a digit more far behind: it decides. */
static void a_literal_of_a_thousand_digits_is_rounded_correctly(void **state)
{
    (void)state;
    char text[1100] = "9007199254740993.";
    memset(text + 17, '0', 1000);
    double value;
    nf_number_read(text, &value);
    assert_true(value == 9007199254740992);
    text[1016] = '1';
    assert_int_equal(nf_number_read(text, &value), 1017);
    assert_true(value == 9007199254740994);
}

static void check_some_numbers(void)
{
    char text[NF_NUMBER_SIZE];
    double value;
    assert_string_equal(nf_number_print(0.1, text), "0.1");
    assert_string_equal(nf_number_print(1.0 / 3, text), "0.3333333333333333");
    assert_string_equal(nf_number_print(nf_double_of_bits(1), text), "5e-324");
    assert_string_equal(nf_number_scaled(12345, text), "12.3 k");
    assert_int_equal(nf_number_read("0.1", &value), 3);
    assert_int_equal(nf_double_to_bits(value), 0x3FB999999999999A);
    assert_int_equal(nf_number_read("5e-324", &value), 6);
    assert_int_equal(nf_double_to_bits(value), 1);
}

static void the_rounding_mode_of_the_host_changes_nothing(void **state)
{
    (void)state;
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
        char texts[ARRAY_LENGTH(reprs)][NF_NUMBER_SIZE];
        double tenth, third = nf_double_of_bits(0x3FD5555555555555);
        fesetround(modes[i]);
        for (size_t k = 0; k < ARRAY_LENGTH(reprs); k++)
            nf_number_print(nf_double_of_bits(reprs[k].bits), texts[k]);
        nf_number_read("0.1", &tenth);
        int mode = fegetround();
        fesetround(FE_TONEAREST);
        assert_int_equal(mode, modes[i]);
        assert_int_equal(nf_double_to_bits(tenth), 0x3FB999999999999A);
        assert_true(third > 0);
        for (size_t k = 0; k < ARRAY_LENGTH(reprs); k++)
            assert_string_equal(texts[k], reprs[k].text);
    }
}

#if defined(__SSE2__)
#include <xmmintrin.h>
static void flush_to_zero_of_the_host_changes_nothing(void **state)
{
    (void)state;
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040);
    check_some_numbers();
    _mm_setcsr(saved);
}
#else
static void flush_to_zero_of_the_host_changes_nothing(void **state)
{
    (void)state;
    skip();
}
#endif

/* Makes a locale of which only the decimal comma is defined; few machines have a ready one. */
static int locale_make(const char *folder)
{
    char path[128], command[400];
    snprintf(path, sizeof path, "%s/source", folder);
    FILE *source = fopen(path, "w");
    if (!source)
        return 0;
    fputs("LC_NUMERIC\ndecimal_point \"<U002C>\"\nthousands_sep \"<U002E>\"\ngrouping 3;3\n"
          "END LC_NUMERIC\n",
          source);
    fclose(source);
    snprintf(command, sizeof command,
             "localedef -c -i %s -f ANSI_X3.4-1968 %s/comma >%s/words 2>&1", path, folder, folder);
    int rc = system(command); /* it warns of what is not defined: setlocale decides */
    (void)rc;
    setenv("LOCPATH", folder, 1);
    return setlocale(LC_NUMERIC, "comma") && strcmp(localeconv()->decimal_point, ",") == 0;
}

static void a_decimal_comma_of_the_host_changes_nothing(void **state)
{
    (void)state;
    char folder[] = "/tmp/nfold-locale-XXXXXX", command[64], half[8];
    assert_non_null(mkdtemp(folder));
    int has_comma = locale_make(folder);
    if (has_comma) {
        struct nfold_buffer buffer = {0};
        nfold_error err;
        nf_buffer_print(&buffer, "%g", 0.5);
        assert_string_equal(nf_buffer_text(&buffer), "0.5");
        nf_buffer_clear(&buffer);
        nf_fail(&err, NFOLD_E_VALUE, "%g", 0.5);
        assert_string_equal(err.message, "0.5");
        check_some_numbers();
        snprintf(half, sizeof half, "%g", 0.5);
        assert_string_equal(half, "0,5"); /* the host's choice is still in force */
    }
    setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    if (!has_comma) {
        print_message("skipped: localedef cannot make a locale here\n");
        skip();
    }
}

static void scaled_numbers_have_three_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {999, "999"},
        {999.4, "999"},
        {999.6, "1 k"},
        {1500, "1.5 k"},
        {12.345e6, "12.3 M"},
        {1.5e9, "1.5 G"},
        {2e12, "2 T"},
        {-3e15, "-3 P"},
        {0.25, "0.25"},
        {999.6e15, "1e+18"},
        {1e21, "1e+21"},
        {(double)INFINITY, "inf"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[NF_NUMBER_SIZE];
        assert_string_equal(nf_number_scaled(cases[i].value, text), cases[i].text);
    }
}

static void times_have_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {6e-10, "1 ns"},
        {20e-9, "20 ns"},
        {7e-6, "7.0 us"},
        {0.0451, "45.1 ms"},
        {0.99994, "999.9 ms"},
        {0.99996, "1.00 s"},
        {0.00099996, "1.0 ms"},
        {1.234, "1.23 s"},
        {9.996, "10.0 s"},
        {59.94, "59.9 s"},
        {119.9, "119.9 s"},
        {119.96, "2 min 00 s"},
        {754.2, "12 min 34 s"},
        {3599.4, "59 min 59 s"},
        {3599.6, "1 h 00 min"},
        {3725, "1 h 02 min"},
        {360000, "100 h 00 min"},
        {-1.5, "-1.50 s"},
        {1e300, "1e+300 s"},
        {(double)NAN, "nan"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[NF_NUMBER_SIZE];
        assert_string_equal(nf_number_seconds(cases[i].seconds, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_print_as_in_python),
        cmocka_unit_test(every_number_reads_back_and_no_shorter_text_does),
        cmocka_unit_test(reading_takes_a_number_and_stops),
        cmocka_unit_test(a_number_is_exact_if_nothing_of_it_is_rounded),
        cmocka_unit_test(a_literal_of_a_thousand_digits_is_rounded_correctly),
        cmocka_unit_test(the_rounding_mode_of_the_host_changes_nothing),
        cmocka_unit_test(flush_to_zero_of_the_host_changes_nothing),
        cmocka_unit_test(a_decimal_comma_of_the_host_changes_nothing),
        cmocka_unit_test(scaled_numbers_have_three_digits),
        cmocka_unit_test(times_have_the_unit_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
