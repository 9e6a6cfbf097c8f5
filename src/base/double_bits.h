/* double_bits.h: a double and its 64 bits. */
#ifndef NF_DOUBLE_BITS_H
#define NF_DOUBLE_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t nf_double_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double nf_double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
