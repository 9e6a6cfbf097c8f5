/* ir_simplify.c: what an operation is already known to be. No rule changes a bit for any input,
 * -0, infinities and subnormals included; only the sign and payload of a NaN may differ, which no
 * program may depend on. That is why x + 0 and x - x stay: one loses -0, the other infinities. */
#include "ir_simplify.h"

#include <string.h>

#include "double_bits.h"
#define SIGN_BIT UINT64_C(0x8000000000000000)

struct known {
    const nf_ir *ir;
    enum nf_ir_op op;
    const nf_value *operand;
};

static int operand_is(const struct known *known, unsigned i, uint64_t wanted)
{
    uint64_t bits;
    return nf_ir_is_const(known->ir, known->operand[i], &bits) && bits == wanted;
}

static int operand_is_number(const struct known *known, unsigned i, double wanted)
{
    return operand_is(known, i, nf_double_to_bits(wanted));
}

static const struct nf_ir_instruction *source(const struct known *known, unsigned i)
{
    return &known->ir->instruction[known->operand[i]];
}

static struct nf_ir_simple is_value(nf_value value)
{
    return (struct nf_ir_simple){NF_IR_SIMPLE_VALUE, value, 0};
}

static struct nf_ir_simple is_bits(uint64_t bits)
{
    return (struct nf_ir_simple){NF_IR_SIMPLE_BITS, 0, bits};
}

static struct nf_ir_simple is_negated(nf_value value)
{
    return (struct nf_ir_simple){NF_IR_SIMPLE_NEG, value, 0};
}

static const struct nf_ir_simple not_simple = {NF_IR_SIMPLE_NOT, 0, 0};

/* A power of two with an exact reciprocal: dividing by it is multiplying by that. */
static int has_exact_reciprocal(uint64_t bits, uint64_t *reciprocal)
{
    uint64_t exponent = (bits >> 52) & 0x7ff;
    if ((bits << 12) != 0 || exponent < 2 || exponent > 2044)
        return 0;
    *reciprocal = (bits & SIGN_BIT) | ((2046 - exponent) << 52);
    return 1;
}

static struct nf_ir_simple simplify_float(const struct known *k)
{
    uint64_t bits, reciprocal;
    const nf_value *operand = k->operand;
    switch (k->op) {
    case NF_IR_ADD: /* constants have been ordered second */
        return operand_is_number(k, 1, -0.0) ? is_value(operand[0]) : not_simple;
    case NF_IR_SUB:
        return operand_is_number(k, 1, 0.0) ? is_value(operand[0]) : not_simple;
    case NF_IR_MUL:
        if (operand_is_number(k, 1, 1.0))
            return is_value(operand[0]);
        return operand_is_number(k, 1, -1.0) ? is_negated(operand[0]) : not_simple;
    case NF_IR_DIV:
        if (operand_is_number(k, 1, 1.0))
            return is_value(operand[0]);
        if (nf_ir_is_const(k->ir, operand[1], &bits) && has_exact_reciprocal(bits, &reciprocal))
            return (struct nf_ir_simple){NF_IR_SIMPLE_MUL, operand[0], reciprocal};
        return not_simple;
    case NF_IR_NEG:
        return source(k, 0)->op == NF_IR_NEG ? is_value(source(k, 0)->operand[0]) : not_simple;
    case NF_IR_ABS:
        if (source(k, 0)->op == NF_IR_NEG)
            return (struct nf_ir_simple){NF_IR_SIMPLE_ABS, source(k, 0)->operand[0], 0};
        return source(k, 0)->op == NF_IR_ABS ? is_value(operand[0]) : not_simple;
    case NF_IR_LT:
        return operand[0] == operand[1] ? is_bits(0) : not_simple;
    default:
        return not_simple;
    }
}

static struct nf_ir_simple simplify_select(const struct known *k)
{
    if (operand_is(k, 0, UINT64_MAX))
        return is_value(k->operand[1]);
    if (operand_is(k, 0, 0) || k->operand[1] == k->operand[2])
        return is_value(k->operand[2]);
    return not_simple;
}

static struct nf_ir_simple simplify_bits(const struct known *k)
{
    int same = k->operand[0] == k->operand[1];
    int zero = operand_is(k, 1, 0);
    int ones = operand_is(k, 1, UINT64_MAX);
    switch (k->op) {
    case NF_IR_AND:
        if (same || ones)
            return is_value(k->operand[0]);
        return zero ? is_bits(0) : not_simple;
    case NF_IR_OR:
        if (same || zero)
            return is_value(k->operand[0]);
        return ones ? is_bits(UINT64_MAX) : not_simple;
    case NF_IR_XOR:
        if (zero)
            return is_value(k->operand[0]);
        return same ? is_bits(0) : not_simple;
    case NF_IR_IEQ:
        return same ? is_bits(UINT64_MAX) : not_simple;
    case NF_IR_ILT:
        return same ? is_bits(0) : not_simple;
    default:
        return not_simple;
    }
}

static struct nf_ir_simple simplify_integer(const struct known *k)
{
    int zero = operand_is(k, 1, 0);
    switch (k->op) {
    case NF_IR_IADD:
    case NF_IR_SHL:
    case NF_IR_SHR:
    case NF_IR_SAR:
        return zero ? is_value(k->operand[0]) : not_simple;
    case NF_IR_ISUB:
        if (zero)
            return is_value(k->operand[0]);
        return k->operand[0] == k->operand[1] ? is_bits(0) : not_simple;
    case NF_IR_IMUL:
        if (operand_is(k, 1, 1))
            return is_value(k->operand[0]);
        return zero ? is_bits(0) : not_simple;
    case NF_IR_IMULHI:
        return zero || operand_is(k, 1, 1) ? is_bits(0) : not_simple;
    default:
        return not_simple;
    }
}

struct nf_ir_simple nf_ir_simplify(const nf_ir *ir, enum nf_ir_op op, const nf_value *operand)
{
    struct known known = {ir, op, operand};
    struct nf_ir_simple simple = simplify_float(&known);
    if (simple.kind == NF_IR_SIMPLE_NOT && op == NF_IR_SELECT)
        simple = simplify_select(&known);
    if (simple.kind == NF_IR_SIMPLE_NOT && op >= NF_IR_IADD && op <= NF_IR_ILT)
        simple = simplify_bits(&known);
    if (simple.kind == NF_IR_SIMPLE_NOT && op >= NF_IR_IADD && op <= NF_IR_ILT)
        simple = simplify_integer(&known);
    return simple;
}
