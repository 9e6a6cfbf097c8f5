/* lower.h: what the grammar's operators mean: operands become instructions of the IR.
 *
 * Every operation is built as the user wrote it: rounded once, in the written order.
 */
#ifndef NF_LOWER_H
#define NF_LOWER_H

#include "ir.h"
#include "lexer.h"

/* A value between two operators. A truth value stays a mask until a number is needed of it. */
struct nf_operand {
    nf_value value;
    int is_mask;    /* all ones or all zeros, for 1 and 0 */
    int is_literal; /* a number as written, perhaps in brackets: it may be an exponent */
    double literal;
    int is_compared; /* a comparison, perhaps a chain of them, whose last value is .last */
    nf_value last;
};

struct nf_operand nf_lower_literal(nf_ir *ir, double number);
struct nf_operand nf_lower_value(nf_value value);
struct nf_operand nf_lower_truth(nf_value mask);

/* The number that an operand is: 1 or 0 for a truth value. */
nf_value nf_lower_number(nf_ir *ir, struct nf_operand operand);
/* The mask that an operand is: whether it is not zero. A NaN is not zero. */
nf_value nf_lower_mask(nf_ir *ir, struct nf_operand operand);

/* PLUS, MINUS, NOT before an operand. */
struct nf_operand nf_lower_prefix(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a);
/* PLUS, MINUS, STAR, SLASH, PERCENT, POWER, AND, OR. */
struct nf_operand nf_lower_binary(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a,
                                  struct nf_operand b);
/* LT … NE: if a is compared already, its last value is compared with b, and both must hold. */
struct nf_operand nf_lower_compare(nf_ir *ir, enum nf_token_kind kind, struct nf_operand a,
                                   struct nf_operand b);
/* What brackets around an operand make of it. */
struct nf_operand nf_lower_brackets(struct nf_operand operand);
struct nf_operand nf_lower_choose(nf_ir *ir, struct nf_operand condition, struct nf_operand yes,
                                  struct nf_operand no);

#endif
