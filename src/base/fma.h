/* fma.h: a*b + c rounded once, to nearest even.
 *
 * nf_fma is the processor's instruction where the compiler may use it, otherwise nf_soft_fma: the
 * same bits by plain operations (only which NaN comes out may differ). The C library's fma is never
 * called: it is not right in every version. Plain C that includes nothing of nfold, because this
 * text also goes into generated code. Needs a 128-bit integer, -ffp-contract=off and the rounding
 * mode to nearest.
 */
#ifndef NF_FMA_H
#define NF_FMA_H

#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 nf_fma_wide;

/* A number (-1)^is_negative * mantissa * 2^(exponent - 125). Where it is normal, bit 125 is the
 * highest bit of the mantissa, so that a sum has room for a carry in bit 126. */
struct nf_fma_term {
    nf_fma_wide mantissa;
    int exponent;
    int is_negative;
};

static inline uint64_t nf_fma_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double nf_fma_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The 53-bit mantissa of a finite number that is not zero; *exponent is that of its highest bit. */
static inline uint64_t nf_fma_split(uint64_t bits, int *exponent)
{
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7FF);
    if (biased > 0) {
        *exponent = biased - 1023;
        return mantissa | UINT64_C(1) << 52;
    }
    int shift = __builtin_clzll(mantissa) - 11;
    *exponent = -1022 - shift;
    return mantissa << shift;
}

/* The exact product: 105 or 106 bits. */
static inline struct nf_fma_term nf_fma_multiply(uint64_t a, uint64_t b)
{
    int a_exponent, b_exponent;
    uint64_t a_mantissa = nf_fma_split(a, &a_exponent);
    uint64_t b_mantissa = nf_fma_split(b, &b_exponent);
    nf_fma_wide product = (nf_fma_wide)a_mantissa * b_mantissa;
    int carry = (int)(product >> 105);
    struct nf_fma_term term = {product << (21 - carry), a_exponent + b_exponent + carry,
                               (int)((a ^ b) >> 63)};
    return term;
}

/* Shifts right; what falls out leaves a one in the lowest bit. That bit is far below the place of
 * rounding: bits fall out only of a term that is so much smaller that at most one bit cancels. */
static inline nf_fma_wide nf_fma_shift(nf_fma_wide mantissa, int shift)
{
    if (shift == 0)
        return mantissa;
    if (shift > 127)
        return 1;
    nf_fma_wide rest = mantissa << (128 - shift);
    return mantissa >> shift | (rest != 0);
}

/* The sum of two terms, not normal; mantissa 0 is an exact zero. */
static inline struct nf_fma_term nf_fma_add(struct nf_fma_term a, struct nf_fma_term b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && a.mantissa < b.mantissa)) {
        struct nf_fma_term larger = b;
        b = a;
        a = larger;
    }
    nf_fma_wide smaller = nf_fma_shift(b.mantissa, a.exponent - b.exponent);
    if (a.is_negative == b.is_negative)
        a.mantissa += smaller;
    else
        a.mantissa -= smaller;
    return a;
}

/* Rounds a sum that is not zero, subnormal and overflowing ones too. */
static inline double nf_fma_round(struct nf_fma_term sum)
{
    uint64_t sign = (uint64_t)sum.is_negative << 63;
    uint64_t high = (uint64_t)(sum.mantissa >> 64);
    int top = high ? 127 - __builtin_clzll(high) : 63 - __builtin_clzll((uint64_t)sum.mantissa);
    int exponent = sum.exponent + top - 125;
    int shift = top - 52;
    if (exponent > 1023)
        return nf_fma_double(sign | UINT64_C(0x7FF) << 52);
    if (exponent < -1022) {
        shift += -1022 - exponent;
        exponent = -1022;
    }
    if (shift > top + 1) /* below half of the smallest number */
        return nf_fma_double(sign);
    uint64_t mantissa;
    if (shift <= 0) {
        mantissa = (uint64_t)sum.mantissa << -shift;
    } else {
        nf_fma_wide half = (nf_fma_wide)1 << (shift - 1);
        nf_fma_wide rest = sum.mantissa & (half | (half - 1));
        mantissa = (uint64_t)(sum.mantissa >> shift);
        mantissa += rest > half || (rest == half && (mantissa & 1));
    }
    /* The leading one, if there is one, adds 1 to the exponent field; so does a carry. */
    return nf_fma_double(sign | (((uint64_t)(exponent + 1022) << 52) + mantissa));
}

/* By integers: right for every a, b and c. */
static inline double nf_integer_fma(double a, double b, double c)
{
    const uint64_t infinity = UINT64_C(0x7FF) << 52, magnitude = ~(UINT64_C(1) << 63);
    uint64_t a_bits = nf_fma_bits(a), b_bits = nf_fma_bits(b), c_bits = nf_fma_bits(c);
    uint64_t a_size = a_bits & magnitude, b_size = b_bits & magnitude, c_size = c_bits & magnitude;
    if (a_size >= infinity || b_size >= infinity || a_size == 0 || b_size == 0)
        return a * b + c; /* the product is exact, or not a number */
    if (c_size >= infinity)
        return c + c; /* whatever the finite product is, even if a * b would overflow */
    if (c_size == 0)
        return a * b; /* not zero, even if rounded to it: it keeps its sign */
    struct nf_fma_term addend;
    addend.mantissa = (nf_fma_wide)nf_fma_split(c_bits, &addend.exponent) << 73;
    addend.is_negative = (int)(c_bits >> 63);
    struct nf_fma_term sum = nf_fma_add(nf_fma_multiply(a_bits, b_bits), addend);
    if (sum.mantissa == 0)
        return 0.0;
    return nf_fma_round(sum);
}

/* The rounded sum; *error is what rounding lost. Knuth's six operations. */
static inline double nf_fma_two_sum(double a, double b, double *error)
{
    double sum = a + b, rest = sum - a;
    *error = (a - (sum - rest)) + (b - rest);
    return sum;
}

/* The rounded product; *error is what rounding lost. Dekker's, with Veltkamp's splitting. */
static inline double nf_fma_two_product(double a, double b, double *error)
{
    const double splitter = 134217729; /* 2^27 + 1 */
    double a_shifted = splitter * a, b_shifted = splitter * b, product = a * b;
    double a_high = a_shifted - (a_shifted - a), b_high = b_shifted - (b_shifted - b);
    double a_low = a - a_high, b_low = b - b_high;
    *error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return product;
}

/* The sum rounded to odd: what is not exact gets an odd last bit, so that rounding again, to
 * fewer bits, is as good as rounding once. */
static inline double nf_fma_sum_to_odd(double a, double b)
{
    double error, sum = nf_fma_two_sum(a, b, &error);
    uint64_t bits = nf_fma_bits(sum), error_bits = nf_fma_bits(error);
    uint64_t must_move = (error != 0) & ~bits & 1;
    uint64_t is_inward = (bits ^ error_bits) >> 63;
    return nf_fma_double(bits + must_move - 2 * (must_move & is_inward));
}

/* By doubles, more than twice as fast in a loop: Boldo and Melquiond, "Emulation of a FMA and
 * correctly rounded sums", 2008. Right where nothing can overflow or underflow on the way. */
static inline double nf_double_fma(double a, double b, double c)
{
    double product_low, sum_low, low;
    double product = nf_fma_two_product(a, b, &product_low);
    double sum = nf_fma_two_sum(c, product_low, &sum_low);
    double high = nf_fma_two_sum(product, sum, &low);
    return high + nf_fma_sum_to_odd(sum_low, low);
}

static inline double nf_soft_fma(double a, double b, double c)
{
    /* Exponents of a and b from -450 to 450, that of c up to 900, a subnormal or zero too. */
    uint64_t a_exponent = nf_fma_bits(a) >> 52 & 0x7FF, b_exponent = nf_fma_bits(b) >> 52 & 0x7FF;
    uint64_t c_exponent = nf_fma_bits(c) >> 52 & 0x7FF;
    if (a_exponent - 573 <= 900 && b_exponent - 573 <= 900 && c_exponent <= 1923)
        return nf_double_fma(a, b, c);
    return nf_integer_fma(a, b, c);
}

static inline double nf_fma(double a, double b, double c)
{
/* Without optimisation compilers call the C library for it. */
#if defined(__OPTIMIZE__) && (defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__aarch64__))
    return __builtin_fma(a, b, c);
#else
    return nf_soft_fma(a, b, c);
#endif
}

#endif
