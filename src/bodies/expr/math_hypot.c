/* math_hypot.c: the length of (x, y). */
#include "math_parts.h"

/* 2^-450 and 2^500 in bits: between them squares neither overflow nor lose places that count. */
#define BITS_OF_SMALL UINT64_C(0x23d0000000000000)
#define BITS_OF_LARGE UINT64_C(0x5f30000000000000)
#define SHIFT         0x1p600

/* a >= b >= 0: the root of a sum of exact squares, and one step of Newton's method for what its
 * rounding lost. */
static nf_value length(nf_ir *ir, nf_value a, nf_value b)
{
    struct pair aa = product(ir, a, a), bb = product(ir, b, b);
    struct pair sum = sum_ordered(ir, aa.high, bb.high);
    nf_value low = add(ir, sum.low, add(ir, aa.low, bb.low));
    nf_value root = square_root(ir, sum.high);
    nf_value rest = add(ir, sub_mul(ir, sum.high, root, root), low);
    return add(ir, root, divide(ir, rest, add(ir, root, root)));
}

/* Large and small numbers, infinities and NaNs. */
static nf_value length_extreme(nf_ir *ir, const nf_value *argument)
{
    nf_value a = argument[0], b = argument[1];
    nf_value infinite = number(ir, INFINITE);
    nf_value is_large = less(ir, number(ir, 1), a);
    nf_value scale = choose(ir, is_large, number(ir, 1 / SHIFT), number(ir, SHIFT));
    nf_value back = choose(ir, is_large, number(ir, SHIFT), number(ir, 1 / SHIFT));
    nf_value y = mul(ir, length(ir, mul(ir, a, scale), mul(ir, b, scale)), back);
    nf_value is_infinite = bit_or(ir, equal(ir, a, infinite), equal(ir, b, infinite));
    y = choose(ir, equal(ir, a, number(ir, 0)), a, y);
    y = choose(ir, bit_or(ir, is_nan(ir, a), is_nan(ir, b)), number(ir, NOT_A_NUMBER), y);
    return choose(ir, is_infinite, infinite, y);
}

/* Of a NaN and a number, the NaN becomes b or the rare program sees it. */
nf_value nf_math_hypot(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value size_of_x = magnitude(ir, x), size_of_y = magnitude(ir, y);
    nf_value is_swapped = less(ir, size_of_x, size_of_y);
    nf_value a = choose(ir, is_swapped, size_of_y, size_of_x);
    nf_value b = choose(ir, is_swapped, size_of_x, size_of_y);
    nf_value is_extreme = is_outside(ir, a, BITS_OF_SMALL, BITS_OF_LARGE);
    return nf_ir_rare(ir, is_extreme, length(ir, a, b), length_extreme, (nf_value[]){a, b}, 2);
}
