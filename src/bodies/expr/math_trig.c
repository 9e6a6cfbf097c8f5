/* math_trig.c: sin, cos, tan. */
#include "math_parts.h"

#include "coefficients/trig.h"

/* (sin(r) - r) / r^3 */
static nf_value sine_part(nf_ir *ir, nf_value z, nf_value zz)
{
    return polynomial(ir, z, zz, sin_part, 6);
}

/* 1 - r^2/2 - cos(r + rest) */
static nf_value cosine_rest(nf_ir *ir, struct nf_math_angle angle, nf_value z, nf_value zz)
{
    double minus[6];
    for (size_t k = 0; k < 6; k++)
        minus[k] = -cos_part[k];
    return mul_add(ir, zz, polynomial(ir, z, zz, minus, 6), mul(ir, angle.r, angle.rest));
}

/* The factor 1 - z/2 of the rest, the derivative, is left out: at most 0.15 ulp. */
static nf_value sine(nf_ir *ir, struct nf_math_angle angle, nf_value z, nf_value zz)
{
    nf_value cube = mul(ir, z, angle.r);
    return add(ir, angle.r, mul_add(ir, cube, sine_part(ir, z, zz), angle.rest));
}

/* What is taken from 1 is below 0.31 and rounded once, by a quarter of a place at most: r^2/2 is
 * not rounded before. */
static nf_value cosine(nf_ir *ir, struct nf_math_angle angle, nf_value z, nf_value zz)
{
    nf_value half = mul(ir, angle.r, number(ir, 0.5));
    nf_value small = cosine_rest(ir, angle, z, zz);
    return sub(ir, number(ir, 1), mul_add(ir, half, angle.r, small));
}

static nf_value is_even_quarter(nf_ir *ir, nf_value quarter)
{
    return int_equal(ir, bit_and(ir, quarter, word(ir, 1)), word(ir, 0));
}

/* sin(quarter pi/2 + r + rest) without the sign of its half turn. */
static nf_value sine_of_angle(nf_ir *ir, struct nf_math_angle angle)
{
    nf_value z = mul(ir, angle.r, angle.r);
    nf_value zz = mul(ir, z, z);
    return choose(ir, is_even_quarter(ir, angle.quarter), sine(ir, angle, z, zz),
                  cosine(ir, angle, z, zz));
}

/* Every second half turn changes the sign. */
static nf_value sign_of_half_turn(nf_ir *ir, nf_value quarter)
{
    return shift_left(ir, quarter, word(ir, 62));
}

static nf_value sine_signed(nf_ir *ir, nf_value x, struct nf_math_angle angle)
{
    nf_value sign = bit_xor(ir, sign_of_half_turn(ir, angle.quarter), x);
    return bit_xor(ir, sine_of_angle(ir, angle), sign_of(ir, sign));
}

/* cos is sin a quarter turn later. */
static nf_value cosine_signed(nf_ir *ir, struct nf_math_angle angle)
{
    angle.quarter = int_add(ir, angle.quarter, word(ir, 1));
    nf_value sign = sign_of_half_turn(ir, angle.quarter);
    return bit_xor(ir, sine_of_angle(ir, angle), sign_of(ir, sign));
}

/* Infinities have no angle. */
static nf_value finite_only(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value is_finite = less(ir, magnitude(ir, x), number(ir, INFINITE));
    return choose(ir, is_finite, y, number(ir, NOT_A_NUMBER));
}

static nf_value sin_huge(nf_ir *ir, const nf_value *x)
{
    struct nf_math_angle angle = nf_math_reduce_widely(ir, magnitude(ir, x[0]));
    return finite_only(ir, x[0], sine_signed(ir, x[0], angle));
}

static nf_value cos_huge(nf_ir *ir, const nf_value *x)
{
    struct nf_math_angle angle = nf_math_reduce_widely(ir, magnitude(ir, x[0]));
    return finite_only(ir, x[0], cosine_signed(ir, angle));
}

nf_value nf_math_sin(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x);
    nf_value usual = sine_signed(ir, x, nf_math_reduce(ir, size));
    return nf_ir_rare(ir, is_beyond(ir, size, NF_MATH_ANGLE_LIMIT), usual, sin_huge, &x, 1);
}

nf_value nf_math_cos(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x);
    nf_value usual = cosine_signed(ir, nf_math_reduce(ir, size));
    return nf_ir_rare(ir, is_beyond(ir, size, NF_MATH_ANGLE_LIMIT), usual, cos_huge, &x, 1);
}

/* r + r^3 part(r^2) + rest * the derivative; high is added by who wants the sum. */
static struct pair sine_pair(nf_ir *ir, struct nf_math_angle angle, nf_value z, nf_value zz)
{
    nf_value slope = mul_add(ir, z, number(ir, -0.5), number(ir, 1));
    nf_value low = mul(ir, angle.rest, slope);
    return (struct pair){angle.r, mul_add(ir, mul(ir, z, angle.r), sine_part(ir, z, zz), low)};
}

/* 1 - z/2, and what its rounding and z's lost, then the rest. */
static struct pair cosine_pair(nf_ir *ir, struct nf_math_angle angle, nf_value z, nf_value zz)
{
    nf_value one = number(ir, 1);
    nf_value high = mul_add(ir, z, number(ir, -0.5), one);
    nf_value lost = mul_add(ir, z, number(ir, -0.5), sub(ir, one, high));
    nf_value z_low = mul_sub(ir, angle.r, angle.r, z);
    nf_value low = sub(ir, lost, cosine_rest(ir, angle, z, zz));
    return (struct pair){high, mul_add(ir, z_low, number(ir, -0.5), low)};
}

/* sin / cos of r, or -cos / sin in odd quarters. */
static nf_value tan_signed(nf_ir *ir, nf_value x, struct nf_math_angle angle)
{
    nf_value z = mul(ir, angle.r, angle.r);
    nf_value zz = mul(ir, z, z);
    struct pair sine = sine_pair(ir, angle, z, zz), cosine = cosine_pair(ir, angle, z, zz);
    sine = sum_ordered(ir, sine.high, sine.low);
    cosine = sum_ordered(ir, cosine.high, cosine.low);

    nf_value is_even = is_even_quarter(ir, angle.quarter);
    struct pair above = {choose(ir, is_even, sine.high, cosine.high),
                         choose(ir, is_even, sine.low, cosine.low)};
    struct pair below = {choose(ir, is_even, cosine.high, sine.high),
                         choose(ir, is_even, cosine.low, sine.low)};
    struct pair quotient = pair_quotient(ir, above, below);
    nf_value y = add(ir, quotient.high, quotient.low);
    nf_value sign = bit_xor(ir, x, shift_left(ir, angle.quarter, word(ir, 63)));
    return bit_xor(ir, y, sign_of(ir, sign));
}

static nf_value tan_huge(nf_ir *ir, const nf_value *x)
{
    struct nf_math_angle angle = nf_math_reduce_widely(ir, magnitude(ir, x[0]));
    return finite_only(ir, x[0], tan_signed(ir, x[0], angle));
}

nf_value nf_math_tan(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x);
    nf_value usual = tan_signed(ir, x, nf_math_reduce(ir, size));
    return nf_ir_rare(ir, is_beyond(ir, size, NF_MATH_ANGLE_LIMIT), usual, tan_huge, &x, 1);
}
