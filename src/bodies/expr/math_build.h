/* math_build.h: the words in which the mathematics is written: one short call for each operation of
 * the IR, and the few idioms that every function uses. */
#ifndef NF_MATH_BUILD_H
#define NF_MATH_BUILD_H

#include "ir.h"

#define SIGN_BIT         UINT64_C(0x8000000000000000)
#define ONES             UINT64_MAX
#define FRACTION_BITS    UINT64_C(0x000fffffffffffff)
#define BITS_OF_ONE      UINT64_C(0x3ff0000000000000)
#define BITS_OF_INFINITY UINT64_C(0x7ff0000000000000)
#define BITS_OF_NORMAL   UINT64_C(0x0010000000000000) /* 2^-1022, the least normal number */
#define INFINITE         __builtin_inf()
#define NOT_A_NUMBER     __builtin_nan("")

/* Added to a number below 2^51 it leaves its nearest integer in the low bits; subtracted again, as
 * a number. */
#define ROUNDER         0x1.8p52
#define BITS_OF_ROUNDER UINT64_C(0x4338000000000000)
/* Ored into a number of 52 bits it makes 2^52 + that number. */
#define BITS_OF_2_52 UINT64_C(0x4330000000000000)

static inline nf_value number(nf_ir *ir, double value)
{
    return nf_ir_const(ir, value);
}

static inline nf_value word(nf_ir *ir, uint64_t bits)
{
    return nf_ir_bits(ir, bits);
}

#define NF_MATH_WORD_1(name, op)                                                                   \
    static inline nf_value name(nf_ir *ir, nf_value a)                                             \
    {                                                                                              \
        return nf_ir_op1(ir, NF_IR_##op, a);                                                       \
    }
#define NF_MATH_WORD_2(name, op)                                                                   \
    static inline nf_value name(nf_ir *ir, nf_value a, nf_value b)                                 \
    {                                                                                              \
        return nf_ir_op2(ir, NF_IR_##op, a, b);                                                    \
    }
#define NF_MATH_WORD_3(name, op)                                                                   \
    static inline nf_value name(nf_ir *ir, nf_value a, nf_value b, nf_value c)                     \
    {                                                                                              \
        return nf_ir_op3(ir, NF_IR_##op, a, b, c);                                                 \
    }

NF_MATH_WORD_2(add, ADD)
NF_MATH_WORD_2(sub, SUB)
NF_MATH_WORD_2(mul, MUL)
NF_MATH_WORD_2(divide, DIV)
NF_MATH_WORD_1(square_root, SQRT)
NF_MATH_WORD_3(mul_add, FMA)
NF_MATH_WORD_1(negate, NEG)
NF_MATH_WORD_1(magnitude, ABS)
NF_MATH_WORD_2(less, LT)
NF_MATH_WORD_2(at_most, LE)
NF_MATH_WORD_2(equal, EQ)
NF_MATH_WORD_2(unequal, NE)
NF_MATH_WORD_3(choose, SELECT)
NF_MATH_WORD_2(int_add, IADD)
NF_MATH_WORD_2(int_sub, ISUB)
NF_MATH_WORD_2(int_mul, IMUL)
NF_MATH_WORD_2(int_mul_high, IMULHI)
NF_MATH_WORD_2(bit_and, AND)
NF_MATH_WORD_2(bit_or, OR)
NF_MATH_WORD_2(bit_xor, XOR)
NF_MATH_WORD_2(shift_left, SHL)
NF_MATH_WORD_2(shift_right, SHR)
NF_MATH_WORD_2(shift_signed, SAR)
NF_MATH_WORD_2(int_equal, IEQ)
NF_MATH_WORD_2(int_less, ILT)

static inline nf_value opposite(nf_ir *ir, nf_value mask)
{
    return bit_xor(ir, mask, word(ir, ONES));
}

static inline nf_value is_nan(nf_ir *ir, nf_value x)
{
    return unequal(ir, x, x);
}

/* The sign bit of x, alone. */
static inline nf_value sign_of(nf_ir *ir, nf_value x)
{
    return bit_and(ir, x, word(ir, SIGN_BIT));
}

/* a*b - c and c - a*b, rounded once. */
static inline nf_value mul_sub(nf_ir *ir, nf_value a, nf_value b, nf_value c)
{
    return mul_add(ir, a, b, negate(ir, c));
}

static inline nf_value sub_mul(nf_ir *ir, nf_value c, nf_value a, nf_value b)
{
    return mul_add(ir, negate(ir, a), b, c);
}

/* Positive x outside of low <= x < high, given as bits; negative numbers and NaNs are outside too.
 */
static inline nf_value is_outside(nf_ir *ir, nf_value x, uint64_t low, uint64_t high)
{
    nf_value shifted = int_add(ir, x, word(ir, SIGN_BIT - low)); /* a signed compare will do */
    return int_less(ir, word(ir, (high - low - 1) ^ SIGN_BIT), shifted);
}

/* The magnitude of x is above limit, or x is a NaN. */
static inline nf_value is_beyond(nf_ir *ir, nf_value magnitude_of_x, double limit)
{
    return int_less(ir, number(ir, limit), magnitude_of_x);
}

/* 2^n from the biased exponent n + 1023, an integer in 1 ... 2046. */
static inline nf_value power_of_two(nf_ir *ir, nf_value biased_exponent)
{
    return shift_left(ir, biased_exponent, word(ir, 52));
}

/* An unsigned integer below 2^52 as a number. */
static inline nf_value to_number(nf_ir *ir, nf_value integer)
{
    return sub(ir, bit_or(ir, integer, word(ir, BITS_OF_2_52)), number(ir, 0x1p52));
}

/* sum c[k] x^k by even and odd powers: as few operations as Horner, half as long a chain. */
static inline nf_value polynomial(nf_ir *ir, nf_value x, nf_value xx, const double *c, size_t count)
{
    nf_value part[2] = {number(ir, c[count - 1]), number(ir, c[count - 2])};
    for (size_t k = count - 2; k-- > 0;)
        part[(count - 1 - k) % 2] = mul_add(ir, part[(count - 1 - k) % 2], xx, number(ir, c[k]));
    nf_value even = part[(count - 1) % 2], odd = part[count % 2];
    return mul_add(ir, odd, x, even);
}

/* A number as the sum of two, the second much smaller: about 106 bits. */
struct pair {
    nf_value high, low;
};

/* a + b exactly, if a = 0, |a| >= |b|, or a is a multiple of the last place of b. */
static inline struct pair sum_ordered(nf_ir *ir, nf_value a, nf_value b)
{
    nf_value sum = add(ir, a, b);
    return (struct pair){sum, sub(ir, b, sub(ir, sum, a))};
}

/* a + b exactly: Knuth's six operations. */
static inline struct pair sum_any(nf_ir *ir, nf_value a, nf_value b)
{
    nf_value sum = add(ir, a, b);
    nf_value b_in_sum = sub(ir, sum, a);
    nf_value a_lost = sub(ir, a, sub(ir, sum, b_in_sum));
    return (struct pair){sum, add(ir, a_lost, sub(ir, b, b_in_sum))};
}

/* a * b exactly, unless it underflows. */
static inline struct pair product(nf_ir *ir, nf_value a, nf_value b)
{
    nf_value high = mul(ir, a, b);
    return (struct pair){high, mul_sub(ir, a, b, high)};
}

/* a * b of pairs, to about 2^-104. */
static inline struct pair pair_product(nf_ir *ir, struct pair a, struct pair b)
{
    struct pair p = product(ir, a.high, b.high);
    p.low = mul_add(ir, a.high, b.low, mul_add(ir, a.low, b.high, p.low));
    return p;
}

/* a / b for pairs in order, to about 2^-100 if b and 1 / b are normal and a is not tiny. */
static inline struct pair pair_quotient(nf_ir *ir, struct pair a, struct pair b)
{
    nf_value inverse = divide(ir, number(ir, 1), b.high);
    nf_value quotient = mul(ir, a.high, inverse);
    nf_value rest = sub_mul(ir, a.high, quotient, b.high);
    rest = add(ir, rest, sub_mul(ir, a.low, quotient, b.low));
    return (struct pair){quotient, mul(ir, rest, inverse)};
}

#endif
