/* math_pow.c: x to the power y, with all the cases of C99.
 *
 * |x|^y = e^(y log |x|), the logarithm to 2^-68 of itself. A negative x is usual, since whole y
 * are; what is known of a constant y is known when the program is built. */
#include "math.h"
#include "math_parts.h"

/* y log|x| beyond it: the result may be infinite, subnormal or 0. */
#define USUAL_LIMIT 708.0
#define CLAMP       1000.0
/* Up to here adding ROUNDER shows whether y is whole, and odd. */
#define SHOWN_LIMIT   0x1p51
#define LIFT_EXPONENT 54.0
#define LIFT          0x1p54

static struct pair exponent_of(nf_ir *ir, struct nf_math_split x, nf_value y)
{
    struct pair log = nf_math_log_pair(ir, x);
    struct pair power = product(ir, y, log.high);
    power.low = mul_add(ir, y, log.low, power.low);
    return power;
}

/* The sign of x if y is odd, otherwise +. */
static nf_value signed_if(nf_ir *ir, nf_value is_odd, nf_value size, nf_value x)
{
    return bit_xor(ir, size, bit_and(ir, is_odd, sign_of(ir, x)));
}

/* --- every case --------------------------------------------------------------------------------
 */

static nf_value is_whole(nf_ir *ir, nf_value size)
{
    nf_value shifter = number(ir, 0x1p52);
    nf_value rounded = sub(ir, add(ir, size, shifter), shifter);
    return bit_or(ir, equal(ir, rounded, size), at_most(ir, shifter, size));
}

/* |x|^y for finite |x| > 0 and finite y. */
static nf_value finite_power(nf_ir *ir, nf_value size, nf_value y)
{
    nf_value is_subnormal = less(ir, size, number(ir, 0x1p-1022));
    nf_value lifted = choose(ir, is_subnormal, mul(ir, size, number(ir, LIFT)), size);
    struct nf_math_split split = nf_math_split(ir, lifted, 0);
    nf_value lift = bit_and(ir, is_subnormal, number(ir, LIFT_EXPONENT));
    split.exponent = sub(ir, split.exponent, lift);
    struct pair power = exponent_of(ir, split, y);

    nf_value clamp = number(ir, CLAMP), zero = number(ir, 0);
    nf_value is_clamped = at_most(ir, clamp, magnitude(ir, power.high));
    nf_value limit = bit_or(ir, clamp, sign_of(ir, power.high));
    power.high = choose(ir, is_clamped, limit, power.high);
    power.low = choose(ir, is_clamped, zero, power.low);
    return nf_math_scale_widely(ir, nf_math_exp_scaled(ir, power.high, power.low));
}

static nf_value pow_extreme(nf_ir *ir, const nf_value *argument)
{
    nf_value x = argument[0], y = argument[1];
    nf_value zero = number(ir, 0), one = number(ir, 1), infinite = number(ir, INFINITE);
    nf_value size = magnitude(ir, x), size_of_y = magnitude(ir, y);
    nf_value whole = is_whole(ir, size_of_y);
    nf_value half_whole = is_whole(ir, mul(ir, size_of_y, number(ir, 0.5)));
    nf_value is_odd = bit_and(ir, whole, opposite(ir, half_whole));
    nf_value is_y_infinite = equal(ir, size_of_y, infinite);

    nf_value is_bounded = bit_and(ir, less(ir, zero, size), less(ir, size, infinite));
    nf_value is_limit = bit_or(ir, opposite(ir, is_bounded), is_y_infinite);
    nf_value shrinks = bit_xor(ir, less(ir, one, size), less(ir, zero, y));
    nf_value limit = choose(ir, shrinks, zero, infinite);
    nf_value result = choose(ir, is_limit, limit, finite_power(ir, size, y));
    result = signed_if(ir, is_odd, result, x);

    nf_value is_negative = bit_and(ir, less(ir, x, zero), less(ir, size, infinite));
    nf_value is_undefined = bit_and(ir, is_negative, opposite(ir, whole));
    is_undefined = bit_or(ir, is_undefined, bit_or(ir, is_nan(ir, x), is_nan(ir, y)));
    result = choose(ir, is_undefined, number(ir, NOT_A_NUMBER), result);

    nf_value is_one = bit_or(ir, equal(ir, x, one), equal(ir, y, zero));
    is_one = bit_or(ir, is_one, bit_and(ir, equal(ir, size, one), is_y_infinite));
    return choose(ir, is_one, one, result);
}

/* --- usual cases -------------------------------------------------------------------------------
 */

/* The sign of x goes with an odd y, and to a negative x goes a whole y. */
static nf_value with_sign(nf_ir *ir, nf_value size, nf_value x, nf_value y)
{
    nf_value shown = add(ir, y, number(ir, ROUNDER));
    nf_value is_whole_y = equal(ir, sub(ir, shown, number(ir, ROUNDER)), y);
    nf_value odd_at_sign = shift_left(ir, shown, word(ir, 63));
    nf_value result = bit_xor(ir, size, bit_and(ir, odd_at_sign, x));
    nf_value is_defined = bit_or(ir, is_whole_y, less(ir, number(ir, 0), x));
    return choose(ir, is_defined, result, number(ir, NOT_A_NUMBER));
}

nf_value nf_math_pow(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value size = magnitude(ir, x);
    struct pair power = exponent_of(ir, nf_math_split(ir, size, 0), y);
    struct nf_math_scaled scaled = nf_math_exp_scaled(ir, power.high, power.low);
    nf_value usual = with_sign(ir, nf_math_scale(ir, scaled), x, y);

    nf_value is_extreme = is_outside(ir, size, BITS_OF_NORMAL, BITS_OF_INFINITY);
    nf_value is_far = is_beyond(ir, magnitude(ir, power.high), USUAL_LIMIT);
    nf_value is_hidden = is_beyond(ir, magnitude(ir, y), SHOWN_LIMIT);
    is_extreme = bit_or(ir, bit_or(ir, is_extreme, is_far), is_hidden);
    return nf_ir_rare(ir, is_extreme, usual, pow_extreme, (nf_value[]){x, y}, 2);
}
