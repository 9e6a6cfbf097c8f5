/* Printed by tools/coefficients.py trig; do not edit. */
#ifndef NF_COEFFICIENTS_TRIG_H
#define NF_COEFFICIENTS_TRIG_H

#define TWO_OVER_PI 0x1.45f306dc9c883p-1 /* 2 / pi */

#define HALF_PI_1 0x1.921fb54442d18p+0 /* pi / 2 */

#define HALF_PI_2 0x1.1a62633145c07p-54 /* the rest */

#define HALF_PI_3 -0x1.f1976b7ed8fbcp-110 /* the rest of that */

/* (sin r / r - 1) / z in z = r^2, r <= pi/4 */
static const double sin_part[6] = {
    -0x1.5555555555548p-3,
    0x1.111111110f730p-7,
    -0x1.a01a019be9214p-13,
    0x1.71de35552b0fdp-19,
    -0x1.ae5e4b839c14fp-26,
    0x1.5d8b5579951ddp-33,
};

/* (cos r - 1 + z/2) / z^2 */
static const double cos_part[6] = {
    0x1.555555555554bp-5,
    -0x1.6c16c16c15013p-10,
    0x1.a01a019c8ed0cp-16,
    -0x1.27e4f7f141835p-22,
    0x1.1ee9db8ea7ab1p-29,
    -0x1.8fa65ee32c319p-37,
};

#define TWO_OVER_PI_ZERO_BITS 1088 /* zeros in front of the point */
/* the bits of 2/pi, 64 in a word, after the zeros */
static const uint64_t two_over_pi[36] = {
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0x0000000000000000,
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
};

#endif
