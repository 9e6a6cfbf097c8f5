/* test_ir.c: the builder and the one definition of every operation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "buffer.h"
#include "print_c.h"

#define NAN_BITS UINT64_C(0x7ff8000000000000)

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value == value ? bits : NAN_BITS;
}

static double value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t canonical(uint64_t bits)
{
    return bits_of(value_of(bits));
}

static double apply(enum nf_ir_op op, double a, double b, double c)
{
    return value_of(nf_ir_apply(op, bits_of(a), bits_of(b), bits_of(c)));
}

static void every_operation_is_what_the_header_says(void **state)
{
    const uint64_t yes = UINT64_MAX, minus_two = UINT64_MAX - 1;
    (void)state;
    assert_true(apply(NF_IR_ADD, 0.1, 0.2, 0) == 0.30000000000000004);
    assert_true(apply(NF_IR_SUB, 0.3, 0.1, 0) == 0.19999999999999998);
    assert_true(apply(NF_IR_MUL, 0.1, 3, 0) == 0.30000000000000004);
    assert_true(apply(NF_IR_DIV, 1, 3, 0) == 0x1.5555555555555p-2);
    assert_true(apply(NF_IR_SQRT, 2, 0, 0) == 0x1.6a09e667f3bcdp+0);
    assert_true(apply(NF_IR_FMA, 1 + 0x1p-52, 1 - 0x1p-52, -1) == -0x1p-104);
    assert_true(nf_ir_apply(NF_IR_NEG, bits_of(0), 0, 0) == bits_of(-0.0));
    assert_true(nf_ir_apply(NF_IR_ABS, bits_of(-0.0), 0, 0) == 0);
    assert_true(nf_ir_apply(NF_IR_LT, bits_of(1), bits_of(2), 0) == yes);
    assert_true(nf_ir_apply(NF_IR_LE, bits_of(-0.0), bits_of(0), 0) == yes);
    assert_true(nf_ir_apply(NF_IR_LE, NAN_BITS, NAN_BITS, 0) == 0);
    assert_true(nf_ir_apply(NF_IR_EQ, NAN_BITS, NAN_BITS, 0) == 0);
    assert_true(nf_ir_apply(NF_IR_NE, NAN_BITS, NAN_BITS, 0) == yes);
    assert_true(nf_ir_apply(NF_IR_SELECT, yes, 5, 6) == 5);
    assert_true(nf_ir_apply(NF_IR_SELECT, 0, 5, 6) == 6);
    assert_true(nf_ir_apply(NF_IR_IADD, minus_two, 3, 0) == 1);
    assert_true(nf_ir_apply(NF_IR_ISUB, 1, 3, 0) == minus_two);
    assert_true(nf_ir_apply(NF_IR_IMUL, minus_two, 3, 0) == UINT64_C(-6));
    assert_true(nf_ir_apply(NF_IR_IMULHI, UINT64_MAX, UINT64_MAX, 0) == minus_two);
    assert_true(nf_ir_apply(NF_IR_AND, 12, 10, 0) == 8);
    assert_true(nf_ir_apply(NF_IR_OR, 12, 10, 0) == 14);
    assert_true(nf_ir_apply(NF_IR_XOR, 12, 10, 0) == 6);
    assert_true(nf_ir_apply(NF_IR_SHL, 3, 63, 0) == UINT64_C(1) << 63);
    assert_true(nf_ir_apply(NF_IR_SHR, minus_two, 63, 0) == 1);
    assert_true(nf_ir_apply(NF_IR_SAR, minus_two, 1, 0) == UINT64_MAX);
    assert_true(nf_ir_apply(NF_IR_SAR, 8, 0, 0) == 8);
    assert_true(nf_ir_apply(NF_IR_IEQ, 8, 8, 0) == yes);
    assert_true(nf_ir_apply(NF_IR_ILT, minus_two, 1, 0) == yes);
}

static void equal_instructions_get_one_number(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), two = nf_ir_const(&ir, 2);
    assert_int_equal(nf_ir_op2(&ir, NF_IR_MUL, two, x), nf_ir_op2(&ir, NF_IR_MUL, x, two));
    assert_int_equal(nf_ir_op3(&ir, NF_IR_FMA, two, x, x), nf_ir_op3(&ir, NF_IR_FMA, x, two, x));
    assert_int_not_equal(nf_ir_op2(&ir, NF_IR_SUB, two, x), nf_ir_op2(&ir, NF_IR_SUB, x, two));
    assert_int_not_equal(nf_ir_const(&ir, 0.0), nf_ir_const(&ir, -0.0));
    assert_int_equal(ir.count, 8);
    nf_ir_clear(&ir);
}

static void many_instructions_are_all_found_again(void **state)
{
    enum { COUNT = 5000 };
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), made[COUNT];
    for (unsigned i = 0; i < COUNT; i++)
        made[i] = nf_ir_op2(&ir, NF_IR_ADD, x, nf_ir_const(&ir, 1.0 + i));
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(made[i], nf_ir_op2(&ir, NF_IR_ADD, nf_ir_const(&ir, 1.0 + i), x));
    assert_int_equal(ir.count, 2 * COUNT + 1);
    nf_ir_clear(&ir);
}

static void constants_are_folded(void **state)
{
    nf_ir ir;
    uint64_t bits;
    (void)state;
    nf_ir_init(&ir);
    nf_value sum = nf_ir_op2(&ir, NF_IR_ADD, nf_ir_const(&ir, 0.1), nf_ir_const(&ir, 0.2));
    assert_true(nf_ir_is_const(&ir, sum, &bits));
    assert_true(bits == bits_of(0.30000000000000004));
    static const uint64_t table[] = {4, 5, 6};
    assert_true(nf_ir_is_const(&ir, nf_ir_table(&ir, table, 3, nf_ir_bits(&ir, 2)), &bits));
    assert_int_equal(bits, 6);
    assert_false(nf_ir_is_const(&ir, nf_ir_input(&ir, 0), &bits));
    nf_ir_clear(&ir);
}

/* The value of op with some operands constant, others the input. */
static uint64_t built_value(enum nf_ir_op op, const double *operand, unsigned constants)
{
    nf_ir ir;
    double input = 0;
    nf_value value[3], result;
    size_t count = strlen(nf_ir_op_info[op].operands);
    nf_ir_init(&ir);
    for (unsigned i = 0; i < 3; i++) {
        value[i] = constants & (1U << i) ? nf_ir_const(&ir, operand[i]) : nf_ir_input(&ir, 0);
        if (!(constants & (1U << i)))
            input = operand[i];
    }
    result = count == 1   ? nf_ir_op1(&ir, op, value[0])
             : count == 2 ? nf_ir_op2(&ir, op, value[0], value[1])
                          : nf_ir_op3(&ir, op, value[0], value[1], value[2]);
    assert_int_equal(nf_ir_finish(&ir, result, NULL), 0);
    uint64_t bits = bits_of(nf_ir_evaluate(&ir, &input));
    nf_ir_clear(&ir);
    return bits;
}

static const double special[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 2.0,
                                 0.5,
                                 -0.25,
                                 3.0,
                                 0.1,
                                 0x1p-1074,
                                 -0x1p-1022,
                                 0x1p1023,
                                 0x1p-1023,
                                 0x1.fffffffffffffp+1023,
                                 __builtin_inf(),
                                 -__builtin_inf(),
                                 __builtin_nan("")};
#define SPECIALS (sizeof special / sizeof *special)

/* Whatever the builder knows about constants and equal operands, the bits are those of nf_ir_apply.
 */
static void no_simplification_changes_a_bit(void **state)
{
    (void)state;
    for (int op = NF_IR_ADD; op <= NF_IR_NE; op++) {
        for (size_t n = 0; n < SPECIALS * SPECIALS; n++) {
            double x = special[n % SPECIALS], k = special[n / SPECIALS];
            const double operand[][3] = {{x, k, k}, {k, x, k}, {k, k, x}, {x, x, k}, {x, x, x}};
            static const unsigned constants[] = {6, 5, 3, 4, 0};
            for (unsigned i = 0; i < 5; i++) {
                uint64_t wanted = nf_ir_apply(op, bits_of(operand[i][0]), bits_of(operand[i][1]),
                                              bits_of(operand[i][2]));
                assert_true(built_value(op, operand[i], constants[i]) == canonical(wanted));
            }
        }
    }
}

static void integer_simplifications_change_no_bit(void **state)
{
    static const uint64_t word[] = {0,    1, 2, 63, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63,
                                    12345};
    enum { WORDS = sizeof word / sizeof *word };
    (void)state;
    for (int op = NF_IR_IADD; op <= NF_IR_ILT; op++) {
        for (size_t n = 0; n < (size_t)WORDS * WORDS; n++) {
            uint64_t x = word[n % WORDS], k = word[n / WORDS];
            int is_shift = op == NF_IR_SHL || op == NF_IR_SHR || op == NF_IR_SAR;
            if (is_shift && (x > 63 || k > 63))
                continue;
            /* as numbers, so that the input is not turned into another NaN on its way */
            double left[3] = {value_of(x), value_of(k), 0},
                   right[3] = {value_of(k), value_of(x), 0};
            double both[3] = {value_of(x), value_of(x), 0};
            assert_true(built_value(op, left, 6) == canonical(nf_ir_apply(op, x, k, 0)));
            assert_true(built_value(op, right, 5) == canonical(nf_ir_apply(op, k, x, 0)));
            assert_true(built_value(op, both, 4) == canonical(nf_ir_apply(op, x, x, 0)));
        }
    }
}

static void what_loses_minus_zero_or_infinity_stays(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), zero = nf_ir_const(&ir, 0.0);
    assert_int_not_equal(nf_ir_op2(&ir, NF_IR_ADD, x, zero), x);
    assert_int_equal(nf_ir_op2(&ir, NF_IR_SUB, x, zero), x);
    assert_int_equal(nf_ir_op2(&ir, NF_IR_MUL, x, nf_ir_const(&ir, 1)), x);
    nf_value quarter = nf_ir_op2(&ir, NF_IR_DIV, x, nf_ir_const(&ir, 4));
    assert_int_equal(ir.instruction[quarter].op, NF_IR_MUL);
    nf_value third = nf_ir_op2(&ir, NF_IR_DIV, x, nf_ir_const(&ir, 3));
    assert_int_equal(ir.instruction[third].op, NF_IR_DIV);
    nf_value difference = nf_ir_op2(&ir, NF_IR_SUB, x, x);
    assert_int_equal(ir.instruction[difference].op, NF_IR_SUB);
    nf_ir_clear(&ir);
}

static void the_magnitude_of_a_negated_value_is_its_own(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), size = nf_ir_op1(&ir, NF_IR_ABS, x);
    assert_int_equal(nf_ir_op1(&ir, NF_IR_ABS, nf_ir_op1(&ir, NF_IR_NEG, x)), size);
    nf_ir_clear(&ir);
}

static nf_value build_product(nf_ir *ir, const nf_value *input)
{
    return nf_ir_op2(ir, NF_IR_MUL, input[0], input[1]);
}

static nf_value build_sum(nf_ir *ir, const nf_value *input)
{
    return nf_ir_op2(ir, NF_IR_ADD, input[0], input[1]);
}

static void a_rare_program_runs_where_its_mask_holds(void **state)
{
    nf_ir ir;
    double below = 3, above = 30;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), ten = nf_ir_const(&ir, 10);
    nf_value input[2] = {nf_ir_op1(&ir, NF_IR_NEG, x), ten};
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, ten, x);
    nf_value rare = nf_ir_rare(&ir, mask, x, build_product, input, 2);
    assert_int_equal(nf_ir_finish(&ir, rare, NULL), 0);
    assert_int_equal(ir.rare[0].input_count, 1); /* the constant went inside */
    assert_true(nf_ir_evaluate(&ir, &below) == 3);
    assert_true(nf_ir_evaluate(&ir, &above) == -300);
    nf_ir_clear(&ir);
}

static void equal_rare_programs_are_one(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), input[2] = {x, nf_ir_const(&ir, 2)};
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, x, input[1]);
    nf_value product = nf_ir_rare(&ir, mask, x, build_product, input, 2);
    nf_value sum = nf_ir_rare(&ir, mask, x, build_sum, input, 2);
    assert_int_equal(nf_ir_rare(&ir, mask, x, build_product, input, 2), product);
    assert_int_equal(nf_ir_rare(&ir, mask, x, build_sum, input, 2), sum);
    assert_int_not_equal(product, sum);
    assert_int_equal(ir.rare_count, 2);
    nf_ir_clear(&ir);
}

static void rares_of_one_function_share_its_program(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), root = nf_ir_op1(&ir, NF_IR_SQRT, x), sum = x;
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, x, root);
    nf_value two = nf_ir_const(&ir, 2), three = nf_ir_const(&ir, 3);
    nf_value input[][2] = {{x, root}, {root, x}, {x, two}, {root, two}, {x, three}};
    for (unsigned i = 0; i < 5; i++)
        sum = nf_ir_op2(&ir, NF_IR_ADD, sum, nf_ir_rare(&ir, mask, x, build_product, input[i], 2));
    assert_int_equal(ir.rare_count, 5);
    assert_int_equal(ir.program_count, 3); /* no constant, the constant 2, the constant 3 */
    assert_ptr_equal(ir.rare[0].program, ir.rare[1].program);
    assert_ptr_equal(ir.rare[2].program, ir.rare[3].program);
    assert_int_equal(nf_ir_finish(&ir, sum, NULL), 0);
    double quarter = 0.25; /* below its root: 0.25 + 0.125 + 0.125 + 0.5 + 1 + 0.75 */
    assert_true(nf_ir_evaluate(&ir, &quarter) == 2.75);
    nf_ir_clear(&ir);
}

static void a_rare_program_with_a_known_mask_is_none(void **state)
{
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), input[2] = {x, x};
    nf_value never = nf_ir_bits(&ir, 0), always = nf_ir_bits(&ir, UINT64_MAX);
    assert_int_equal(nf_ir_rare(&ir, never, x, build_product, input, 2), x);
    assert_int_equal(nf_ir_rare(&ir, always, x, build_product, input, 2),
                     nf_ir_op2(&ir, NF_IR_MUL, x, x));
    assert_int_equal(ir.rare_count, 0);
    nf_ir_clear(&ir);
}

static void finishing_drops_what_nothing_needs(void **state)
{
    static const uint64_t first[] = {1, 2}, second[] = {3, 4};
    nf_ir ir;
    double one = value_of(1);
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), index = nf_ir_op2(&ir, NF_IR_AND, x, nf_ir_bits(&ir, 1));
    nf_value unused = nf_ir_op1(&ir, NF_IR_SQRT, x);
    nf_ir_table(&ir, first, 2, index);
    nf_value wanted = nf_ir_table(&ir, second, 2, index);
    nf_value input[2] = {unused, wanted};
    nf_ir_rare(&ir, nf_ir_op2(&ir, NF_IR_LT, x, unused), x, build_sum, input, 2);
    assert_int_equal(nf_ir_finish(&ir, wanted, NULL), 0);
    assert_int_equal(ir.count, 4); /* input, constant, and, table */
    assert_int_equal(ir.table_count, 1);
    assert_int_equal(ir.rare_count, 0);
    assert_true(bits_of(nf_ir_evaluate(&ir, &one)) == 4);
    nf_ir_clear(&ir);
}

static void rare_inputs_count_as_uses(void **state)
{
    nf_ir ir;
    double four = 4;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), root = nf_ir_op1(&ir, NF_IR_SQRT, x), input[2] = {root, x};
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, nf_ir_const(&ir, 1), x);
    nf_value rare = nf_ir_rare(&ir, mask, x, build_sum, input, 2);
    assert_int_equal(nf_ir_finish(&ir, rare, NULL), 0);
    assert_true(nf_ir_evaluate(&ir, &four) == 6);
    nf_ir_clear(&ir);
}

static void a_failed_allocation_is_reported_at_the_end(void **state)
{
    nf_ir ir;
    nfold_error err = {0};
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0);
    ir.failed = 1;
    x = nf_ir_op2(&ir, NF_IR_ADD, x, nf_ir_const(&ir, 1));
    assert_int_equal(nf_ir_finish(&ir, x, &err), NFOLD_E_MEMORY);
    assert_int_equal(err.code, NFOLD_E_MEMORY);
    nf_ir_clear(&ir);
}

static void a_program_prints_as_text(void **state)
{
    struct nfold_buffer text = {0};
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), input[2] = {x, x};
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, x, nf_ir_const(&ir, 0.5));
    assert_int_equal(nf_ir_finish(&ir, nf_ir_rare(&ir, mask, x, build_sum, input, 2), NULL), 0);
    nf_print_ir(&ir, &text);
    assert_string_equal(nf_buffer_text(&text), "v0 = input 0\n"
                                               "v1 = const 0x3fe0000000000000 ; 0.5\n"
                                               "v2 = lt v0 v1\n"
                                               "v3 = rare v2 v0 rare(v0, v0) {\n"
                                               "    v0 = input 0\n"
                                               "    v1 = input 1\n"
                                               "    v2 = add v0 v1\n"
                                               "    result v2\n"
                                               "}\n"
                                               "result v3\n");
    nf_buffer_clear(&text);
    nf_ir_clear(&ir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_what_the_header_says),
        cmocka_unit_test(equal_instructions_get_one_number),
        cmocka_unit_test(many_instructions_are_all_found_again),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(no_simplification_changes_a_bit),
        cmocka_unit_test(integer_simplifications_change_no_bit),
        cmocka_unit_test(what_loses_minus_zero_or_infinity_stays),
        cmocka_unit_test(the_magnitude_of_a_negated_value_is_its_own),
        cmocka_unit_test(a_rare_program_runs_where_its_mask_holds),
        cmocka_unit_test(equal_rare_programs_are_one),
        cmocka_unit_test(rares_of_one_function_share_its_program),
        cmocka_unit_test(a_rare_program_with_a_known_mask_is_none),
        cmocka_unit_test(finishing_drops_what_nothing_needs),
        cmocka_unit_test(rare_inputs_count_as_uses),
        cmocka_unit_test(a_failed_allocation_is_reported_at_the_end),
        cmocka_unit_test(a_program_prints_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
