/* ir_simplify.h: for the builder only: what an operation is already known to be. */
#ifndef NF_IR_SIMPLIFY_H
#define NF_IR_SIMPLIFY_H

#include "ir.h"

enum nf_ir_simple_kind {
    NF_IR_SIMPLE_NOT,   /* nothing simpler is known */
    NF_IR_SIMPLE_VALUE, /* .value */
    NF_IR_SIMPLE_BITS,  /* the constant .bits */
    NF_IR_SIMPLE_NEG,   /* -.value */
    NF_IR_SIMPLE_ABS,   /* |.value| */
    NF_IR_SIMPLE_MUL,   /* .value times the constant .bits */
};

struct nf_ir_simple {
    enum nf_ir_simple_kind kind;
    nf_value value;
    uint64_t bits;
};

/* Of commutative operations the constant operand, if any, is the second. */
struct nf_ir_simple nf_ir_simplify(const nf_ir *ir, enum nf_ir_op op, const nf_value *operand);

#endif
