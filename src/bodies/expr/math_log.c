/* math_log.c: log, log1p, log2, log10, and log to more than 53 bits, which pow is made of.
 *
 * With s = f / (2 + f), log(1 + f) = log((1 + s) / (1 - s)) = 2 s + s^3 (2/3 + s^2 2/5 + ...). */
#include "math_parts.h"

#include "coefficients/log.h"

#define BITS_OF_ROOT_HALF UINT64_C(0x3fe6a09e667f3bcd) /* sqrt(1/2) */
#define EXPONENT_OFFSET   UINT64_C(1024) /* keeps the exponent positive while it is an integer */
/* Brings a subnormal number among the normal ones. */
#define LIFT_EXPONENT 54.0
#define LIFT          0x1p54

struct nf_math_split nf_math_split(nf_ir *ir, nf_value x, double exponent_bias)
{
    uint64_t offset = (EXPONENT_OFFSET << 52) - BITS_OF_ROOT_HALF;
    nf_value shifted = int_add(ir, x, word(ir, offset));
    nf_value fraction = bit_and(ir, shifted, word(ir, FRACTION_BITS));
    nf_value exponent = shift_right(ir, shifted, word(ir, 52));
    nf_value biased = bit_or(ir, exponent, word(ir, BITS_OF_2_52));
    return (struct nf_math_split){
        int_add(ir, fraction, word(ir, BITS_OF_ROOT_HALF)),
        sub(ir, biased, number(ir, 0x1p52 + (double)EXPONENT_OFFSET + exponent_bias))};
}

/* log(1 + f) = f - (half_square - s * bend): 2 s = f - s f, and s f = f^2/2 - s f^2/2. */
struct mantissa_log {
    nf_value f, half_square, s, bend;
};

static struct mantissa_log log_of_mantissa(nf_ir *ir, nf_value mantissa)
{
    struct mantissa_log y;
    y.f = sub(ir, mantissa, number(ir, 1));
    y.s = divide(ir, y.f, add(ir, y.f, number(ir, 2)));
    nf_value z = mul(ir, y.s, y.s);
    nf_value part = polynomial(ir, z, mul(ir, z, z), log_part, 7);
    y.half_square = mul(ir, mul(ir, y.f, number(ir, 0.5)), y.f);
    y.bend = mul_add(ir, z, part, y.half_square);
    return y;
}

/* log of what was split, plus more, which is small: f, which is exact, is added last but one. */
static nf_value log_of_split(nf_ir *ir, struct nf_math_split x, nf_value more)
{
    struct mantissa_log y = log_of_mantissa(ir, x.mantissa);
    nf_value low = mul_add(ir, x.exponent, number(ir, LN2_LOW), more);
    nf_value small = mul_add(ir, y.s, y.bend, low);
    nf_value fraction = sub(ir, y.f, sub(ir, y.half_square, small));
    return mul_add(ir, x.exponent, number(ir, LN2_HIGH), fraction);
}

/* A logarithm of a number of any kind, which program computes for the positive and normal ones. */
typedef nf_value log_program(nf_ir *ir, struct nf_math_split x);

static nf_value natural(nf_ir *ir, struct nf_math_split x)
{
    return log_of_split(ir, x, number(ir, -0.0));
}

/* 0, negative numbers, infinity and NaN; other results stay. */
static nf_value log_limits(nf_ir *ir, nf_value x, nf_value y)
{
    nf_value zero = number(ir, 0);
    y = choose(ir, equal(ir, x, zero), number(ir, -INFINITE), y);
    y = choose(ir, less(ir, x, zero), number(ir, NOT_A_NUMBER), y);
    return choose(ir, less(ir, x, number(ir, INFINITE)), y, x);
}

static nf_value log_extreme_of(nf_ir *ir, nf_value x, log_program *program)
{
    nf_value lifted = mul(ir, x, number(ir, LIFT));
    return log_limits(ir, x, program(ir, nf_math_split(ir, lifted, LIFT_EXPONENT)));
}

static nf_value log_extreme(nf_ir *ir, const nf_value *x)
{
    return log_extreme_of(ir, x[0], natural);
}

static nf_value log_with(nf_ir *ir, nf_value x, log_program *program, nf_ir_build_fn *extreme)
{
    nf_value usual = program(ir, nf_math_split(ir, x, 0));
    nf_value is_extreme = is_outside(ir, x, BITS_OF_NORMAL, BITS_OF_INFINITY);
    return nf_ir_rare(ir, is_extreme, usual, extreme, &x, 1);
}

nf_value nf_math_log(nf_ir *ir, nf_value x)
{
    return log_with(ir, x, natural, log_extreme);
}

/* --- log1p -------------------------------------------------------------------------------------
 */

static nf_value log1p_extreme(nf_ir *ir, const nf_value *x)
{
    nf_value sum = add(ir, x[0], number(ir, 1));
    return log_limits(ir, sum, sum);
}

/* log(u + v) = log u + v/u, where u + v = 1 + x and v is what the rounding lost. */
nf_value nf_math_log1p(nf_ir *ir, nf_value x)
{
    struct pair sum = sum_any(ir, number(ir, 1), x);
    nf_value more = divide(ir, sum.low, sum.high);
    nf_value y = log_of_split(ir, nf_math_split(ir, sum.high, 0), more);
    y = bit_or(ir, y, sign_of(ir, x)); /* for -0 */
    nf_value is_extreme = is_outside(ir, sum.high, BITS_OF_NORMAL, BITS_OF_INFINITY);
    return nf_ir_rare(ir, is_extreme, y, log1p_extreme, &x, 1);
}

/* --- log2, log10 -------------------------------------------------------------------------------
 */

/* The logarithm of the mantissa as a pair, times 1 / ln base. */
static struct pair log_to_base(nf_ir *ir, nf_value mantissa, double inverse, double inverse_low)
{
    struct mantissa_log y = log_of_mantissa(ir, mantissa);
    nf_value small = mul_sub(ir, y.s, y.bend, y.half_square);
    struct pair natural_log = sum_ordered(ir, y.f, small);
    return pair_product(ir, natural_log,
                        (struct pair){number(ir, inverse), number(ir, inverse_low)});
}

static nf_value binary(nf_ir *ir, struct nf_math_split x)
{
    struct pair y = log_to_base(ir, x.mantissa, INVERSE_LN2_HIGH, INVERSE_LN2_LOW);
    struct pair sum = sum_ordered(ir, x.exponent, y.high);
    return add(ir, sum.high, add(ir, sum.low, y.low));
}

static nf_value decimal(nf_ir *ir, struct nf_math_split x)
{
    struct pair y = log_to_base(ir, x.mantissa, INVERSE_LN10_HIGH, INVERSE_LN10_LOW);
    nf_value exact = mul(ir, x.exponent, number(ir, LOG10_2_SHORT));
    struct pair sum = sum_ordered(ir, exact, y.high);
    nf_value low = mul_add(ir, x.exponent, number(ir, LOG10_2_REST), y.low);
    return add(ir, sum.high, add(ir, sum.low, low));
}

static nf_value log2_extreme(nf_ir *ir, const nf_value *x)
{
    return log_extreme_of(ir, x[0], binary);
}

static nf_value log10_extreme(nf_ir *ir, const nf_value *x)
{
    return log_extreme_of(ir, x[0], decimal);
}

nf_value nf_math_log2(nf_ir *ir, nf_value x)
{
    return log_with(ir, x, binary, log2_extreme);
}

nf_value nf_math_log10(nf_ir *ir, nf_value x)
{
    return log_with(ir, x, decimal, log10_extreme);
}

/* --- more than 53 bits -------------------------------------------------------------------------
 */

/* f / (2 + f) to about 2^-104. */
static struct pair ratio(nf_ir *ir, nf_value mantissa)
{
    nf_value one = number(ir, 1);
    nf_value f = sub(ir, mantissa, one);
    nf_value below = add(ir, mantissa, one);
    nf_value below_low = sub(ir, mantissa, sub(ir, below, one));
    nf_value inverse = divide(ir, one, below);
    nf_value s = mul(ir, f, inverse);
    nf_value rest = sub_mul(ir, sub_mul(ir, f, s, below), s, below_low);
    return (struct pair){s, mul(ir, rest, inverse)};
}

/* 2 + z (2/3 + z tail(z)), z = s^2. */
static struct pair log_series(nf_ir *ir, struct pair s)
{
    nf_value third = number(ir, TWO_THIRDS_HIGH);
    struct pair z = product(ir, s.high, s.high);
    z.low = mul_add(ir, add(ir, s.high, s.high), s.low, z.low);
    nf_value tail = polynomial(ir, z.high, mul(ir, z.high, z.high), log_tail, 8);
    struct pair sum = {mul_add(ir, z.high, tail, third), third};
    nf_value lost = mul_add(ir, z.high, tail, sub(ir, third, sum.high));
    sum.low = mul_add(ir, z.low, tail, add(ir, lost, number(ir, TWO_THIRDS_LOW)));
    struct pair bend = pair_product(ir, z, sum);
    struct pair series = sum_ordered(ir, number(ir, 2), bend.high);
    series.low = add(ir, series.low, bend.low);
    return series;
}

struct pair nf_math_log_pair(nf_ir *ir, struct nf_math_split x)
{
    struct pair s = ratio(ir, x.mantissa);
    struct pair y = pair_product(ir, s, log_series(ir, s));
    nf_value exact = mul(ir, x.exponent, number(ir, LN2_SHORT));
    struct pair sum = sum_ordered(ir, exact, y.high);
    nf_value low = mul_add(ir, x.exponent, number(ir, LN2_REST), y.low);
    return (struct pair){sum.high, add(ir, sum.low, low)};
}
