/* math_parts.h: the functions one by one, and what they share with each other. */
#ifndef NF_MATH_PARTS_H
#define NF_MATH_PARTS_H

#include "math_build.h"

/* high + low = k ln 2 + remainder + small, |remainder| < 0.35; the integer k is in the low bits of
 * scale, which has others above. For |high| < 2^40; |low| is small against 1. */
struct nf_math_exp_rest {
    nf_value remainder, small, scale;
};
struct nf_math_exp_rest nf_math_exp_reduce(nf_ir *ir, nf_value high, nf_value low);
/* e^(high + low) = value * 2^k, k in scale as above. */
struct nf_math_scaled {
    nf_value value, scale;
};
struct nf_math_scaled nf_math_exp_scaled(nf_ir *ir, nf_value high, nf_value low);
/* value * 2^k where the result is a normal number. */
nf_value nf_math_scale(nf_ir *ir, struct nf_math_scaled number);
/* The same for |k| < 2000, to infinity and through the subnormal numbers to 0. */
nf_value nf_math_scale_widely(nf_ir *ir, struct nf_math_scaled number);

/* x between -limit and limit; a NaN stays one. */
nf_value nf_math_clamp(nf_ir *ir, nf_value x, double limit);

/* x = (1 + fraction) * 2^exponent for a positive normal x, |fraction| small: sqrt(1/2) <= 1 +
 * fraction < sqrt(2). The exponent is a number, less exponent_bias. */
struct nf_math_split {
    nf_value mantissa, exponent;
};
struct nf_math_split nf_math_split(nf_ir *ir, nf_value x, double exponent_bias);
/* log of what was split, to about 2^-68 of it. */
struct pair nf_math_log_pair(nf_ir *ir, struct nf_math_split x);

/* |x| = quarter * pi/2 + r + rest, |r| <= pi/4 and a little, rest at most of the order of r's last
 * place; quarter is in the low bits of an integer. */
struct nf_math_angle {
    nf_value r, rest, quarter;
};
#define NF_MATH_ANGLE_LIMIT 0x1p40
/* For magnitudes up to the limit; and for any finite one, slower. */
struct nf_math_angle nf_math_reduce(nf_ir *ir, nf_value magnitude_of_x);
struct nf_math_angle nf_math_reduce_widely(nf_ir *ir, nf_value magnitude_of_x);

nf_value nf_math_sign(nf_ir *ir, nf_value x);
nf_value nf_math_min(nf_ir *ir, nf_value x, nf_value y);
nf_value nf_math_max(nf_ir *ir, nf_value x, nf_value y);
nf_value nf_math_ceil(nf_ir *ir, nf_value x);
nf_value nf_math_round(nf_ir *ir, nf_value x);
nf_value nf_math_trunc(nf_ir *ir, nf_value x);
nf_value nf_math_fmod(nf_ir *ir, nf_value x, nf_value y);
nf_value nf_math_exp(nf_ir *ir, nf_value x);
nf_value nf_math_exp2(nf_ir *ir, nf_value x);
nf_value nf_math_expm1(nf_ir *ir, nf_value x);
nf_value nf_math_log(nf_ir *ir, nf_value x);
nf_value nf_math_log2(nf_ir *ir, nf_value x);
nf_value nf_math_log10(nf_ir *ir, nf_value x);
nf_value nf_math_log1p(nf_ir *ir, nf_value x);
nf_value nf_math_sin(nf_ir *ir, nf_value x);
nf_value nf_math_cos(nf_ir *ir, nf_value x);
nf_value nf_math_tan(nf_ir *ir, nf_value x);
nf_value nf_math_asin(nf_ir *ir, nf_value x);
nf_value nf_math_acos(nf_ir *ir, nf_value x);
nf_value nf_math_atan(nf_ir *ir, nf_value x);
nf_value nf_math_atan2(nf_ir *ir, nf_value y, nf_value x);
nf_value nf_math_sinh(nf_ir *ir, nf_value x);
nf_value nf_math_cosh(nf_ir *ir, nf_value x);
nf_value nf_math_tanh(nf_ir *ir, nf_value x);
nf_value nf_math_cbrt(nf_ir *ir, nf_value x);
nf_value nf_math_hypot(nf_ir *ir, nf_value x, nf_value y);

#endif
