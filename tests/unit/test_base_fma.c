/* The soft fma against the processor's, on random and hand-made triples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fma.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define TRIPLES             4000000 /* of each of the five kinds */

#if defined(__x86_64__)
__attribute__((target("fma"))) static double hardware_fma(double a, double b, double c)
{
    return __builtin_fma(a, b, c);
}

static int has_hardware(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("fma");
}
#elif defined(__aarch64__)
static double hardware_fma(double a, double b, double c)
{
    return __builtin_fma(a, b, c);
}

static int has_hardware(void)
{
    return 1;
}
#else
static double hardware_fma(double a, double b, double c)
{
    return nf_soft_fma(a, b, c);
}

static int has_hardware(void)
{
    return 0;
}
#endif

static void need_hardware(void)
{
    if (!has_hardware()) {
        print_message("skipped: this processor has no fma to compare with\n");
        skip();
    }
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int is_nan(uint64_t bits)
{
    return (bits << 1) > UINT64_C(0x7FF) << 53;
}

static int is_same(double a, double b)
{
    uint64_t a_bits = nf_fma_bits(a), b_bits = nf_fma_bits(b);
    return a_bits == b_bits || (is_nan(a_bits) && is_nan(b_bits));
}

static void check(double a, double b, double c)
{
    double soft = nf_soft_fma(a, b, c), integer = nf_integer_fma(a, b, c);
    double hard = hardware_fma(a, b, c);
    if (is_same(soft, hard) && is_same(integer, hard))
        return;
    print_error("fma(%a, %a, %a): soft %a, by integers %a, processor %a\n", a, b, c, soft, integer,
                hard);
    fail();
}

static double random_double(uint64_t *seed, int least, int most)
{
    uint64_t bits = random_next(seed);
    uint64_t exponent = (uint64_t)least + random_next(seed) % (uint64_t)(most - least + 1);
    return nf_fma_double((bits & ~(UINT64_C(0x7FF) << 52)) | exponent << 52);
}

static void uniform_bits(void **state)
{
    (void)state;
    need_hardware();
    uint64_t seed = 0x9E3779B97F4A7C15;
    for (int i = 0; i < TRIPLES; i++) {
        double a = nf_fma_double(random_next(&seed)), b = nf_fma_double(random_next(&seed));
        check(a, b, nf_fma_double(random_next(&seed)));
    }
}

/* c is -a*b but for a few units in the last place, or half of one: everything cancels. */
static void near_cancelling(void **state)
{
    (void)state;
    need_hardware();
    uint64_t seed = 0xD1B54A32D192ED03;
    for (int i = 0; i < TRIPLES; i++) {
        double a = random_double(&seed, 900, 1100), b = random_double(&seed, 900, 1100);
        uint64_t c = nf_fma_bits(-(a * b)) + random_next(&seed) % 5 - 2;
        if (i % 8 == 0) /* and short factors, whose product is exact */
            a = nf_fma_double(nf_fma_bits(a) & ~((UINT64_C(1) << 30) - 1));
        check(a, b, nf_fma_double(c));
    }
}

/* All distances of the exponents where a bit, a guard bit or only a sticky bit of one term matters.
 */
static void terms_of_every_distance(void **state)
{
    (void)state;
    need_hardware();
    uint64_t seed = 0x94D049BB133111EB;
    for (int i = 0; i < TRIPLES; i++) {
        double a = random_double(&seed, 1023, 1023), b = random_double(&seed, 1023, 1023);
        double c = random_double(&seed, 1023 - 130, 1023 + 130);
        uint64_t sparse = random_next(&seed);
        if (sparse & 1)
            c = nf_fma_double(nf_fma_bits(c) & (UINT64_C(0xFFF) << 52));
        if (sparse & 2)
            a = nf_fma_double(nf_fma_bits(a) & (UINT64_C(0xFFFF) << 48));
        if (sparse & 4)
            b = nf_fma_double(nf_fma_bits(b) | UINT64_C(0xFFFFFFFFFFFF));
        check(a, b, c);
    }
}

/* On both sides of the borders between doubles and integers. */
static void borders_of_the_fast_path(void **state)
{
    (void)state;
    need_hardware();
    static const int borders[] = {573, 1473};
    uint64_t seed = 0x2545F4914F6CDD1D;
    for (int i = 0; i < TRIPLES; i++) {
        int first = borders[i & 1], second = borders[i >> 1 & 1];
        double a = random_double(&seed, first - 2, first + 2);
        double b = random_double(&seed, second - 2, second + 2);
        double c = i & 4 ? random_double(&seed, 1900, 1930) : random_double(&seed, 0, 250);
        if (i & 8)
            c = nf_fma_double(nf_fma_bits(a * b) ^ UINT64_C(1) << 63 ^ (random_next(&seed) & 7));
        check(a, b, c);
    }
}

/* The product or the sum is at the lower or the upper end of what a double can be. */
static void subnormal_and_overflowing(void **state)
{
    (void)state;
    need_hardware();
    uint64_t seed = 0xBF58476D1CE4E5B9;
    for (int i = 0; i < TRIPLES; i++) {
        int split = (int)(random_next(&seed) % 1000);
        int end = i % 2 ? 1023 : 3069; /* the sum of the exponent fields of a and b */
        int shift = (int)(random_next(&seed) % 140) - 120;
        int first = i % 2 ? split : 1050 + split % 990, second = end - first + shift;
        if (second < 0 || second > 2046)
            continue;
        double a = random_double(&seed, first, first), b = random_double(&seed, second, second);
        double c = i % 2 ? random_double(&seed, 0, 60) : random_double(&seed, 1950, 2046);
        check(a, b, i % 16 == 5 ? nf_fma_double(random_next(&seed) & 7) : c);
    }
}

static const uint64_t corners[] = {
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001,
    0x000FFFFFFFFFFFFF, 0x800FFFFFFFFFFFFF, 0x0010000000000000, 0x8010000000000000,
    0x0010000000000001, 0x3CA0000000000000, 0x3CB0000000000000, 0xBCA0000000000000,
    0x3FE0000000000000, 0xBFE0000000000000, 0x3FEFFFFFFFFFFFFF, 0xBFEFFFFFFFFFFFFF,
    0x3FF0000000000000, 0xBFF0000000000000, 0x3FF0000000000001, 0xBFF0000000000001,
    0x4000000000000000, 0xC000000000000000, 0x4330000000000000, 0xC340000000000001,
    0x1FF0000000000000, 0x2000000000000000, 0x5FE0000000000000, 0xDFEFFFFFFFFFFFFF,
    0x7FE0000000000000, 0xFFE0000000000000, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF,
    0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0x7C90000000000000,
    0xFC90000000000000, 0x7CA0000000000000, 0x1E60000000000000, 0x1E6FFFFFFFFFFFFF,
};

static void all_triples_of_corners(void **state)
{
    (void)state;
    need_hardware();
    size_t n = ARRAY_LENGTH(corners);
    for (size_t i = 0; i < n * n * n; i++)
        check(nf_fma_double(corners[i % n]), nf_fma_double(corners[i / n % n]),
              nf_fma_double(corners[i / n / n]));
}

/* Known answers: these hold on a processor without the instruction, too. */
static void known_answers(void **state)
{
    (void)state;
    static const uint64_t known[][4] = {
        {0x4000000000000000, 0x4008000000000000, 0x4010000000000000, 0x4024000000000000},
        {0x3FF0000000000001, 0x3FF0000000000001, 0xBFF0000000000002, 0x3970000000000000},
        {0x3FF0000000000000, 0x3FF0000000000000, 0xBFF0000000000000, 0x0000000000000000},
        {0x7FE0000000000000, 0x4000000000000000, 0xFFE0000000000000, 0x7FE0000000000000},
        {0x7FE0000000000000, 0x7FE0000000000000, 0xFFF0000000000000, 0xFFF0000000000000},
        {0x0000000000000001, 0xBFE0000000000000, 0x0000000000000000, 0x8000000000000000},
        {0x0000000000000001, 0x3FE0000000000001, 0x0000000000000000, 0x0000000000000001},
        {0x8000000000000000, 0x3FF0000000000000, 0x8000000000000000, 0x8000000000000000},
        {0x8000000000000000, 0x3FF0000000000000, 0x0000000000000000, 0x0000000000000000},
        {0x0000000000000001, 0x0000000000000001, 0x3FF0000000000000, 0x3FF0000000000000},
        {0x7FEFFFFFFFFFFFFF, 0x3FF0000000000000, 0x7C90000000000000, 0x7FF0000000000000},
        {0x7FEFFFFFFFFFFFFF, 0x3FF0000000000000, 0x7C8FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        double a = nf_fma_double(known[i][0]), b = nf_fma_double(known[i][1]);
        double c = nf_fma_double(known[i][2]);
        assert_int_equal(nf_fma_bits(nf_soft_fma(a, b, c)), known[i][3]);
        assert_int_equal(nf_fma_bits(nf_integer_fma(a, b, c)), known[i][3]);
        assert_int_equal(nf_fma_bits(nf_fma(a, b, c)), known[i][3]);
    }
    double infinity = nf_fma_double(0x7FF0000000000000);
    assert_true(is_nan(nf_fma_bits(nf_soft_fma(infinity, 0, 1))));
    assert_true(is_nan(nf_fma_bits(nf_soft_fma(infinity, 1, -infinity))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(all_triples_of_corners),
        cmocka_unit_test(uniform_bits),
        cmocka_unit_test(near_cancelling),
        cmocka_unit_test(terms_of_every_distance),
        cmocka_unit_test(borders_of_the_fast_path),
        cmocka_unit_test(subnormal_and_overflowing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
