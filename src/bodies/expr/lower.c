/* lower.c: operators as programs of the IR. docs/design/grammar.md has the rules. */
#include "lower.h"

#include <assert.h>

#include "math.h"

#define EXPANDED_EXPONENT_MAX 4

struct nf_operand nf_lower_value(nf_value value)
{
    return (struct nf_operand){.value = value};
}

struct nf_operand nf_lower_truth(nf_value mask)
{
    return (struct nf_operand){.value = mask, .is_mask = 1};
}

struct nf_operand nf_lower_literal(nf_ir *ir, double number)
{
    return (struct nf_operand){
        .value = nf_ir_const(ir, number), .is_literal = 1, .literal = number};
}

/* A mask and the bits of 1.0 have the bits of 1.0 or of +0.0. */
nf_value nf_lower_number(nf_ir *ir, struct nf_operand operand)
{
    if (!operand.is_mask)
        return operand.value;
    return nf_ir_op2(ir, NF_IR_AND, operand.value, nf_ir_const(ir, 1));
}

nf_value nf_lower_mask(nf_ir *ir, struct nf_operand operand)
{
    if (operand.is_mask)
        return operand.value;
    return nf_ir_op2(ir, NF_IR_NE, operand.value, nf_ir_const(ir, 0));
}

struct nf_operand nf_lower_prefix(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a)
{
    if (kind == NF_TOKEN_NOT)
        return nf_lower_truth(
            nf_ir_op2(ir, NF_IR_XOR, nf_lower_mask(ir, a), nf_ir_bits(ir, UINT64_MAX)));
    nf_value number = nf_lower_number(ir, a);
    return nf_lower_value(kind == NF_TOKEN_MINUS ? nf_ir_op1(ir, NF_IR_NEG, number) : number);
}

static int is_expanded(struct nf_operand exponent)
{
    return exponent.is_literal && exponent.literal >= 0 &&
           exponent.literal <= EXPANDED_EXPONENT_MAX &&
           exponent.literal == (double)(int)exponent.literal;
}

static nf_value power(nf_ir *ir, nf_value x, struct nf_operand exponent)
{
    if (!is_expanded(exponent))
        return nf_math_pow(ir, x, nf_lower_number(ir, exponent));
    if (exponent.literal == 0)
        return nf_ir_const(ir, 1);
    if (exponent.literal == 1)
        return x;
    nf_value square = nf_ir_op2(ir, NF_IR_MUL, x, x);
    if (exponent.literal == 2)
        return square;
    return nf_ir_op2(ir, NF_IR_MUL, square, exponent.literal == 3 ? x : square);
}

static nf_value arithmetic(nf_ir *ir, enum nf_token_kind kind, nf_value a, nf_value b)
{
    switch (kind) {
    case NF_TOKEN_PLUS:
        return nf_ir_op2(ir, NF_IR_ADD, a, b);
    case NF_TOKEN_MINUS:
        return nf_ir_op2(ir, NF_IR_SUB, a, b);
    case NF_TOKEN_STAR:
        return nf_ir_op2(ir, NF_IR_MUL, a, b);
    case NF_TOKEN_SLASH:
        return nf_ir_op2(ir, NF_IR_DIV, a, b);
    default:
        assert(kind == NF_TOKEN_PERCENT);
        return nf_math_mod(ir, a, b);
    }
}

struct nf_operand nf_lower_binary(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a,
                                  struct nf_operand b)
{
    if (kind == NF_TOKEN_AND || kind == NF_TOKEN_OR) {
        enum nf_ir_op op = kind == NF_TOKEN_AND ? NF_IR_AND : NF_IR_OR;
        return nf_lower_truth(nf_ir_op2(ir, op, nf_lower_mask(ir, a), nf_lower_mask(ir, b)));
    }
    nf_value left = nf_lower_number(ir, a);
    if (kind == NF_TOKEN_POWER)
        return nf_lower_value(power(ir, left, b));
    return nf_lower_value(arithmetic(ir, kind, left, nf_lower_number(ir, b)));
}

static nf_value compare(nf_ir *ir, enum nf_token_kind kind, nf_value a, nf_value b)
{
    switch (kind) {
    case NF_TOKEN_LT:
        return nf_ir_op2(ir, NF_IR_LT, a, b);
    case NF_TOKEN_LE:
        return nf_ir_op2(ir, NF_IR_LE, a, b);
    case NF_TOKEN_GT:
        return nf_ir_op2(ir, NF_IR_LT, b, a);
    case NF_TOKEN_GE:
        return nf_ir_op2(ir, NF_IR_LE, b, a);
    case NF_TOKEN_EQ:
        return nf_ir_op2(ir, NF_IR_EQ, a, b);
    default:
        assert(kind == NF_TOKEN_NE);
        return nf_ir_op2(ir, NF_IR_NE, a, b);
    }
}

struct nf_operand nf_lower_compare(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a,
                                   struct nf_operand b)
{
    struct nf_operand chain = {.is_mask = 1, .is_compared = 1, .last = nf_lower_number(ir, b)};

    chain.value = compare(ir, kind, a.is_compared ? a.last : nf_lower_number(ir, a), chain.last);
    if (a.is_compared)
        chain.value = nf_ir_op2(ir, NF_IR_AND, a.value, chain.value);
    return chain;
}

struct nf_operand nf_lower_brackets(struct nf_operand operand)
{
    operand.is_compared = 0;
    return operand;
}

struct nf_operand nf_lower_choose(nf_ir *ir, struct nf_operand condition, struct nf_operand yes,
                                  struct nf_operand no)
{
    struct nf_operand chosen = {.is_mask = yes.is_mask && no.is_mask};
    nf_value a = chosen.is_mask ? yes.value : nf_lower_number(ir, yes);
    nf_value b = chosen.is_mask ? no.value : nf_lower_number(ir, no);

    chosen.value = nf_ir_op3(ir, NF_IR_SELECT, nf_lower_mask(ir, condition), a, b);
    return chosen;
}
