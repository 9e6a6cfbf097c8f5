/* math_exp.c: exp, exp2, and e to a number of more than 53 bits, which others are made of. */
#include "math_parts.h"

#include "coefficients/exp.h"

/* Beyond it the result may be infinite, subnormal or 0. */
#define USUAL_LIMIT   708.0
#define USUAL_LIMIT_2 1021.0
/* Beyond it the result is infinite or 0, and 2^k still splits into two normal factors. */
#define CLAMP   1000.0
#define CLAMP_2 1500.0

struct nf_math_exp_rest nf_math_exp_reduce(nf_ir *ir, nf_value high, nf_value low)
{
    nf_value scale = mul_add(ir, high, number(ir, LOG2_E), number(ir, ROUNDER));
    nf_value k = sub(ir, scale, number(ir, ROUNDER));
    nf_value remainder = mul_add(ir, k, number(ir, -LN2_HIGH), high);
    nf_value small = mul_add(ir, k, number(ir, -LN2_LOW), low);
    return (struct nf_math_exp_rest){remainder, small, scale};
}

/* e^r = 1 + (remainder + (small + r^2 part(r))): the rounded r is good enough for the last. What is
 * added to 1 is below 0.42, and rounds by a quarter of a place of the result at most: a first sum
 * that loses nothing would give 0.75 places instead of 0.89, and costs three operations more. */
static struct nf_math_scaled exp_of_rest(nf_ir *ir, struct nf_math_exp_rest rest)
{
    nf_value r = add(ir, rest.remainder, rest.small);
    nf_value rr = mul(ir, r, r);
    nf_value bend = mul_add(ir, rr, polynomial(ir, r, rr, exp_part, 10), rest.small);
    nf_value value = add(ir, number(ir, 1), add(ir, rest.remainder, bend));
    return (struct nf_math_scaled){value, rest.scale};
}

struct nf_math_scaled nf_math_exp_scaled(nf_ir *ir, nf_value high, nf_value low)
{
    return exp_of_rest(ir, nf_math_exp_reduce(ir, high, low));
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
nf_value nf_math_clamp(nf_ir *ir, nf_value x, double limit)
{
    x = choose(ir, less(ir, number(ir, limit), x), number(ir, limit), x);
    return choose(ir, less(ir, x, number(ir, -limit)), number(ir, -limit), x);
}

static nf_value exp_extreme(nf_ir *ir, const nf_value *x)
{
    nf_value clamped = nf_math_clamp(ir, x[0], CLAMP);
    return nf_math_scale_widely(ir, nf_math_exp_scaled(ir, clamped, number(ir, -0.0)));
}

nf_value nf_math_exp(nf_ir *ir, nf_value x)
{
    nf_value usual = nf_math_scale(ir, nf_math_exp_scaled(ir, x, number(ir, -0.0)));
    nf_value is_extreme = is_beyond(ir, magnitude(ir, x), USUAL_LIMIT);
    return nf_ir_rare(ir, is_extreme, usual, exp_extreme, &x, 1);
}

/* 2^x = 2^k e^(f ln 2), where x - k = f exactly. */
static struct nf_math_scaled exp2_scaled(nf_ir *ir, nf_value x)
{
    nf_value scale = add(ir, x, number(ir, ROUNDER));
    nf_value f = sub(ir, x, sub(ir, scale, number(ir, ROUNDER)));
    nf_value remainder = mul(ir, f, number(ir, LN2_HIGH));
    nf_value small = mul_sub(ir, f, number(ir, LN2_HIGH), remainder);
    small = mul_add(ir, f, number(ir, LN2_LOW), small);
    return exp_of_rest(ir, (struct nf_math_exp_rest){remainder, small, scale});
}

static nf_value exp2_extreme(nf_ir *ir, const nf_value *x)
{
    return nf_math_scale_widely(ir, exp2_scaled(ir, nf_math_clamp(ir, x[0], CLAMP_2)));
}

nf_value nf_math_exp2(nf_ir *ir, nf_value x)
{
    nf_value usual = nf_math_scale(ir, exp2_scaled(ir, x));
    nf_value is_extreme = is_beyond(ir, magnitude(ir, x), USUAL_LIMIT_2);
    return nf_ir_rare(ir, is_extreme, usual, exp2_extreme, &x, 1);
}
