/* test_math.c: what the functions give at special values (C99, Annex F), where they are exact, and
 * that all readers of their programs agree. How large their errors are: math_mpfr.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "double_bits.h"
#include "ir.h"
#include "math.h"
#include "vm.h"

#define INF           INFINITY
#define PI            3.14159265358979323846
#define LEAST         0x1p-1074
#define GREATEST      0x1.fffffffffffffp1023
#define RANDOM_POINTS 3000
#define COUNT(array)  (sizeof(array) / sizeof(array)[0])

struct value {
    const char *name;
    double x, y, expected;
};

/* --- helpers -----------------------------------------------------------------------------------
 */

static const struct nf_math_function *find(const char *name)
{
    for (const struct nf_math_function *f = nf_math_functions; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    fail_msg("no function %s", name);
    return NULL;
}

static void build(nf_ir *ir, const struct nf_math_function *function)
{
    nf_value argument[3];
    nf_ir_init(ir);
    for (unsigned i = 0; i < function->arguments; i++)
        argument[i] = nf_ir_input(ir, i);
    assert_int_equal(nf_ir_finish(ir, function->build(ir, argument), NULL), 0);
}

static double value_of(const char *name, double x, double y)
{
    nf_ir ir;
    build(&ir, find(name));
    double value = nf_ir_evaluate(&ir, (double[]){x, y});
    nf_ir_clear(&ir);
    return value;
}

static int is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : nf_double_to_bits(a) == nf_double_to_bits(b);
}

static uint64_t random_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void check(const struct value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *v = &values[i];
        double value = value_of(v->name, v->x, v->y);
        if (!is_same(value, v->expected))
            fail_msg("%s(%a, %a) is %a, not %a", v->name, v->x, v->y, value, v->expected);
    }
}

/* --- special values ----------------------------------------------------------------------------
 */

static void special_values_of_exponentials(void **state)
{
    static const struct value values[] = {
        {"exp", 0, 0, 1},
        {"exp", -0.0, 0, 1},
        {"exp", INF, 0, INF},
        {"exp", -INF, 0, 0},
        {"exp", NAN, 0, NAN},
        {"exp", 709.782712893384, 0, 0x1.fffffffffff2ap1023},
        {"exp", 709.7827128933841, 0, INF},
        {"exp", 1e308, 0, INF},
        {"exp", -745.1332191019411, 0, LEAST},
        {"exp", -745.1332191019412, 0, 0},
        {"exp", -1e308, 0, 0},
        {"exp2", 0, 0, 1},
        {"exp2", 10, 0, 1024},
        {"exp2", 1023, 0, 0x1p1023},
        {"exp2", 1024, 0, INF},
        {"exp2", -1022, 0, 0x1p-1022},
        {"exp2", -1074, 0, LEAST},
        {"exp2", -1075, 0, 0},
        {"exp2", INF, 0, INF},
        {"exp2", -INF, 0, 0},
        {"exp2", NAN, 0, NAN},
        {"expm1", 0, 0, 0},
        {"expm1", -0.0, 0, -0.0},
        {"expm1", LEAST, 0, LEAST},
        {"expm1", -1e-300, 0, -1e-300},
        {"expm1", INF, 0, INF},
        {"expm1", -INF, 0, -1},
        {"expm1", -1000, 0, -1},
        {"expm1", 1000, 0, INF},
        {"expm1", NAN, 0, NAN},
        {"sinh", -0.0, 0, -0.0},
        {"sinh", LEAST, 0, LEAST},
        {"sinh", 1000, 0, INF},
        {"sinh", INF, 0, INF},
        {"sinh", -INF, 0, -INF},
        {"sinh", NAN, 0, NAN},
        {"cosh", -0.0, 0, 1},
        {"cosh", 1000, 0, INF},
        {"cosh", INF, 0, INF},
        {"cosh", -INF, 0, INF},
        {"cosh", NAN, 0, NAN},
        {"tanh", -0.0, 0, -0.0},
        {"tanh", LEAST, 0, LEAST},
        {"tanh", 100, 0, 1},
        {"tanh", INF, 0, 1},
        {"tanh", -INF, 0, -1},
        {"tanh", NAN, 0, NAN},
    };
    (void)state;
    check(values, COUNT(values));
}

static void special_values_of_logarithms(void **state)
{
    static const struct value values[] = {
        {"log", 1, 0, 0},
        {"log", 0, 0, -INF},
        {"log", -0.0, 0, -INF},
        {"log", -1, 0, NAN},
        {"log", -INF, 0, NAN},
        {"log", -LEAST, 0, NAN},
        {"log", INF, 0, INF},
        {"log", NAN, 0, NAN},
        {"log", LEAST, 0, -0x1.74385446d71c3p9},
        {"log", GREATEST, 0, 0x1.62e42fefa39efp9},
        {"log2", 1, 0, 0},
        {"log2", 8, 0, 3},
        {"log2", LEAST, 0, -1074},
        {"log2", 0x1p1023, 0, 1023},
        {"log2", 0, 0, -INF},
        {"log2", -1, 0, NAN},
        {"log2", INF, 0, INF},
        {"log2", NAN, 0, NAN},
        {"log10", 1, 0, 0},
        {"log10", 1000, 0, 3},
        {"log10", 1e15, 0, 15},
        {"log10", 1e22, 0, 22},
        {"log10", -0.0, 0, -INF},
        {"log10", -1, 0, NAN},
        {"log10", INF, 0, INF},
        {"log10", NAN, 0, NAN},
        {"log1p", 0, 0, 0},
        {"log1p", -0.0, 0, -0.0},
        {"log1p", LEAST, 0, LEAST},
        {"log1p", -1e-300, 0, -1e-300},
        {"log1p", -1, 0, -INF},
        {"log1p", -1.5, 0, NAN},
        {"log1p", -INF, 0, NAN},
        {"log1p", INF, 0, INF},
        {"log1p", NAN, 0, NAN},
    };
    (void)state;
    check(values, COUNT(values));
}

static void special_values_of_angles(void **state)
{
    static const struct value values[] = {
        {"sin", 0, 0, 0},
        {"sin", -0.0, 0, -0.0},
        {"sin", LEAST, 0, LEAST},
        {"sin", -1e-300, 0, -1e-300},
        {"sin", INF, 0, NAN},
        {"sin", -INF, 0, NAN},
        {"sin", NAN, 0, NAN},
        {"sin", PI / 2, 0, 1},
        {"sin", 1e22, 0, -0.8522008497671888},
        {"sin", 0x1.6ac5b262ca1ffp849, 0, 1}, /* nearly as near to a multiple of pi/2 as it gets */
        {"cos", 0, 0, 1},
        {"cos", -0.0, 0, 1},
        {"cos", INF, 0, NAN},
        {"cos", NAN, 0, NAN},
        {"cos", PI, 0, -1},
        {"cos", 0x1.6ac5b262ca1ffp849, 0, -4.6871659242546277e-19},
        /* Here the product of mantissa and 2/pi carries from its middle word. */
        {"cos", 0x1.bf4c32dbbf044p+777, 0, -0x1.4f5d73ec0bc2dp-51},
        {"cos", 0x1.da337808c02a2p+999, 0, -0x1.baddcc1a98fcbp-50},
        {"tan", -0.0, 0, -0.0},
        {"tan", LEAST, 0, LEAST},
        {"tan", INF, 0, NAN},
        {"tan", NAN, 0, NAN},
        {"asin", -0.0, 0, -0.0},
        {"asin", LEAST, 0, LEAST},
        {"asin", 1, 0, PI / 2},
        {"asin", -1, 0, -PI / 2},
        {"asin", 1.0000000000000002, 0, NAN},
        {"asin", -INF, 0, NAN},
        {"asin", NAN, 0, NAN},
        {"acos", 1, 0, 0},
        {"acos", -1, 0, PI},
        {"acos", 0, 0, PI / 2},
        {"acos", -1.0000000000000002, 0, NAN},
        {"acos", INF, 0, NAN},
        {"acos", NAN, 0, NAN},
        {"atan", -0.0, 0, -0.0},
        {"atan", LEAST, 0, LEAST},
        {"atan", 1, 0, PI / 4},
        {"atan", INF, 0, PI / 2},
        {"atan", -INF, 0, -PI / 2},
        {"atan", 1e300, 0, PI / 2},
        {"atan", NAN, 0, NAN},
        {"atan2", 0, 0, 0},
        {"atan2", -0.0, 0, -0.0},
        {"atan2", 0, -0.0, PI},
        {"atan2", -0.0, -0.0, -PI},
        {"atan2", 0, 3, 0},
        {"atan2", -0.0, 3, -0.0},
        {"atan2", 0, -3, PI},
        {"atan2", -0.0, -3, -PI},
        {"atan2", 2, 0, PI / 2},
        {"atan2", -2, -0.0, -PI / 2},
        {"atan2", 2, INF, 0},
        {"atan2", -2, INF, -0.0},
        {"atan2", 2, -INF, PI},
        {"atan2", -2, -INF, -PI},
        {"atan2", INF, 5, PI / 2},
        {"atan2", -INF, -5, -PI / 2},
        {"atan2", INF, INF, PI / 4},
        {"atan2", INF, -INF, 2.356194490192345},
        {"atan2", -INF, -INF, -2.356194490192345},
        {"atan2", LEAST, GREATEST, 0},
        {"atan2", LEAST, LEAST, PI / 4},
        {"atan2", GREATEST, -GREATEST, 2.356194490192345},
        {"atan2", NAN, 1, NAN},
        {"atan2", 1, NAN, NAN},
        {"atan2", INF, NAN, NAN},
        {"atan2", 0, NAN, NAN},
    };
    (void)state;
    check(values, COUNT(values));
}

static void special_values_of_pow(void **state)
{
    static const struct value values[] = {
        {"pow", 0, -3, INF},
        {"pow", -0.0, -3, -INF},
        {"pow", 0, -2, INF},
        {"pow", -0.0, -2, INF},
        {"pow", -0.0, -2.5, INF},
        {"pow", 0, -INF, INF},
        {"pow", -0.0, -INF, INF},
        {"pow", 0, 3, 0},
        {"pow", -0.0, 3, -0.0},
        {"pow", -0.0, 2, 0},
        {"pow", -0.0, 0.5, 0},
        {"pow", 0, INF, 0},
        {"pow", -1, INF, 1},
        {"pow", -1, -INF, 1},
        {"pow", 1, NAN, 1},
        {"pow", 1, INF, 1},
        {"pow", 1, -INF, 1},
        {"pow", NAN, 0, 1},
        {"pow", NAN, -0.0, 1},
        {"pow", INF, 0, 1},
        {"pow", 0, 0, 1},
        {"pow", -2, 0.5, NAN},
        {"pow", -2, 0x1.8p51, INF},
        {"pow", 0.5, -INF, INF},
        {"pow", -0.5, -INF, INF},
        {"pow", 2, -INF, 0},
        {"pow", -2, -INF, 0},
        {"pow", 0.5, INF, 0},
        {"pow", 2, INF, INF},
        {"pow", -INF, -3, -0.0},
        {"pow", -INF, -2, 0},
        {"pow", -INF, -2.5, 0},
        {"pow", -INF, 3, -INF},
        {"pow", -INF, 2, INF},
        {"pow", -INF, 2.5, INF},
        {"pow", INF, -1, 0},
        {"pow", INF, 1, INF},
        {"pow", NAN, 1, NAN},
        {"pow", 2, NAN, NAN},
        {"pow", -1, NAN, NAN},
        {"pow", NAN, NAN, NAN},
        {"pow", -2, 3, -8},
        {"pow", -2, 4, 16},
        {"pow", -2, -1, -0.5},
        {"pow", 10, 22, 1e22},
        {"pow", 3, 33, 5559060566555523},
        {"pow", 2, -1074, LEAST},
        {"pow", 2, -1075, 0},
        {"pow", -2, -1075, -0.0},
        {"pow", 2, 1023, 0x1p1023},
        {"pow", -2, 1023, -0x1p1023},
        {"pow", 2, 1024, INF},
        {"pow", -2, 1025, -INF},
        {"pow", LEAST, -1, INF},
        {"pow", LEAST, 1, LEAST},
        {"pow", -LEAST, 1, -LEAST},
        {"pow", GREATEST, 1, GREATEST},
        {"pow", -1, 0x1p52 + 1, -1},
        {"pow", -1, 0x1p53, 1},
        {"pow", -1, 0x1.fffffffffffffp52, -1},
        {"pow", -1, 1e300, 1},
        {"pow", -1, 0x1p51 + 0.5, NAN},
        {"pow", 1.5, 0x1p60, INF},
        {"pow", 0.5, 0x1p60, 0},
        {"pow", 16, 0.25, 2},
    };
    (void)state;
    check(values, COUNT(values));
}

static void special_values_of_others(void **state)
{
    static const struct value values[] = {
        {"sqrt", -0.0, 0, -0.0},
        {"sqrt", -1, 0, NAN},
        {"sqrt", INF, 0, INF},
        {"sqrt", 2, 0, 1.4142135623730951},
        {"abs", -0.0, 0, 0},
        {"abs", -INF, 0, INF},
        {"sign", -0.0, 0, -0.0},
        {"sign", 0, 0, 0},
        {"sign", -LEAST, 0, -1},
        {"sign", INF, 0, 1},
        {"sign", NAN, 0, NAN},
        {"min", 1, 2, 1},
        {"min", NAN, 1, NAN},
        {"min", 1, NAN, NAN},
        {"min", -INF, 1, -INF},
        {"max", 1, 2, 2},
        {"max", NAN, 1, NAN},
        {"max", 1, NAN, NAN},
        {"max", INF, NAN, NAN},
        {"cbrt", -0.0, 0, -0.0},
        {"cbrt", 27, 0, 3},
        {"cbrt", -64, 0, -4},
        {"cbrt", LEAST, 0, 0x1p-358},
        {"cbrt", INF, 0, INF},
        {"cbrt", -INF, 0, -INF},
        {"cbrt", NAN, 0, NAN},
        {"hypot", 3, -4, 5},
        {"hypot", -0.0, 0, 0},
        {"hypot", INF, NAN, INF},
        {"hypot", NAN, -INF, INF},
        {"hypot", NAN, 1, NAN},
        {"hypot", 1, NAN, NAN},
        {"hypot", 3e300, 4e300, 5e300},
        {"hypot", GREATEST, GREATEST, INF},
        {"hypot", 3 * LEAST, 4 * LEAST, 5 * LEAST},
        {"hypot", 0, LEAST, LEAST},
        {"hypot", 1, LEAST, 1},
        {"mod", 7, 3, 1},
        {"mod", -7, 3, 2},
        {"mod", 7, -3, -2},
        {"mod", -7, -3, -1},
        {"mod", 6, 3, 0},
        {"mod", -6, 3, 0},
        {"mod", 6, -3, -0.0},
        {"mod", -0.0, 3, 0},
        {"mod", -1e-20, 1, 1},
        {"mod", 5, INF, 5},
        {"mod", -5, INF, INF},
        {"mod", 5, -INF, -INF},
        {"mod", 0, -INF, -0.0},
        {"mod", 5, 0, NAN},
        {"mod", INF, 2, NAN},
        {"mod", NAN, 2, NAN},
        {"mod", 2, NAN, NAN},
        {"fmod", -6, 3, -0.0},
        {"fmod", 6, -3, 0},
        {"fmod", -7, 3, -1},
        {"fmod", -5, INF, -5},
        {"fmod", 5, 0, NAN},
        {"fmod", INF, INF, NAN},
        {"fmod", GREATEST, LEAST, 0},
        {"fmod", GREATEST, 3, 2},
    };
    (void)state;
    check(values, COUNT(values));
}

/* --- where results are exact -------------------------------------------------------------------
 */

/* Any bits, or numbers of moderate size with few places. */
static double random_number(uint64_t *state)
{
    uint64_t bits = random_bits(state);
    if (bits & 1)
        return nf_double_of_bits(random_bits(state));
    return (double)((int64_t)bits >> (40 + (bits >> 1) % 20)) * 0.25;
}

static double python_mod(double x, double y)
{
    if (y == 0)
        return NAN;
    double r = fmod(x, y);
    if (r == 0)
        return copysign(0, y);
    return (r < 0) != (y < 0) ? r + y : r;
}

static void exact_functions_equal_those_of_c(void **unused)
{
    static const struct {
        const char *name;
        double (*one)(double);
        double (*two)(double, double);
    } rows[] = {{"floor", floor, NULL},   {"ceil", ceil, NULL}, {"trunc", trunc, NULL},
                {"round", rint, NULL},    {"sqrt", sqrt, NULL}, {"fmod", NULL, fmod},
                {"mod", NULL, python_mod}};
    uint64_t state = 42;
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        nf_ir ir;
        build(&ir, find(rows[i].name));
        for (size_t k = 0; k < RANDOM_POINTS; k++) {
            double x = random_number(&state), y = random_number(&state);
            double wanted = rows[i].one ? rows[i].one(x) : rows[i].two(x, y);
            double value = nf_ir_evaluate(&ir, (double[]){x, y});
            if (!is_same(value, wanted))
                fail_msg("%s(%a, %a) is %a, not %a", rows[i].name, x, y, value, wanted);
        }
        nf_ir_clear(&ir);
    }
}

static void rounding_keeps_halves_and_limits(void **state)
{
    static const double x[] = {0.5,     1.5,          2.5,          -0.5,       -1.5,
                               -0.0,    0x1p51 + 0.5, 0x1p52 - 0.5, 0x1p52 + 1, 0x1p53,
                               1e300,   INF,          LEAST,        -LEAST,     0.49999999999999994,
                               -0x1p52, NAN};
    (void)state;
    for (size_t i = 0; i < COUNT(x); i++) {
        assert_true(is_same(value_of("round", x[i], 0), rint(x[i])));
        assert_true(is_same(value_of("floor", x[i], 0), floor(x[i])));
        assert_true(is_same(value_of("ceil", x[i], 0), ceil(x[i])));
        assert_true(is_same(value_of("trunc", x[i], 0), trunc(x[i])));
    }
}

/* --- properties of all programs ----------------------------------------------------------------
 */

/* No sign and no payload makes a number of a NaN. */
static void any_nan_gives_a_nan(void **unused)
{
    uint64_t state = 7;
    (void)unused;
    for (const struct nf_math_function *f = nf_math_functions; f->name; f++) {
        nf_ir ir;
        if (strcmp(f->name, "where") == 0)
            continue;
        build(&ir, f);
        for (unsigned k = 0; k < 64; k++) {
            uint64_t bits = random_bits(&state) | UINT64_C(0x7ff8000000000000);
            double nan = nf_double_of_bits(k == 0 ? UINT64_C(0x7ff0000000000001) : bits);
            double value = nf_ir_evaluate(&ir, (double[]){nan, nan, nan});
            if (!isnan(value))
                fail_msg("%s of the NaN %016llx is %a", f->name, (unsigned long long)bits, value);
        }
        nf_ir_clear(&ir);
    }
}

/* A reader may run a rare program for lanes that do not need it: every table index is in range. */
static void rare_programs_are_defined_for_every_input(void **unused)
{
    uint64_t state = 99;
    (void)unused;
    for (const struct nf_math_function *f = nf_math_functions; f->name; f++) {
        nf_ir ir;
        build(&ir, f);
        for (size_t r = 0; r < ir.rare_count; r++)
            for (unsigned k = 0; k < 500; k++) {
                double x = nf_double_of_bits(random_bits(&state)),
                       y = nf_double_of_bits(random_bits(&state));
                nf_ir_evaluate(ir.rare[r].program, (double[]){x, y, x, y});
            }
        nf_ir_clear(&ir);
    }
}

static void check_vm(const struct nf_math_function *function, enum nf_isa isa, const double *x)
{
    static _Alignas(64) double y[512];
    struct nf_vm *vm;
    nf_ir ir;
    build(&ir, function);
    assert_int_equal(nf_vm_open(&vm, &ir, isa, NULL), 0);
    void *scratch = aligned_alloc(64, (nf_vm_scratch_size(vm) + 63) / 64 * 64);
    nf_vm_run(vm, scratch, x, y, 512);
    for (size_t k = 0; k < 512; k++)
        if (!is_same(y[k], nf_ir_evaluate(&ir, &x[k])))
            fail_msg("%s(%a) is %a in the VM of %s", function->name, x[k], y[k], nf_isa_name(isa));
    free(scratch);
    nf_vm_close(vm);
    nf_ir_clear(&ir);
}

static void the_vm_gives_the_same_bits(void **unused)
{
    static _Alignas(64) double x[512];
    uint64_t state = 5;
    (void)unused;
    for (size_t k = 0; k < 512; k++)
        x[k] = random_number(&state);
    for (enum nf_isa isa = 0; isa < NF_ISA_COUNT; isa++)
        for (const struct nf_math_function *f = nf_math_functions; f->name; f++)
            if (f->arguments == 1 && nf_isa_runs_here(isa))
                check_vm(f, isa, x);
}

/* What is known of a constant exponent is known when the program is built. */
static void a_constant_exponent_makes_a_shorter_program(void **state)
{
    nf_ir constant, variable;
    (void)state;
    build(&variable, find("pow"));
    nf_ir_init(&constant);
    nf_value y = nf_math_pow(&constant, nf_ir_input(&constant, 0), nf_ir_const(&constant, 5));
    assert_int_equal(nf_ir_finish(&constant, y, NULL), 0);
    assert_true(constant.count + 5 < variable.count);
    for (int x = -9; x <= 9; x++)
        assert_true(nf_ir_evaluate(&constant, (double[]){x}) == (double)x * x * x * x * x);
    nf_ir_clear(&constant);
    nf_ir_clear(&variable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_values_of_exponentials),
        cmocka_unit_test(special_values_of_logarithms),
        cmocka_unit_test(special_values_of_angles),
        cmocka_unit_test(special_values_of_pow),
        cmocka_unit_test(special_values_of_others),
        cmocka_unit_test(exact_functions_equal_those_of_c),
        cmocka_unit_test(rounding_keeps_halves_and_limits),
        cmocka_unit_test(any_nan_gives_a_nan),
        cmocka_unit_test(rare_programs_are_defined_for_every_input),
        cmocka_unit_test(the_vm_gives_the_same_bits),
        cmocka_unit_test(a_constant_exponent_makes_a_shorter_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
