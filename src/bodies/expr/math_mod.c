/* math_mod.c: mod and fmod: the remainder of a division, exact at any quotient. */
#include "math.h"
#include "math_parts.h"

/* Below it the rounded quotient is within 1 of the exact one, whichever whole number is nearest. */
#define QUOTIENT_LIMIT 0x1p50

/* The remainder of |x| / |y| that is nearest to 0: between -|y| and |y|, mostly between half of
 * them; exact, because a remainder never has more places than its terms. */
static nf_value nearest_remainder(nf_ir *ir, nf_value x, nf_value y, nf_value quotient)
{
    nf_value shifter = number(ir, 0x1p52);
    nf_value whole = sub(ir, add(ir, quotient, shifter), shifter);
    return sub_mul(ir, x, whole, y);
}

/* From a remainder of either sign to that of y's frame, 0 <= r < |y|. A remainder of the wrong sign
 * and a larger y may need a rounding, as everywhere else. */
static nf_value lift(nf_ir *ir, nf_value remainder, nf_value y)
{
    nf_value is_below = less(ir, remainder, number(ir, 0));
    nf_value lifted = add(ir, remainder, y);
    return magnitude(ir, choose(ir, is_below, lifted, remainder));
}

/* --- huge quotients ----------------------------------------------------------------------------
 */

/* x = mantissa * 2^(exponent - 1075), the mantissa a whole number of 53 bits; subnormal numbers
 * have exponents below 1. */
struct whole {
    nf_value mantissa, exponent;
};

static struct whole whole_of(nf_ir *ir, nf_value x)
{
    nf_value is_subnormal = less(ir, x, number(ir, 0x1p-1022));
    nf_value normal = choose(ir, is_subnormal, mul(ir, x, number(ir, 0x1p54)), x);
    nf_value shift = bit_and(ir, is_subnormal, word(ir, 54));
    nf_value fraction = bit_and(ir, normal, word(ir, FRACTION_BITS));
    nf_value exponent = shift_right(ir, normal, word(ir, 52));
    return (struct whole){bit_or(ir, fraction, word(ir, BITS_OF_2_52)),
                          int_sub(ir, exponent, shift)};
}

struct modulus {
    nf_value value, inverse;
};

/* a - whole * m for the whole number nearest to a / m, plus rest. */
static nf_value reduce_once(nf_ir *ir, struct modulus m, struct pair a)
{
    nf_value rounder = number(ir, ROUNDER);
    nf_value whole = sub(ir, mul_add(ir, a.high, m.inverse, rounder), rounder);
    return add(ir, sub_mul(ir, a.high, whole, m.value), a.low);
}

/* a * b modulo m for whole |a|, |b| of at most m/2 and a little: again at most m/2 and a little.
 * The first quotient may be 1 off, which the second puts right; all differences are exact. */
static nf_value multiply_modulo(nf_ir *ir, struct modulus m, nf_value a, nf_value b)
{
    nf_value once = reduce_once(ir, m, product(ir, a, b));
    return reduce_once(ir, m, (struct pair){once, number(ir, 0)});
}

static nf_value power_of_two_below_33(nf_ir *ir, nf_value n)
{
    return power_of_two(ir, int_add(ir, n, word(ir, 1023)));
}

/* 2^n modulo m for 0 <= n < 33 * 64, n = 64 top + rest: square 2^top six times. */
static nf_value power_modulo(nf_ir *ir, struct modulus m, nf_value n)
{
    nf_value rest = bit_and(ir, n, word(ir, 63));
    nf_value half = shift_right(ir, rest, word(ir, 1));
    nf_value power = power_of_two_below_33(ir, shift_right(ir, n, word(ir, 6)));
    for (int i = 0; i < 6; i++)
        power = multiply_modulo(ir, m, power, power);
    power = multiply_modulo(ir, m, power, power_of_two_below_33(ir, half));
    return multiply_modulo(ir, m, power, power_of_two_below_33(ir, int_sub(ir, rest, half)));
}

/* value * 2^(exponent - 1075), which is exact, in two steps that stay among the normal powers. */
static nf_value scale_whole(nf_ir *ir, nf_value value, nf_value exponent)
{
    nf_value raised = int_add(ir, exponent, word(ir, 1023));
    nf_value half = shift_right(ir, raised, word(ir, 1));
    nf_value first = mul(ir, mul(ir, value, number(ir, 0x1p-52)), power_of_two(ir, half));
    return mul(ir, first, power_of_two(ir, int_sub(ir, raised, half)));
}

/* x modulo y for positive finite numbers, x >= y; 0 <= result < y. */
static nf_value long_remainder(nf_ir *ir, nf_value x, nf_value y)
{
    struct whole a = whole_of(ir, x), b = whole_of(ir, y);
    struct modulus m = {b.mantissa, divide(ir, number(ir, 1), b.mantissa)};
    nf_value zero = word(ir, 0);
    nf_value shift = int_sub(ir, a.exponent, b.exponent);
    shift = choose(ir, int_less(ir, shift, zero), zero, shift);
    shift = choose(ir, int_less(ir, shift, word(ir, 33 * 64)), shift, zero);
    nf_value mantissa = reduce_once(ir, m, (struct pair){a.mantissa, number(ir, 0)});
    nf_value r = multiply_modulo(ir, m, mantissa, power_modulo(ir, m, shift));
    return scale_whole(ir, lift(ir, r, b.mantissa), b.exponent);
}

/* The remainder of the magnitudes for any x and y. */
static nf_value remainder_extreme(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value infinite = number(ir, INFINITE), zero = number(ir, 0);
    nf_value r = choose(ir, less(ir, x, y), x, long_remainder(ir, x, y));
    nf_value is_defined = bit_and(ir, less(ir, x, infinite), less(ir, zero, y));
    return choose(ir, is_defined, r, number(ir, NOT_A_NUMBER));
}

/* --- fmod, mod ---------------------------------------------------------------------------------
 */

static nf_value with_sign(nf_ir *ir, nf_value size, nf_value sign)
{
    return bit_or(ir, size, sign_of(ir, sign));
}

/* In the frame where y is positive, a remainder of either sign becomes that of mod. */
static nf_value mod_from(nf_ir *ir, nf_value x, nf_value y, nf_value remainder_of_sizes)
{
    nf_value turned = bit_xor(ir, remainder_of_sizes, sign_of(ir, bit_xor(ir, x, y)));
    return with_sign(ir, lift(ir, turned, magnitude(ir, y)), y);
}

static nf_value fmod_extreme(nf_ir *ir, const nf_value *argument)
{
    nf_value x = argument[0], y = argument[1];
    nf_value r = remainder_extreme(ir, magnitude(ir, x), magnitude(ir, y));
    return with_sign(ir, r, x);
}

static nf_value mod_extreme(nf_ir *ir, const nf_value *argument)
{
    nf_value x = argument[0], y = argument[1];
    return mod_from(ir, x, y, remainder_extreme(ir, magnitude(ir, x), magnitude(ir, y)));
}

/* Huge quotients, y = 0, infinities, NaNs. */
static nf_value is_extreme(nf_ir *ir, nf_value quotient, nf_value size_of_y)
{
    nf_value is_short = less(ir, quotient, number(ir, QUOTIENT_LIMIT));
    nf_value is_finite = less(ir, size_of_y, number(ir, INFINITE));
    return opposite(ir, bit_and(ir, is_short, is_finite));
}

nf_value nf_math_fmod(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value a = magnitude(ir, x), b = magnitude(ir, y);
    nf_value quotient = divide(ir, a, b);
    nf_value r = lift(ir, nearest_remainder(ir, a, b, quotient), b);
    return nf_ir_rare(ir, is_extreme(ir, quotient, b), with_sign(ir, r, x), fmod_extreme,
                      (nf_value[]){x, y}, 2);
}

nf_value nf_math_mod(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value a = magnitude(ir, x), b = magnitude(ir, y);
    nf_value quotient = divide(ir, a, b);
    nf_value usual = mod_from(ir, x, y, nearest_remainder(ir, a, b, quotient));
    return nf_ir_rare(ir, is_extreme(ir, quotient, b), usual, mod_extreme, (nf_value[]){x, y}, 2);
}
