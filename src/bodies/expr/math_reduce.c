/* math_reduce.c: an angle as quarter turns and the rest. */
#include "math_parts.h"

#include "coefficients/trig.h"

/* pi/2 in three parts. The first difference is exact; and the second is a sum_ordered, because its
 * first term is a multiple of 2^-53, more than the last place of the other. */
struct nf_math_angle nf_math_reduce(nf_ir *ir, nf_value magnitude_of_x)
{
    nf_value quarter = mul_add(ir, magnitude_of_x, number(ir, TWO_OVER_PI), number(ir, ROUNDER));
    nf_value k = sub(ir, quarter, number(ir, ROUNDER));
    nf_value first = mul_add(ir, k, number(ir, -HALF_PI_1), magnitude_of_x);
    nf_value second = mul(ir, k, number(ir, -HALF_PI_2));
    nf_value second_low = mul_add(ir, k, number(ir, HALF_PI_2), second);
    nf_value third = mul_add(ir, k, number(ir, HALF_PI_3), second_low);
    nf_value high = add(ir, first, second);
    nf_value lost = add(ir, sub(ir, first, high), second);
    return (struct nf_math_angle){high, sub(ir, lost, third), quarter};
}

/* Word number `index` of 2/pi's bits from a given bit on. */
static nf_value window(nf_ir *ir, nf_value first_word, nf_value shift, uint64_t index)
{
    size_t count = sizeof two_over_pi / sizeof *two_over_pi;
    nf_value at = int_add(ir, first_word, word(ir, index));
    nf_value next = int_add(ir, first_word, word(ir, index + 1));
    nf_value high = nf_ir_table(ir, two_over_pi, count, at);
    nf_value low = nf_ir_table(ir, two_over_pi, count, next);
    nf_value back = bit_xor(ir, shift, word(ir, 63)); /* 64 - shift may be 64: shift by 1 first */
    low = shift_right(ir, shift_right(ir, low, word(ir, 1)), back);
    return bit_or(ir, shift_left(ir, high, shift), low);
}

/* 128 bits of a fraction of a quarter turn, high signed. */
struct fraction {
    nf_value high, low;
};

/* x is a mantissa of 53 bits times 2^(exponent - 1075). Bits of 2/pi that give whole turns are left
 * out; 192 bits from there give 2 bits of quarters and at least 137 of the fraction. */
static struct fraction multiply(nf_ir *ir, nf_value x, nf_value *quarter)
{
    nf_value exponent = shift_right(ir, x, word(ir, 52));
    nf_value mantissa =
        bit_or(ir, bit_and(ir, x, word(ir, FRACTION_BITS)), word(ir, BITS_OF_NORMAL));
    nf_value position = int_add(ir, exponent, word(ir, TWO_OVER_PI_ZERO_BITS - 1077));
    nf_value first_word = shift_right(ir, position, word(ir, 6));
    nf_value shift = bit_and(ir, position, word(ir, 63));
    nf_value window_0 = window(ir, first_word, shift, 0);
    nf_value window_1 = window(ir, first_word, shift, 1);
    nf_value window_2 = window(ir, first_word, shift, 2);

    nf_value low = int_mul(ir, mantissa, window_2);
    nf_value carried = int_mul_high(ir, mantissa, window_2);
    nf_value middle = int_add(ir, int_mul(ir, mantissa, window_1), carried);
    nf_value sign = word(ir, SIGN_BIT); /* makes the comparison of what is unsigned a signed one */
    nf_value carry = int_less(ir, bit_xor(ir, middle, sign), bit_xor(ir, carried, sign));
    nf_value high =
        int_add(ir, int_mul(ir, mantissa, window_0), int_mul_high(ir, mantissa, window_1));
    high = int_sub(ir, high, carry);

    nf_value two = word(ir, 2), rest = word(ir, 62);
    struct fraction f = {bit_or(ir, shift_left(ir, high, two), shift_right(ir, middle, rest)),
                         bit_or(ir, shift_left(ir, middle, two), shift_right(ir, low, rest))};
    nf_value half = shift_right(ir, f.high, word(ir, 63)); /* rounds up to the next quarter */
    *quarter = int_add(ir, shift_right(ir, high, rest), half);
    return f;
}

/* 128 bits in four pieces of 32, each exact, summed from the top. */
static struct pair to_pair(nf_ir *ir, struct fraction f)
{
    nf_value half_word = word(ir, 32), low_bits = word(ir, UINT32_MAX);
    nf_value biased = int_add(ir, shift_signed(ir, f.high, half_word), word(ir, BITS_OF_ROUNDER));
    nf_value a = mul(ir, sub(ir, biased, number(ir, ROUNDER)), number(ir, 0x1p-32));
    nf_value b = mul(ir, to_number(ir, bit_and(ir, f.high, low_bits)), number(ir, 0x1p-64));
    nf_value c = mul(ir, to_number(ir, shift_right(ir, f.low, half_word)), number(ir, 0x1p-96));
    nf_value d = to_number(ir, bit_and(ir, f.low, low_bits));
    struct pair ab = sum_ordered(ir, a, b);
    struct pair all = sum_ordered(ir, ab.high, mul_add(ir, d, number(ir, 0x1p-128), c));
    all.low = add(ir, all.low, ab.low);
    return all;
}

struct nf_math_angle nf_math_reduce_widely(nf_ir *ir, nf_value magnitude_of_x)
{
    nf_value quarter;
    struct pair turn = to_pair(ir, multiply(ir, magnitude_of_x, &quarter));
    struct pair half_pi = {number(ir, HALF_PI_1), number(ir, HALF_PI_2)};
    struct pair r = pair_product(ir, turn, half_pi);
    r = sum_ordered(ir, r.high, r.low);
    return (struct nf_math_angle){r.high, r.low, quarter};
}
