/* math_exp.c: exp, and e to a number of more than 53 bits, which others are made of. */
#include "math_parts.h"

#include "coefficients/exp.h"

/* Beyond it the result may be infinite, subnormal or 0. */
#define USUAL_LIMIT 708.0
/* Beyond it the result is infinite or 0, and 2^k still splits into two normal factors. */
#define CLAMP 1000.0

/* high + low = k ln 2 + r. The rounded r is good enough for its higher powers; the first power is
 * added exactly: 1 + remainder loses nothing, and small keeps what low and ln 2 have left over. */
struct nf_math_scaled nf_math_exp_scaled(nf_ir *ir, nf_value high, nf_value low)
{
    nf_value scale = mul_add(ir, high, number(ir, LOG2_E), number(ir, ROUNDER));
    nf_value k = sub(ir, scale, number(ir, ROUNDER));
    nf_value remainder = mul_add(ir, k, number(ir, -LN2_HIGH), high);
    nf_value small = mul_add(ir, k, number(ir, -LN2_LOW), low);
    nf_value r = add(ir, remainder, small);
    nf_value rr = mul(ir, r, r);
    nf_value part = polynomial(ir, r, rr, exp_part, 10);
    struct pair one = sum_ordered(ir, number(ir, 1), remainder);
    nf_value rest = add(ir, one.low, mul_add(ir, rr, part, small));
    return (struct nf_math_scaled){add(ir, one.high, rest), scale};
}

nf_value nf_math_scale(nf_ir *ir, struct nf_math_scaled number)
{
    return int_add(ir, number.value, shift_left(ir, number.scale, word(ir, 52)));
}

/* In two steps, of which only the second can round. */
nf_value nf_math_scale_widely(nf_ir *ir, struct nf_math_scaled number)
{
    nf_value k = int_sub(ir, number.scale, word(ir, BITS_OF_ROUNDER - 2 * 1023));
    nf_value half = shift_right(ir, k, word(ir, 1));
    nf_value first = mul(ir, number.value, power_of_two(ir, half));
    return mul(ir, first, power_of_two(ir, int_sub(ir, k, half)));
}

/* A NaN passes the comparisons and every later step. */
static nf_value clamp(nf_ir *ir, nf_value x, double limit)
{
    x = choose(ir, less(ir, number(ir, limit), x), number(ir, limit), x);
    return choose(ir, less(ir, x, number(ir, -limit)), number(ir, -limit), x);
}

static nf_value exp_extreme(nf_ir *ir, const nf_value *x)
{
    nf_value clamped = clamp(ir, x[0], CLAMP);
    return nf_math_scale_widely(ir, nf_math_exp_scaled(ir, clamped, number(ir, -0.0)));
}

nf_value nf_math_exp(nf_ir *ir, nf_value x)
{
    nf_value usual = nf_math_scale(ir, nf_math_exp_scaled(ir, x, number(ir, -0.0)));
    nf_value is_extreme = is_beyond(ir, magnitude(ir, x), USUAL_LIMIT);
    return nf_ir_rare(ir, is_extreme, usual, exp_extreme, &x, 1);
}
