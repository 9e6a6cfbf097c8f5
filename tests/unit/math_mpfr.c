/* math_mpfr.c: the errors of every function in ulp, measured against MPFR over the whole range.
 *
 *     math_mpfr [POINTS [FUNCTION ...]]
 *
 * prints a row a function: points, the greatest error, where it was. Fails above 1 ulp, and where
 * one of the two results is a NaN. Points are the same in every run. */
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir.h"
#include "math.h"
#include "vm.h"

#define POINTS_DEFAULT 20000
#define BLOCK          512
#define PRECISION      140
#define LIMIT_ULP      1.0
#define HALF_PI        1.57079632679489661923

enum shape {
    END,
    BITS,     /* any bit pattern */
    UNIFORM,  /* between low and high */
    SPREAD,   /* exponents uniform: between low and high, both positive, either sign */
    NEAR,     /* a few places around low */
    MULTIPLE, /* a few places around multiples of low, up to high times it */
    WORST,    /* a mantissa nearest to a multiple of pi/2, for exponents low to high */
};

struct region {
    enum shape shape;
    double low, high;
};

#define REGIONS_MAX 12

struct subject {
    const char *name;
    int (*one)(mpfr_t, const mpfr_t, mpfr_rnd_t);
    int (*two)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);
    struct region x[REGIONS_MAX]; /* ended by END; a point is drawn from each in turn */
    struct region y[REGIONS_MAX]; /* beside x[k] for the second argument */
};

static int mpfr_fmod_of(mpfr_t r, const mpfr_t x, const mpfr_t y, mpfr_rnd_t round)
{
    return mpfr_fmod(r, x, y, round);
}

/* The sign of the divisor, with one rounding where a tiny remainder meets a large divisor. */
static int mpfr_mod(mpfr_t r, const mpfr_t x, const mpfr_t y, mpfr_rnd_t round)
{
    int rc = mpfr_fmod(r, x, y, round);
    if (!mpfr_nan_p(r) && !mpfr_zero_p(r) && mpfr_signbit(r) != mpfr_signbit(y))
        return mpfr_add(r, r, y, round);
    return rc;
}

static const struct subject subjects[] = {
    {.name = "sqrt", .one = mpfr_sqrt, .x = {{BITS, 0, 0}, {SPREAD, 1e-310, 1e308}}},
    {.name = "exp",
     .one = mpfr_exp,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -708, 708},
           {UNIFORM, -746, -708},
           {UNIFORM, 708, 710},
           {SPREAD, 1e-20, 1000},
           {MULTIPLE, 0.34657359027997264, 2050},
           {NEAR, 709.782712893384, 0},
           {NEAR, -708.3964185322641, 0},
           {NEAR, -745.1332191019411, 0}}},
    {.name = "log",
     .one = mpfr_log,
     .x = {{BITS, 0, 0},
           {UNIFORM, 0.5, 2},
           {UNIFORM, 0.7, 0.72},
           {UNIFORM, 0.9, 1.1},
           {UNIFORM, 0, 100},
           {SPREAD, 5e-324, 1e308},
           {SPREAD, 5e-324, 2.3e-308},
           {NEAR, 1, 0},
           {NEAR, 0.70710678118654752, 0},
           {NEAR, 1.41421356237309505, 0}}},
    {.name = "sin",
     .one = mpfr_sin,
     .x = {{BITS, 0, 0},
           {UNIFORM, -0.8, 0.8},
           {UNIFORM, -10, 10},
           {UNIFORM, -1e6, 1e6},
           {SPREAD, 1e-300, 1e12},
           {SPREAD, 1e9, 2e12},
           {SPREAD, 1e12, 1.7e308},
           {MULTIPLE, HALF_PI, 100},
           {MULTIPLE, HALF_PI, 1e12},
           {MULTIPLE, HALF_PI / 2, 1e5},
           {NEAR, 0x1p40, 0},
           {WORST, -52, 971}}},
    {.name = "cos",
     .one = mpfr_cos,
     .x = {{BITS, 0, 0},
           {UNIFORM, -0.8, 0.8},
           {UNIFORM, -10, 10},
           {UNIFORM, -1e6, 1e6},
           {SPREAD, 1e-300, 1e12},
           {SPREAD, 1e9, 2e12},
           {SPREAD, 1e12, 1.7e308},
           {MULTIPLE, HALF_PI, 100},
           {MULTIPLE, HALF_PI, 1e12},
           {MULTIPLE, HALF_PI / 2, 1e5},
           {NEAR, 0x1p40, 0},
           {WORST, -52, 971}}},
    {.name = "mod",
     .two = mpfr_mod,
     .x = {{BITS, 0, 0},
           {UNIFORM, -100, 100},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e10, 1e40},
           {UNIFORM, 0, 1e17},
           {BITS, 0, 0},
           {MULTIPLE, 3, 1e15}},
     .y = {{BITS, 0, 0},
           {UNIFORM, -5, 5},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e-5, 1e5},
           {NEAR, 1, 0},
           {SPREAD, 5e-324, 1e-307},
           {NEAR, 3, 0}}},
    {.name = "fmod",
     .two = mpfr_fmod_of,
     .x = {{BITS, 0, 0},
           {UNIFORM, -100, 100},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e10, 1e40},
           {UNIFORM, 0, 1e17},
           {BITS, 0, 0},
           {MULTIPLE, 3, 1e15}},
     .y = {{BITS, 0, 0},
           {UNIFORM, -5, 5},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e-5, 1e5},
           {NEAR, 1, 0},
           {SPREAD, 5e-324, 1e-307},
           {NEAR, 3, 0}}},
    {.name = "pow",
     .two = mpfr_pow,
     .x = {{BITS, 0, 0},
           {UNIFORM, 0, 100},
           {UNIFORM, 0.5, 2},
           {NEAR, 1, 0},
           {SPREAD, 1e-300, 1e300},
           {UNIFORM, 0.5, 2},
           {SPREAD, 5e-324, 2.2e-308},
           {MULTIPLE, -1, 1e5},
           {UNIFORM, 0.7, 1.5},
           {NEAR, -1, 0}},
     .y = {{BITS, 0, 0},
           {UNIFORM, -10, 10},
           {UNIFORM, -700, 700},
           {SPREAD, 1e10, 1e17},
           {UNIFORM, -3.5, 3.5},
           {SPREAD, 1, 3000},
           {UNIFORM, -2, 2},
           {MULTIPLE, 1, 60},
           {UNIFORM, -2100, 2100},
           {SPREAD, 1e14, 1e17}}},
    {.name = "exp2",
     .one = mpfr_exp2,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -1080, 1030},
           {UNIFORM, -1076, -1020},
           {SPREAD, 1e-20, 1000},
           {MULTIPLE, 0.5, 2200},
           {NEAR, 1024, 0},
           {NEAR, -1022, 0},
           {NEAR, -1075, 0}}},
    {.name = "expm1",
     .one = mpfr_expm1,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1.1, 1.1},
           {UNIFORM, -60, 60},
           {UNIFORM, 0.3, 0.4},
           {SPREAD, 1e-320, 1000},
           {MULTIPLE, 0.34657359027997264, 120},
           {UNIFORM, 700, 710},
           {NEAR, 709.782712893384, 0},
           {UNIFORM, 30, 42}}},
    {.name = "log2",
     .one = mpfr_log2,
     .x = {{BITS, 0, 0},
           {UNIFORM, 0.5, 2},
           {UNIFORM, 0.7, 0.72},
           {UNIFORM, 0.9, 1.1},
           {UNIFORM, 0, 100},
           {SPREAD, 5e-324, 1e308},
           {NEAR, 1, 0},
           {NEAR, 0.70710678118654752, 0},
           {NEAR, 1.41421356237309505, 0}}},
    {.name = "log10",
     .one = mpfr_log10,
     .x = {{BITS, 0, 0},
           {UNIFORM, 0.5, 2},
           {UNIFORM, 0.7, 0.72},
           {UNIFORM, 0.9, 1.1},
           {UNIFORM, 0, 100},
           {SPREAD, 5e-324, 1e308},
           {NEAR, 1, 0},
           {NEAR, 0.70710678118654752, 0},
           {NEAR, 1.41421356237309505, 0}}},
    {.name = "log1p",
     .one = mpfr_log1p,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -0.3, -0.2},
           {UNIFORM, -0.1, 0.1},
           {UNIFORM, 0, 100},
           {SPREAD, 5e-324, 1e308},
           {SPREAD, 1e-20, 1},
           {NEAR, -1, 0},
           {NEAR, -0.29289321881345248, 0},
           {NEAR, 0.41421356237309505, 0}}},
    {.name = "tan",
     .one = mpfr_tan,
     .x = {{BITS, 0, 0},
           {UNIFORM, -0.8, 0.8},
           {UNIFORM, -10, 10},
           {UNIFORM, -1e6, 1e6},
           {SPREAD, 1e-320, 1e12},
           {SPREAD, 1e9, 2e12},
           {SPREAD, 1e12, 1.7e308},
           {MULTIPLE, HALF_PI, 100},
           {MULTIPLE, HALF_PI, 1e12},
           {MULTIPLE, HALF_PI / 2, 1e5},
           {NEAR, 0x1p40, 0},
           {WORST, -52, 971}}},
    {.name = "asin",
     .one = mpfr_asin,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-320, 1},
           {NEAR, 0.5, 0},
           {NEAR, 1, 0},
           {UNIFORM, 0.4, 0.6},
           {UNIFORM, 0.99, 1}}},
    {.name = "acos",
     .one = mpfr_acos,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-320, 1},
           {NEAR, 0.5, 0},
           {NEAR, 1, 0},
           {NEAR, -1, 0},
           {UNIFORM, -0.6, 0.6},
           {UNIFORM, 0.99, 1}}},
    {.name = "atan",
     .one = mpfr_atan,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -10, 10},
           {SPREAD, 1e-320, 1e20},
           {NEAR, 0.41421356237309505, 0},
           {NEAR, 1, 0},
           {NEAR, 2.41421356237309505, 0},
           {UNIFORM, 0.4, 0.6}}},
    {.name = "atan2",
     .two = mpfr_atan2,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e-3, 1e3},
           {SPREAD, 5e-324, 1e-300},
           {SPREAD, 1e290, 1e308},
           {SPREAD, 1e-320, 1e-260},
           {NEAR, 1, 0}},
     .y = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-320, 1e308},
           {SPREAD, 1e-3, 1e3},
           {SPREAD, 5e-324, 1e-300},
           {SPREAD, 1e290, 1e308},
           {SPREAD, 1e-160, 1e60},
           {NEAR, 1, 0}}},
    {.name = "sinh",
     .one = mpfr_sinh,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -40, 40},
           {SPREAD, 1e-320, 1000},
           {UNIFORM, 700, 712},
           {NEAR, 710.4758600739439, 0},
           {MULTIPLE, 0.34657359027997264, 120}}},
    {.name = "cosh",
     .one = mpfr_cosh,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -40, 40},
           {SPREAD, 1e-320, 1000},
           {UNIFORM, 700, 712},
           {NEAR, 710.4758600739439, 0},
           {MULTIPLE, 0.34657359027997264, 120}}},
    {.name = "tanh",
     .one = mpfr_tanh,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {UNIFORM, -40, 40},
           {SPREAD, 1e-320, 1000},
           {UNIFORM, 0.1, 0.6},
           {MULTIPLE, 0.34657359027997264, 120}}},
    {.name = "cbrt",
     .one = mpfr_cbrt,
     .x = {{BITS, 0, 0}, {UNIFORM, 1, 8}, {SPREAD, 1e-300, 1e300}, {SPREAD, 5e-324, 1e-260}}},
    {.name = "hypot",
     .two = mpfr_hypot,
     .x = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-323, 1e308},
           {SPREAD, 1e-320, 1e-300},
           {SPREAD, 1e305, 1.7e308},
           {SPREAD, 1e100, 1e109}},
     .y = {{BITS, 0, 0},
           {UNIFORM, -1, 1},
           {SPREAD, 1e-323, 1e308},
           {SPREAD, 1e-320, 1e-300},
           {SPREAD, 1e305, 1.7e308},
           {SPREAD, 1e100, 1e109}}},
};

/* --- points ------------------------------------------------------------------------------------
 */

static uint64_t random_bits(uint64_t *state) /* splitmix64, by Steele, Lea and Flood */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double random_unit(uint64_t *state)
{
    return (double)(random_bits(state) >> 11) * 0x1p-53;
}

/* A few places away, most often very few. */
static double nudge(double x, uint64_t *state)
{
    int64_t bits;
    int64_t reach = (int64_t)1 << (random_bits(state) % 40);
    int64_t step = (int64_t)(random_bits(state) % (uint64_t)(2 * reach + 1)) - reach;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & INT64_MAX) + step >= 0)
        bits += step;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The m below a limit for which m 2^exponent is nearest to a multiple of pi/2 is the last such
 * denominator of the continued fraction of 2^exponent / (pi/2). */
static double worst_angle(long exponent, double limit)
{
    mpfr_t rest, whole;
    double denominator = 1, before = 0;
    mpfr_inits2(1300, rest, whole, (mpfr_ptr)0);
    mpfr_const_pi(rest, MPFR_RNDN);
    mpfr_ui_div(rest, 2, rest, MPFR_RNDN);
    mpfr_mul_2si(rest, rest, exponent, MPFR_RNDN);
    for (;;) {
        mpfr_frac(rest, rest, MPFR_RNDN);
        mpfr_ui_div(rest, 1, rest, MPFR_RNDN);
        mpfr_floor(whole, rest);
        double next = mpfr_get_d(whole, MPFR_RNDN) * denominator + before;
        if (next >= limit)
            break;
        before = denominator;
        denominator = next;
    }
    mpfr_clears(rest, whole, (mpfr_ptr)0);
    return ldexp(denominator, (int)exponent);
}

static double draw(const struct region *region, uint64_t *state)
{
    double u = random_unit(state), x;
    uint64_t bits = random_bits(state);
    double sign = bits & 1 ? -1 : 1;
    switch (region->shape) {
    case BITS:
        memcpy(&x, &bits, sizeof x);
        return x;
    case UNIFORM:
        return region->low + u * (region->high - region->low);
    case SPREAD:
        return sign * exp2(log2(region->low) + u * (log2(region->high) - log2(region->low)));
    case NEAR:
        return nudge(region->low, state);
    case MULTIPLE:
        return nudge(sign * region->low * floor(pow(region->high, u)), state);
    case WORST: /* also worst among fewer places, for there are only so many exponents */
        x = floor(region->low + u * (region->high - region->low));
        return sign * worst_angle((long)x, exp2(53 - 30 * random_unit(state)));
    default:
        abort();
    }
}

/* --- errors ------------------------------------------------------------------------------------
 */

struct measure {
    double greatest, x, y, result;
};

/* |value - exact| in units of the last place of exact; an infinite value counts as 2^1024. */
static double error_ulp(double value, mpfr_t exact, mpfr_t scratch)
{
    if (mpfr_nan_p(exact) || isnan(value))
        return mpfr_nan_p(exact) && isnan(value) ? 0 : INFINITY;
    if (mpfr_inf_p(exact))
        return isinf(value) && (value > 0) == (mpfr_sgn(exact) > 0) ? 0 : INFINITY;
    if (isinf(value)) {
        mpfr_set_ui_2exp(scratch, 1, 1024, MPFR_RNDN);
        if (value < 0)
            mpfr_neg(scratch, scratch, MPFR_RNDN);
    } else {
        mpfr_set_d(scratch, value, MPFR_RNDN);
    }
    if (isinf(value) && mpfr_zero_p(exact) == 0 && mpfr_get_exp(exact) > 1024)
        return (value > 0) == (mpfr_sgn(exact) > 0) ? 0 : INFINITY;
    long exponent = mpfr_zero_p(exact) ? -1074 : mpfr_get_exp(exact) - 53;
    if (exponent < -1074)
        exponent = -1074;
    if (exponent > 1024 - 53)
        exponent = 1024 - 53;
    mpfr_sub(scratch, scratch, exact, MPFR_RNDN);
    mpfr_mul_2si(scratch, scratch, -exponent, MPFR_RNDN);
    return fabs(mpfr_get_d(scratch, MPFR_RNDN));
}

struct bench {
    const struct subject *subject;
    nf_ir ir;
    struct nf_vm *vm; /* NULL for two arguments */
    void *scratch;
    mpfr_t x, y, exact, difference;
};

static void compare(struct bench *bench, double x, double y, double result, struct measure *worst)
{
    mpfr_set_d(bench->x, x, MPFR_RNDN);
    if (bench->subject->one) {
        bench->subject->one(bench->exact, bench->x, MPFR_RNDN);
    } else {
        mpfr_set_d(bench->y, y, MPFR_RNDN);
        bench->subject->two(bench->exact, bench->x, bench->y, MPFR_RNDN);
    }
    double error = error_ulp(result, bench->exact, bench->difference);
    if (error > worst->greatest)
        *worst = (struct measure){error, x, y, result};
}

static struct measure measure(struct bench *bench, size_t points)
{
    static _Alignas(64) double x[BLOCK], y[BLOCK], result[BLOCK];
    const struct subject *subject = bench->subject;
    struct measure worst = {-1, 0, 0, 0};
    size_t regions = 0;
    while (regions < REGIONS_MAX && subject->x[regions].shape != END)
        regions++;
    uint64_t state = 1;
    for (size_t done = 0; done < points; done += BLOCK) {
        for (size_t k = 0; k < BLOCK; k++) {
            x[k] = draw(&subject->x[(done + k) % regions], &state);
            y[k] = subject->two ? draw(&subject->y[(done + k) % regions], &state) : 0;
        }
        if (bench->vm)
            nf_vm_run(bench->vm, bench->scratch, x, result, BLOCK);
        for (size_t k = 0; k < BLOCK; k++) {
            if (!bench->vm)
                result[k] = nf_ir_evaluate(&bench->ir, (double[]){x[k], y[k]});
            compare(bench, x[k], y[k], result[k], &worst);
        }
    }
    return worst;
}

static const struct nf_math_function *find(const char *name)
{
    const struct nf_math_function *f = nf_math_functions;
    while (f->name && strcmp(f->name, name) != 0)
        f++;
    return f->name ? f : NULL;
}

static void fail(const char *name, const nfold_error *err)
{
    fprintf(stderr, "%s: %s\n", name, err->message);
    exit(1);
}

static int check(const struct subject *subject, size_t points)
{
    struct bench bench = {.subject = subject};
    nfold_error err;
    const struct nf_math_function *function = find(subject->name);
    if (!function) {
        printf("%-6s is not in the table\n", subject->name);
        return 1;
    }
    nf_ir_init(&bench.ir);
    nf_value argument[] = {nf_ir_input(&bench.ir, 0), nf_ir_input(&bench.ir, 1)};
    if (nf_ir_finish(&bench.ir, function->build(&bench.ir, argument), &err) < 0)
        fail(subject->name, &err);
    if (subject->one && nf_vm_open(&bench.vm, &bench.ir, nf_isa_best(), &err) < 0)
        fail(subject->name, &err);
    if (subject->one)
        bench.scratch = aligned_alloc(64, (nf_vm_scratch_size(bench.vm) + 63) / 64 * 64);
    mpfr_inits2(PRECISION, bench.x, bench.y, bench.exact, bench.difference, (mpfr_ptr)0);

    struct measure worst = measure(&bench, points);
    printf("%-6s %9zu points  %.4f ulp  at %a", subject->name, points, worst.greatest, worst.x);
    if (subject->two)
        printf(", %a", worst.y);
    printf("%s\n", worst.greatest > LIMIT_ULP ? "  TOO MUCH" : "");
    if (worst.greatest > LIMIT_ULP)
        printf("       gave %.17g (%a)\n", worst.result, worst.result);
    fflush(stdout);

    mpfr_clears(bench.x, bench.y, bench.exact, bench.difference, (mpfr_ptr)0);
    free(bench.scratch);
    nf_vm_close(bench.vm);
    nf_ir_clear(&bench.ir);
    return worst.greatest > LIMIT_ULP;
}

static int is_wanted(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return count == 0;
}

int main(int count, char **arguments)
{
    size_t points = count > 1 ? strtoul(arguments[1], NULL, 10) : POINTS_DEFAULT;
    int named = count > 2 ? count - 2 : 0, failures = 0;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (is_wanted(subjects[i].name, arguments + 2, named))
            failures += check(&subjects[i], points);
    mpfr_free_cache();
    return failures != 0;
}
