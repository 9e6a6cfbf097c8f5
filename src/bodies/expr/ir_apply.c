/* ir_apply.c: what every operation of the IR means, on one lane: the definition that all readers
 * are compared with, and the source of constant folding. */
#include "ir.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "double_bits.h"
#include "fma.h"

#define NAN_BITS UINT64_C(0x7ff8000000000000)

const struct nf_ir_op_info nf_ir_op_info[NF_IR_OP_COUNT] = {
#define ROW(name, type, operands, meaning) {#name, NF_IR_##type, operands},
    NF_IR_OPS(ROW)
#undef ROW
};

/* The sign and payload of a computed NaN differ between processors and compilers, so that no
 * program may depend on them: folding always gives the canonical one. */
static uint64_t as_bits(double value)
{
    return value != value ? NAN_BITS : nf_double_to_bits(value);
}

static uint64_t mask_of(int holds)
{
    return holds ? UINT64_MAX : 0;
}

static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

static uint64_t shift_right_signed(uint64_t a, uint64_t b)
{
    uint64_t sign = mask_of(a >> 63);
    return b ? (a >> b) | (sign << (64 - b)) : a;
}

static uint64_t apply_arithmetic(enum nf_ir_op op, double a, double b, double c)
{
    switch (op) {
    case NF_IR_ADD:
        return as_bits(a + b);
    case NF_IR_SUB:
        return as_bits(a - b);
    case NF_IR_MUL:
        return as_bits(a * b);
    case NF_IR_DIV:
        return as_bits(a / b);
    case NF_IR_SQRT:
        return as_bits(sqrt(a));
    case NF_IR_FMA:
        return as_bits(nf_fma(a, b, c));
    case NF_IR_LT:
        return mask_of(a < b);
    case NF_IR_LE:
        return mask_of(a <= b);
    case NF_IR_EQ:
        return mask_of(a == b);
    case NF_IR_NE:
        return mask_of(a != b);
    default:
        assert(!"not an operation on one lane");
        return 0;
    }
}

uint64_t nf_ir_apply(enum nf_ir_op op, uint64_t a, uint64_t b, uint64_t c)
{
    switch (op) {
    case NF_IR_NEG:
        return a ^ (UINT64_C(1) << 63);
    case NF_IR_ABS:
        return a & ~(UINT64_C(1) << 63);
    case NF_IR_SELECT:
        return (a & b) | (~a & c);
    case NF_IR_IADD:
        return a + b;
    case NF_IR_ISUB:
        return a - b;
    case NF_IR_IMUL:
        return a * b;
    case NF_IR_IMULHI:
        return multiply_high(a, b);
    case NF_IR_AND:
        return a & b;
    case NF_IR_OR:
        return a | b;
    case NF_IR_XOR:
        return a ^ b;
    case NF_IR_SHL:
        return a << (b & 63);
    case NF_IR_SHR:
        return a >> (b & 63);
    case NF_IR_SAR:
        return shift_right_signed(a, b & 63);
    case NF_IR_IEQ:
        return mask_of(a == b);
    case NF_IR_ILT:
        return mask_of((int64_t)a < (int64_t)b);
    default:
        return apply_arithmetic(op, nf_double_of_bits(a), nf_double_of_bits(b),
                                nf_double_of_bits(c));
    }
}

static uint64_t evaluate(const nf_ir *ir, const uint64_t *input);

static uint64_t evaluate_rare(const nf_ir *ir, uint64_t number, const uint64_t *value)
{
    const struct nf_ir_rare *rare = &ir->rare[number];
    uint64_t input[NF_IR_RARE_INPUTS] = {0};
    for (unsigned i = 0; i < rare->input_count; i++)
        input[i] = value[rare->input[i]];
    return evaluate(rare->program, input);
}

static uint64_t evaluate_one(const nf_ir *ir, const struct nf_ir_instruction *instruction,
                             const uint64_t *input, const uint64_t *value)
{
    uint64_t operand[3] = {0};
    for (unsigned i = 0; nf_ir_op_info[instruction->op].operands[i]; i++)
        operand[i] = value[instruction->operand[i]];
    switch (instruction->op) {
    case NF_IR_CONST:
        return instruction->imm;
    case NF_IR_INPUT:
        return input[instruction->imm];
    case NF_IR_TABLE:
        assert(operand[0] < ir->table[instruction->imm].count);
        return ir->table[instruction->imm].entry[operand[0]];
    case NF_IR_RARE:
        return operand[0] ? evaluate_rare(ir, instruction->imm, value) : operand[1];
    default:
        return nf_ir_apply(instruction->op, operand[0], operand[1], operand[2]);
    }
}

static uint64_t evaluate(const nf_ir *ir, const uint64_t *input)
{
    uint64_t *value = calloc(ir->count ? ir->count : 1, sizeof *value);
    if (!value)
        return NAN_BITS;
    for (size_t i = 0; i < ir->count; i++)
        value[i] = evaluate_one(ir, &ir->instruction[i], input, value);
    uint64_t result = value[ir->result];
    free(value);
    return result;
}

double nf_ir_evaluate(const nf_ir *ir, const double *input)
{
    uint64_t bits[NF_IR_RARE_INPUTS] = {0};
    unsigned inputs = 0;
    for (size_t i = 0; i < ir->count; i++)
        if (ir->instruction[i].op == NF_IR_INPUT && ir->instruction[i].imm >= inputs)
            inputs = (unsigned)ir->instruction[i].imm + 1;
    assert(inputs <= NF_IR_RARE_INPUTS);
    if (inputs)
        memcpy(bits, input, inputs * sizeof *input);
    return nf_double_of_bits(as_bits(nf_double_of_bits(evaluate(ir, bits))));
}
