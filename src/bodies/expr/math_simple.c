/* math_simple.c: sign, min, max. */
#include "math_parts.h"

/* -1, x itself if it is 0 or a NaN, or 1. */
nf_value nf_math_sign(nf_ir *ir, nf_value x)
{
    nf_value one = bit_or(ir, sign_of(ir, x), number(ir, 1));
    return choose(ir, less(ir, number(ir, 0), magnitude(ir, x)), one, x);
}

/* A NaN among the arguments is the result; of -0 and +0, which compare equal, it is the second. */
nf_value nf_math_min(nf_ir *ir, nf_value x, nf_value y)
{
    return choose(ir, bit_or(ir, less(ir, x, y), is_nan(ir, x)), x, y);
}

nf_value nf_math_max(nf_ir *ir, nf_value x, nf_value y)
{
    return choose(ir, bit_or(ir, less(ir, y, x), is_nan(ir, x)), x, y);
}
