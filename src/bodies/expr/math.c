/* math.c: the functions by name. */
#include "math.h"
#include "math_parts.h"

#define ONE_ARGUMENT(name)                                                                         \
    static nf_value build_##name(nf_ir *ir, const nf_value *argument)                              \
    {                                                                                              \
        return nf_math_##name(ir, argument[0]);                                                    \
    }
#define TWO_ARGUMENTS(name)                                                                        \
    static nf_value build_##name(nf_ir *ir, const nf_value *argument)                              \
    {                                                                                              \
        return nf_math_##name(ir, argument[0], argument[1]);                                       \
    }

static nf_value build_sqrt(nf_ir *ir, const nf_value *argument)
{
    return square_root(ir, argument[0]);
}

static nf_value build_abs(nf_ir *ir, const nf_value *argument)
{
    return magnitude(ir, argument[0]);
}

static nf_value build_fma(nf_ir *ir, const nf_value *argument)
{
    return mul_add(ir, argument[0], argument[1], argument[2]);
}

static nf_value build_where(nf_ir *ir, const nf_value *argument)
{
    nf_value holds = nf_ir_op2(ir, NF_IR_NE, argument[0], nf_ir_const(ir, 0));
    return nf_ir_op3(ir, NF_IR_SELECT, holds, argument[1], argument[2]);
}

ONE_ARGUMENT(sign)
TWO_ARGUMENTS(min)
TWO_ARGUMENTS(max)
ONE_ARGUMENT(floor)
ONE_ARGUMENT(ceil)
ONE_ARGUMENT(round)
ONE_ARGUMENT(trunc)
TWO_ARGUMENTS(mod)
TWO_ARGUMENTS(fmod)
ONE_ARGUMENT(exp)
ONE_ARGUMENT(exp2)
ONE_ARGUMENT(expm1)
ONE_ARGUMENT(log)
ONE_ARGUMENT(log2)
ONE_ARGUMENT(log10)
ONE_ARGUMENT(log1p)
ONE_ARGUMENT(sin)
ONE_ARGUMENT(cos)
ONE_ARGUMENT(tan)
ONE_ARGUMENT(asin)
ONE_ARGUMENT(acos)
ONE_ARGUMENT(atan)
TWO_ARGUMENTS(atan2)
ONE_ARGUMENT(sinh)
ONE_ARGUMENT(cosh)
ONE_ARGUMENT(tanh)
TWO_ARGUMENTS(pow)
ONE_ARGUMENT(cbrt)
TWO_ARGUMENTS(hypot)

const struct nf_math_function nf_math_functions[] = {
    {"sqrt", 1, build_sqrt, "square root, correctly rounded"},
    {"abs", 1, build_abs, "magnitude"},
    {"sign", 1, build_sign, "-1, 0 or 1"},
    {"min", 2, build_min, "the lesser; a NaN if one is"},
    {"max", 2, build_max, "the greater; a NaN if one is"},
    {"fma", 3, build_fma, "a*b + c, rounded once"},
    {"floor", 1, build_floor, "the next whole number below"},
    {"ceil", 1, build_ceil, "the next whole number above"},
    {"round", 1, build_round, "the nearest whole number, half to even"},
    {"trunc", 1, build_trunc, "the whole part"},
    {"mod", 2, build_mod, "exact remainder with the sign of the divisor, as %"},
    {"fmod", 2, build_fmod, "exact remainder with the sign of the dividend, as in C"},
    {"exp", 1, build_exp, "e to a power"},
    {"exp2", 1, build_exp2, "2 to a power"},
    {"expm1", 1, build_expm1, "e to a power less 1, exact near 0"},
    {"log", 1, build_log, "natural logarithm"},
    {"log2", 1, build_log2, "binary logarithm"},
    {"log10", 1, build_log10, "decimal logarithm"},
    {"log1p", 1, build_log1p, "logarithm of 1 + x, exact near 0"},
    {"sin", 1, build_sin, "sine of an angle in radians"},
    {"cos", 1, build_cos, "cosine of an angle in radians"},
    {"tan", 1, build_tan, "tangent of an angle in radians"},
    {"asin", 1, build_asin, "arc sine, in radians"},
    {"acos", 1, build_acos, "arc cosine, in radians"},
    {"atan", 1, build_atan, "arc tangent, in radians"},
    {"atan2", 2, build_atan2, "angle of the point (x, y) = (second, first argument)"},
    {"sinh", 1, build_sinh, "hyperbolic sine"},
    {"cosh", 1, build_cosh, "hyperbolic cosine"},
    {"tanh", 1, build_tanh, "hyperbolic tangent"},
    {"pow", 2, build_pow, "x to the power y, as ^ and **"},
    {"cbrt", 1, build_cbrt, "cube root"},
    {"hypot", 2, build_hypot, "sqrt(x*x + y*y), without overflow"},
    {"where", 3, build_where, "b if a is not zero, c if it is"},
    {0},
};
