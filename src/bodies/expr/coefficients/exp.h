/* Printed by tools/coefficients.py exp; do not edit. */
#ifndef NF_COEFFICIENTS_EXP_H
#define NF_COEFFICIENTS_EXP_H

#define LOG2_E 0x1.71547652b82fep+0 /* 1 / ln 2 */

#define LN2_HIGH 0x1.62e42fefa39efp-1 /* ln 2 */
#define LN2_LOW 0x1.abc9e3b39803fp-56 /* the rest */

/* (e^r - 1 - r) / r^2, |r| <= ln(2)/2 */
static const double exp_part[10] = {
    0x1.000000000000ap-1,
    0x1.55555555554f9p-3,
    0x1.55555555507f1p-5,
    0x1.1111111127eb9p-7,
    0x1.6c16c1844af6dp-10,
    0x1.a01a0129a2825p-13,
    0x1.a01999adcca9ep-16,
    0x1.71df26530bb6fp-19,
    0x1.28adce84f3e12p-22,
    0x1.ad7ec7a9ed355p-26,
};

/* the same, for the error of e^r - 1 */
static const double expm1_part[11] = {
    0x1.0000000000000p-1,
    0x1.5555555555559p-3,
    0x1.555555555553ep-5,
    0x1.111111110f6a9p-7,
    0x1.6c16c16c1f15fp-10,
    0x1.a01a01afea043p-13,
    0x1.a01a017b9ac38p-16,
    0x1.71ddf84123cfcp-19,
    0x1.27e53650eb495p-22,
    0x1.af5ee9c082ca2p-26,
    0x1.1ee8a3c0ccbc4p-29,
};

#endif
