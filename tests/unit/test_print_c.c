/* Native kernels give the bits of the IR's definition folded as docs/design/order.md says, for
 * every shape, compiler and instruction set that this machine has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "print_c.h"

#define FIRST_STEP 128
#define GROUPS     2

/* ---- what must come out: one lane at a time -------------------------------------------------- */

struct case_of {
    const nf_ir *ir;
    enum nfold_shape shape;
    double base[NFOLD_LANES] NFOLD_ALIGNED;
    double weight[NFOLD_LANES] NFOLD_ALIGNED;
    double h;
};

static double value_at(const struct case_of *c, unsigned lane, unsigned q)
{
    double x = fma(32.0 * (FIRST_STEP + q), c->h, c->base[lane]);
    return nf_ir_evaluate(c->ir, &x);
}

static void expect_sum(const struct case_of *c, unsigned lane, double *hi, double *lo)
{
    for (unsigned group = 0; group < GROUPS; group++) {
        double term[NFOLD_GROUP_STEPS];
        for (unsigned q = 0; q < NFOLD_GROUP_STEPS; q++) {
            term[q] = value_at(c, lane, group * NFOLD_GROUP_STEPS + q);
            if (c->shape == NFOLD_SHAPE_WEIGHTED_SUM)
                term[q] *= c->weight[lane];
        }
        for (unsigned count = NFOLD_GROUP_STEPS; count > 1; count /= 4)
            for (unsigned k = 0; k < count; k += 4)
                term[k / 4] = ((term[k] + term[k + 1]) + term[k + 2]) + term[k + 3];
        double s = *hi + term[0], t = s - *hi;
        *lo += (*hi - (s - t)) + (term[0] - t);
        *hi = s;
    }
}

static void expect_product(double y, double *hi, double *lo)
{
    int shift = 0, product_shift;
    double mantissa = y != 0 && isfinite(y) ? 2 * frexp(y, &shift) : y;
    double product = frexp(*hi * mantissa, &product_shift);
    *lo += y != 0 && isfinite(y) ? shift - 1 : 0;
    *hi = product;
    if (product == 0 || !isfinite(product)) {
        *hi = product + 0.0;
        *lo = 0;
        return;
    }
    *hi = 2 * product;
    *lo += product_shift - 1;
}

static void expect_step(enum nfold_shape shape, double y, double *hi, double *lo)
{
    if (shape == NFOLD_SHAPE_PROD) {
        expect_product(y, hi, lo);
        return;
    }
    if (shape == NFOLD_SHAPE_COUNT)
        *hi += y != 0;
    else if (isnan(y) || (shape == NFOLD_SHAPE_MIN ? y < *hi : y > *hi))
        *hi = y + 0.0;
    if (!isfinite(y))
        *lo = 1;
}

static void expect(const struct case_of *c, struct nfold_lanes *lanes)
{
    for (unsigned lane = 0; lane < NFOLD_LANES; lane++) {
        if (c->shape == NFOLD_SHAPE_SUM || c->shape == NFOLD_SHAPE_WEIGHTED_SUM) {
            expect_sum(c, lane, &lanes->hi[lane], &lanes->lo[lane]);
            continue;
        }
        for (unsigned q = 0; q < GROUPS * NFOLD_GROUP_STEPS; q++)
            expect_step(c->shape, value_at(c, lane, q), &lanes->hi[lane], &lanes->lo[lane]);
    }
}

/* ---- what comes out -------------------------------------------------------------------------- */

static const char *const compilers[] = {"gcc", "clang"};

static void begin(const struct case_of *c, struct nfold_lanes *lanes)
{
    static const double start[NFOLD_SHAPES] = {
        [NFOLD_SHAPE_PROD] = 1, [NFOLD_SHAPE_MIN] = INFINITY, [NFOLD_SHAPE_MAX] = -INFINITY};
    for (unsigned lane = 0; lane < NFOLD_LANES; lane++) {
        lanes->hi[lane] = start[c->shape];
        lanes->lo[lane] = 0;
    }
}

static void compile(const char *compiler, const struct case_of *c, enum nf_isa isa,
                    struct nfold_buffer *object)
{
    struct nfold_buffer text = {0};
    const char *flags[NF_PRINT_C_FLAGS];
    nfold_error err = {0};
    nf_print_c_flags(isa, flags);
    if (nf_print_c(c->ir, c->shape, isa, &text, &err) < 0 ||
        nf_native_compile(&(struct nf_native_job){.compiler = compiler,
                                                  .source = nf_buffer_text(&text),
                                                  .flags = flags},
                          object, &err) < 0)
        fail_msg("%s %s: %s\n%s", compiler, nf_isa_name(isa), err.message, err.detail);
    nf_buffer_clear(&text);
}

static void *load(const struct nfold_buffer *object, nfold_kernel_fn **kernel)
{
    void *handle = NULL;
    nfold_error err = {0};
    if (nf_native_load(object->data, object->size, &handle, &err) < 0)
        fail_msg("%s", err.message);
    *(void **)kernel = nf_native_symbol(handle, NF_PRINT_C_KERNEL);
    assert_non_null(*kernel);
    return handle;
}

static void run(const struct case_of *c, const struct nfold_buffer *object,
                struct nfold_lanes *lanes)
{
    nfold_kernel_fn *kernel;
    void *handle = load(object, &kernel);
    kernel(c->base, c->weight, c->h, FIRST_STEP, GROUPS, lanes);
    nf_native_unload(handle);
}

static int same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void check_isa(const struct case_of *c, const char *compiler, enum nf_isa isa,
                      const struct nfold_lanes *expected)
{
    struct nfold_buffer object = {0};
    struct nfold_lanes lanes;
    compile(compiler, c, isa, &object);
    if (nf_isa_runs_here(isa)) {
        begin(c, &lanes);
        run(c, &object, &lanes);
        for (unsigned lane = 0; lane < NFOLD_LANES; lane++)
            if (!same_bits(lanes.hi[lane], expected->hi[lane]) ||
                !same_bits(lanes.lo[lane], expected->lo[lane]))
                fail_msg("%s %s shape %d lane %u: (%a, %a), expected (%a, %a)", compiler,
                         nf_isa_name(isa), c->shape, lane, lanes.hi[lane], lanes.lo[lane],
                         expected->hi[lane], expected->lo[lane]);
    }
    nf_buffer_clear(&object);
}

enum { GCC = 1, CLANG = 2, ALL = 3 };

/* With one of the compilers, if it is here, and every instruction set that runs here; ALL: with
 * both, and what cannot run is compiled at least. A compiler takes a tenth of a second: the tests
 * share out what needs to be tried. */
static void check(const nf_ir *ir, enum nfold_shape shape, double a, double h, int which)
{
    struct case_of c = {.ir = ir, .shape = shape, .h = h};
    struct nfold_lanes expected;
    for (unsigned lane = 0; lane < NFOLD_LANES; lane++) {
        c.base[lane] = fma(lane, h, a);
        c.weight[lane] = lane % 2 ? 4 : 2;
    }
    begin(&c, &expected);
    expect(&c, &expected);
    for (int i = 0; i < 2; i++) {
        char path[4096];
        if (!(which & 1 << i) || nf_native_find(compilers[i], path, sizeof path, NULL) < 0)
            continue;
        for (int isa = 0; isa < NF_ISA_COUNT; isa++)
            if (nf_isa_runs_here((enum nf_isa)isa) || which == ALL)
                check_isa(&c, path, (enum nf_isa)isa, &expected);
    }
}

/* Every shape, the compilers in turn. */
static void check_shapes(const nf_ir *ir, double a, double h)
{
    for (int shape = 0; shape < NFOLD_SHAPES; shape++)
        check(ir, (enum nfold_shape)shape, a, h, shape % 2 ? GCC : CLANG);
}

/* ---- programs -------------------------------------------------------------------------------- */

static nf_value squared(nf_ir *ir, nf_value x)
{
    return nf_ir_op2(ir, NF_IR_MUL, x, x);
}

static void finish(nf_ir *ir, nf_value result)
{
    assert_int_equal(nf_ir_finish(ir, result, NULL), 0);
}

static void all_shapes_of_a_light_program(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0);
    finish(&ir, nf_ir_op2(&ir, NF_IR_SUB, squared(&ir, x), nf_ir_const(&ir, 0.1)));
    check_shapes(&ir, -2, 1.0 / 3072);
    check(&ir, NFOLD_SHAPE_SUM, -2, 1.0 / 3072, GCC);
    nf_ir_clear(&ir);
}

/* No chunk has more than 16 groups, but who wants may go on: 32q is then not from the kernel's
 * table. */
static void a_range_longer_than_a_chunk_is_folded_like_its_parts(void **state)
{
    nf_ir ir;
    struct case_of c = {.ir = &ir, .shape = NFOLD_SHAPE_SUM, .h = 1.0 / 3072};
    char path[4096];
    (void)state;
    nf_ir_init(&ir);
    finish(&ir, squared(&ir, nf_ir_input(&ir, 0)));
    for (unsigned lane = 0; lane < NFOLD_LANES; lane++)
        c.base[lane] = fma(lane, c.h, -2);
    if (nf_native_find(NULL, path, sizeof path, NULL) < 0)
        skip();
    for (int isa = 0; isa < NF_ISA_COUNT; isa++) {
        struct nfold_buffer object = {0};
        struct nfold_lanes whole, parts;
        nfold_kernel_fn *kernel;
        void *handle;
        if (!nf_isa_runs_here((enum nf_isa)isa))
            continue;
        compile(path, &c, (enum nf_isa)isa, &object);
        handle = load(&object, &kernel);
        begin(&c, &whole);
        begin(&c, &parts);
        kernel(c.base, c.weight, c.h, 0, 19, &whole);
        kernel(c.base, c.weight, c.h, 0, 16, &parts);
        kernel(c.base, c.weight, c.h, 16 * NFOLD_GROUP_STEPS, 3, &parts);
        assert_memory_equal(&whole, &parts, sizeof whole);
        nf_native_unload(handle);
        nf_buffer_clear(&object);
    }
    nf_ir_clear(&ir);
}

static void a_constant_and_the_input_itself(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    finish(&ir, nf_ir_const(&ir, 0.1));
    check(&ir, NFOLD_SHAPE_SUM, 0, 1, GCC);
    nf_ir_clear(&ir);
    nf_ir_init(&ir);
    finish(&ir, nf_ir_input(&ir, 0));
    check(&ir, NFOLD_SHAPE_WEIGHTED_SUM, 0, 0.1, CLANG);
    nf_ir_clear(&ir);
}

/* 1/x is infinite at 0, x/x there is no number, and tiny*tiny is subnormal or zero. */
static void values_that_are_not_finite_subnormal_or_zero(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0);
    finish(&ir, nf_ir_op2(&ir, NF_IR_DIV, nf_ir_const(&ir, 1), x));
    check_shapes(&ir, -4100, 1);
    nf_ir_clear(&ir);
    nf_ir_init(&ir);
    x = nf_ir_input(&ir, 0);
    finish(&ir, nf_ir_op2(&ir, NF_IR_DIV, x, x));
    check(&ir, NFOLD_SHAPE_SUM, -4100, 1, GCC);
    check(&ir, NFOLD_SHAPE_MIN, -4100, 1, CLANG);
    nf_ir_clear(&ir);
    nf_ir_init(&ir);
    x = nf_ir_input(&ir, 0);
    finish(&ir, nf_ir_op2(&ir, NF_IR_MUL, squared(&ir, x), x));
    check(&ir, NFOLD_SHAPE_PROD, -0x1p-347, 0x1p-360, CLANG);
    check(&ir, NFOLD_SHAPE_WEIGHTED_SUM, -0x1p-347, 0x1p-360, GCC);
    nf_ir_clear(&ir);
}

static nf_value build_slow(nf_ir *program, const nf_value *input)
{
    static const uint64_t entry[] = {5, 7, 11, UINT64_MAX};
    nf_value low = nf_ir_op2(program, NF_IR_AND, input[0], nf_ir_bits(program, 3));
    nf_value picked = nf_ir_table(program, entry, 4, low);
    nf_value high = nf_ir_op2(program, NF_IR_IMULHI, input[1], picked);
    nf_value whole = nf_ir_op2(program, NF_IR_SAR, high, nf_ir_bits(program, 3));
    nf_value small = nf_ir_op2(program, NF_IR_AND, whole, nf_ir_bits(program, 0xfffff));
    nf_value magic = nf_ir_bits(program, UINT64_C(0x4330000000000000));
    nf_value number = nf_ir_op2(program, NF_IR_OR, small, magic);
    return nf_ir_op2(program, NF_IR_SUB, number, nf_ir_const(program, 0x1p52));
}

static void a_rare_program_with_a_table_and_integers(void **state)
{
    static const uint64_t entry[] = {0x3ff0000000000000, 0x4000000000000000, 0x3fb999999999999a,
                                     0xbff8000000000000};
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0);
    nf_value index = nf_ir_op2(&ir, NF_IR_SHR, x, nf_ir_bits(&ir, 50));
    index = nf_ir_op2(&ir, NF_IR_AND, index, nf_ir_bits(&ir, 3));
    nf_value usual = nf_ir_op3(&ir, NF_IR_FMA, x, x, nf_ir_table(&ir, entry, 4, index));
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, nf_ir_const(&ir, 0.7), x);
    nf_value input[] = {x, usual};
    nf_value value = nf_ir_rare(&ir, mask, usual, build_slow, input, 2);
    finish(&ir, nf_ir_op1(&ir, NF_IR_SQRT, nf_ir_op1(&ir, NF_IR_ABS, value)));
    check(&ir, NFOLD_SHAPE_SUM, -1, 1.0 / 4096, ALL);
    check(&ir, NFOLD_SHAPE_MAX, -1, 1.0 / 4096, GCC);
    nf_ir_clear(&ir);
}

/* A program of every operation, in an order that a seed picks. */
static nf_value random_value(nf_ir *ir, uint64_t *seed, const nf_value *value, size_t count)
{
    static const enum nf_ir_op ops[] = {
        NF_IR_ADD,  NF_IR_SUB,  NF_IR_MUL,    NF_IR_DIV, NF_IR_SQRT, NF_IR_FMA,    NF_IR_NEG,
        NF_IR_ABS,  NF_IR_LT,   NF_IR_LE,     NF_IR_EQ,  NF_IR_NE,   NF_IR_SELECT, NF_IR_IADD,
        NF_IR_ISUB, NF_IR_IMUL, NF_IR_IMULHI, NF_IR_AND, NF_IR_OR,   NF_IR_XOR,    NF_IR_SHL,
        NF_IR_SHR,  NF_IR_SAR,  NF_IR_IEQ,    NF_IR_ILT};
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    enum nf_ir_op op = ops[(*seed >> 33) % (sizeof ops / sizeof *ops)];
    nf_value a = value[(*seed >> 40) % count], b = value[(*seed >> 48) % count];
    nf_value c = value[(*seed >> 56) % count];
    if (op == NF_IR_SELECT)
        a = nf_ir_op2(ir, NF_IR_LT, a, c);
    if (op == NF_IR_SHL || op == NF_IR_SHR || op == NF_IR_SAR)
        b = nf_ir_bits(ir, *seed >> 58);
    size_t operands = strlen(nf_ir_op_info[op].operands);
    return operands == 1   ? nf_ir_op1(ir, op, a)
           : operands == 2 ? nf_ir_op2(ir, op, a, b)
                           : nf_ir_op3(ir, op, a, b, c);
}

/* Bits of a NaN may differ between readers: what is made of bits is looked at only where it is a
 * finite number, and floating-point results pass through a select that removes NaNs. */
static nf_value without_nan(nf_ir *ir, nf_value value)
{
    nf_value holds = nf_ir_op2(ir, NF_IR_EQ, value, value);
    return nf_ir_op3(ir, NF_IR_SELECT, holds, value, nf_ir_const(ir, 1.5));
}

static void random_programs_of_every_operation(void **state)
{
    uint64_t seed = 20;
    (void)state;
    for (int round = 0; round < 8; round++) {
        nf_ir ir;
        nf_value value[40];
        size_t count = 0;
        nf_ir_init(&ir);
        value[count++] = nf_ir_input(&ir, 0);
        value[count++] = nf_ir_const(&ir, 0.3);
        value[count++] = nf_ir_const(&ir, -7);
        while (count < 40) {
            value[count] = without_nan(&ir, random_value(&ir, &seed, value, count));
            count++;
        }
        nf_value sum = value[3];
        for (size_t i = 4; i < count; i++)
            sum = nf_ir_op2(&ir, NF_IR_XOR, nf_ir_op2(&ir, NF_IR_IADD, sum, value[i]), value[i]);
        finish(&ir, without_nan(&ir, sum));
        check(&ir, round % 2 ? NFOLD_SHAPE_MAX : NFOLD_SHAPE_SUM, -3, 1.0 / 512,
              round / 2 % 2 ? CLANG : GCC);
        nf_ir_clear(&ir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes_of_a_light_program),
        cmocka_unit_test(a_range_longer_than_a_chunk_is_folded_like_its_parts),
        cmocka_unit_test(a_constant_and_the_input_itself),
        cmocka_unit_test(values_that_are_not_finite_subnormal_or_zero),
        cmocka_unit_test(a_rare_program_with_a_table_and_integers),
        cmocka_unit_test(random_programs_of_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
