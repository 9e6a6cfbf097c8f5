/* math_round.c: round, floor, ceil, trunc. */
#include "math.h"
#include "math_parts.h"

/* Numbers from here on are whole. */
#define ALL_WHOLE 0x1p52

/* The sign of x is put back on results that have become 0; whole numbers, infinities and NaNs stay.
 */
static nf_value finish(nf_ir *ir, nf_value x, nf_value rounded)
{
    nf_value is_small = less(ir, magnitude(ir, x), number(ir, ALL_WHOLE));
    return choose(ir, is_small, bit_or(ir, rounded, sign_of(ir, x)), x);
}

/* To the nearest whole number, half to even: the processor does it where the last place is 1. */
static nf_value nearest(nf_ir *ir, nf_value magnitude_of_x)
{
    nf_value shifter = number(ir, ALL_WHOLE);
    return sub(ir, add(ir, magnitude_of_x, shifter), shifter);
}

static nf_value one_if(nf_ir *ir, nf_value mask)
{
    return bit_and(ir, mask, number(ir, 1));
}

nf_value nf_math_round(nf_ir *ir, nf_value x)
{
    return finish(ir, x, nearest(ir, magnitude(ir, x)));
}

nf_value nf_math_trunc(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x), rounded = nearest(ir, size);
    nf_value is_above = less(ir, size, rounded);
    return finish(ir, x, sub(ir, rounded, one_if(ir, is_above)));
}

static nf_value nearest_signed(nf_ir *ir, nf_value x)
{
    return bit_or(ir, nearest(ir, magnitude(ir, x)), sign_of(ir, x));
}

nf_value nf_math_floor(nf_ir *ir, nf_value x)
{
    nf_value rounded = nearest_signed(ir, x);
    return finish(ir, x, sub(ir, rounded, one_if(ir, less(ir, x, rounded))));
}

nf_value nf_math_ceil(nf_ir *ir, nf_value x)
{
    nf_value rounded = nearest_signed(ir, x);
    return finish(ir, x, add(ir, rounded, one_if(ir, less(ir, rounded, x))));
}
