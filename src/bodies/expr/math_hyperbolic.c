/* math_hyperbolic.c: expm1, and sinh, cosh and tanh, which are made of it.
 *
 * e^x = s (1 + r + c), s a power of two and r exact; so e^x - 1 = (s - 1) + s r + s c, the first
 * two added exactly, keeps every place where x is small. */
#include "math_parts.h"

#include "coefficients/exp.h"

#define USUAL_LIMIT 708.0
#define CLAMP       1000.0
/* tanh is 1 from half of it on. */
#define TANH_CLAMP 44.0

/* s, s r, s c. */
struct parts {
    nf_value power, first, rest;
};

/* c = small + r^2 part(r), and the last place that r = remainder + small loses, times r. */
static nf_value bend(nf_ir *ir, struct nf_math_exp_rest rest)
{
    struct pair r = sum_ordered(ir, rest.remainder, rest.small);
    nf_value rr = mul(ir, r.high, r.high);
    nf_value part = polynomial(ir, r.high, rr, expm1_part + 1, 10);
    part = mul_add(ir, part, r.high, number(ir, expm1_part[0]));
    return mul_add(ir, rr, part, mul_add(ir, r.low, r.high, rest.small));
}

static struct parts parts_of(nf_ir *ir, nf_value x)
{
    struct nf_math_exp_rest rest = nf_math_exp_reduce(ir, x, number(ir, -0.0));
    nf_value power = int_add(ir, shift_left(ir, rest.scale, word(ir, 52)), word(ir, BITS_OF_ONE));
    return (struct parts){power, mul(ir, power, rest.remainder), mul(ir, power, bend(ir, rest))};
}

static struct pair expm1_pair(nf_ir *ir, nf_value x)
{
    struct parts e = parts_of(ir, x);
    struct pair start = sum_any(ir, e.power, number(ir, -1));
    struct pair sum = sum_ordered(ir, start.high, e.first);
    nf_value low = add(ir, add(ir, sum.low, start.low), e.rest);
    return sum_ordered(ir, sum.high, low);
}

static nf_value with_sign(nf_ir *ir, nf_value y, nf_value x)
{
    return bit_or(ir, y, sign_of(ir, x));
}

/* e^x * 2^shift for large x, to infinity. */
static nf_value large_exp(nf_ir *ir, nf_value x, uint64_t shift)
{
    nf_value clamped = nf_math_clamp(ir, x, CLAMP);
    struct nf_math_scaled y = nf_math_exp_scaled(ir, clamped, number(ir, -0.0));
    y.scale = int_add(ir, y.scale, word(ir, shift));
    return nf_math_scale_widely(ir, y);
}

static nf_value expm1_extreme(nf_ir *ir, const nf_value *x)
{
    nf_value is_negative = less(ir, x[0], number(ir, 0));
    return choose(ir, is_negative, number(ir, -1), large_exp(ir, x[0], 0));
}

nf_value nf_math_expm1(nf_ir *ir, nf_value x)
{
    nf_value usual = with_sign(ir, expm1_pair(ir, x).high, x);
    nf_value is_extreme = is_beyond(ir, magnitude(ir, x), USUAL_LIMIT);
    return nf_ir_rare(ir, is_extreme, usual, expm1_extreme, &x, 1);
}

static nf_value sinh_extreme(nf_ir *ir, const nf_value *x)
{
    return with_sign(ir, large_exp(ir, magnitude(ir, x[0]), UINT64_MAX), x[0]);
}

/* With m = e^|x| - 1, sinh |x| = (m + m / (1 + m)) / 2. */
nf_value nf_math_sinh(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x);
    struct pair m = expm1_pair(ir, size);
    struct pair below = sum_any(ir, number(ir, 1), m.high);
    below.low = add(ir, below.low, m.low);
    struct pair ratio = pair_quotient(ir, m, below);
    struct pair sum = sum_ordered(ir, m.high, ratio.high);
    nf_value low = add(ir, sum.low, add(ir, m.low, ratio.low));
    nf_value half = mul(ir, add(ir, sum.high, low), number(ir, 0.5));
    nf_value is_extreme = is_beyond(ir, size, USUAL_LIMIT);
    return nf_ir_rare(ir, is_extreme, with_sign(ir, half, x), sinh_extreme, &x, 1);
}

static nf_value cosh_extreme(nf_ir *ir, const nf_value *size)
{
    return large_exp(ir, size[0], UINT64_MAX);
}

/* (e^|x| + e^-|x|) / 2, nothing cancels. */
nf_value nf_math_cosh(nf_ir *ir, nf_value x)
{
    nf_value size = magnitude(ir, x), half = number(ir, 0.5);
    struct parts e = parts_of(ir, size);
    struct pair sum = sum_ordered(ir, e.power, e.first);
    struct pair grown = sum_ordered(ir, sum.high, add(ir, sum.low, e.rest));
    nf_value shrunk = divide(ir, half, grown.high);
    struct pair all = sum_ordered(ir, mul(ir, grown.high, half), shrunk);
    nf_value low = mul_add(ir, grown.low, half, all.low);
    nf_value is_extreme = is_beyond(ir, size, USUAL_LIMIT);
    return nf_ir_rare(ir, is_extreme, add(ir, all.high, low), cosh_extreme, &size, 1);
}

/* With m = e^(-2|x|) - 1, tanh |x| = -m / (2 + m). */
nf_value nf_math_tanh(nf_ir *ir, nf_value x)
{
    nf_value twice = mul(ir, magnitude(ir, x), number(ir, -2));
    struct pair m = expm1_pair(ir, nf_math_clamp(ir, twice, TANH_CLAMP));
    struct pair below = sum_ordered(ir, number(ir, 2), m.high);
    below.low = add(ir, below.low, m.low);
    struct pair ratio = pair_quotient(ir, m, below);
    nf_value y = add(ir, ratio.high, ratio.low);
    return with_sign(ir, magnitude(ir, y), x);
}
