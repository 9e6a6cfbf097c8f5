/* math_cbrt.c: cube root. */
#include "math_parts.h"

#include "coefficients/cbrt.h"

/* 2^-900 in bits: below it, what is left of a cube would be subnormal. */
#define BITS_OF_SMALL UINT64_C(0x07b0000000000000)
#define RAISE         0x1p600
#define RAISED_ROOT   0x1p-200

/* t (1 - h)^(-1/3), where h = 1 - x t^3, by the powers of h up to the third or the first. */
static nf_value improve(nf_ir *ir, nf_value x, nf_value t, int powers)
{
    nf_value third = number(ir, 1.0 / 3);
    nf_value h = mul_add(ir, mul(ir, negate(ir, x), t), mul(ir, t, t), number(ir, 1));
    nf_value series = mul_add(ir, h, number(ir, 14.0 / 81), number(ir, 2.0 / 9));
    series = powers == 3 ? mul_add(ir, h, series, third) : third;
    return mul_add(ir, t, mul(ir, h, series), t);
}

/* The upper half of a positive number's bits is nearly linear in its logarithm, which gives 1/cbrt
 * x to 3.5 %; then to 2e-5, to 5e-10, and with the exact rest of a cube to 2^-58. For normal
 * numbers of at least 2^-900. */
static nf_value root_of(nf_ir *ir, nf_value x)
{
    nf_value half = word(ir, 32);
    nf_value high = to_number(ir, shift_right(ir, x, half));
    nf_value guess = mul_add(ir, high, number(ir, -1.0 / 3), number(ir, GUESS_START + ROUNDER));
    nf_value t = improve(ir, x, improve(ir, x, shift_left(ir, guess, half), 3), 1);
    nf_value y = mul(ir, mul(ir, x, t), t);
    struct pair square = product(ir, y, y);
    nf_value rest = sub_mul(ir, x, square.high, y);
    rest = sub_mul(ir, rest, square.low, y);
    nf_value slope = mul(ir, mul(ir, t, t), number(ir, 1.0 / 3));
    return mul_add(ir, rest, slope, y);
}

/* Small and subnormal numbers; 0, infinities and NaNs are their own roots. */
static nf_value root_extreme(nf_ir *ir, const nf_value *x)
{
    nf_value size = magnitude(ir, x[0]);
    nf_value raised = root_of(ir, mul(ir, size, number(ir, RAISE)));
    nf_value is_finite = less(ir, size, number(ir, INFINITE));
    nf_value is_usual = bit_and(ir, is_finite, less(ir, number(ir, 0), size));
    return choose(ir, is_usual, mul(ir, raised, number(ir, RAISED_ROOT)), size);
}

nf_value nf_math_cbrt(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x);
    nf_value is_extreme = is_outside(ir, size, BITS_OF_SMALL, BITS_OF_INFINITY);
    nf_value root = nf_ir_rare(ir, is_extreme, root_of(ir, size), root_extreme, &size, 1);
    return bit_or(ir, root, sign_of(ir, x));
}
