/* Printed by tools/coefficients.py log; do not edit. */
#ifndef NF_COEFFICIENTS_LOG_H
#define NF_COEFFICIENTS_LOG_H

#define LN2_HIGH 0x1.62e42fefa39efp-1 /* ln 2 */
#define LN2_LOW 0x1.abc9e3b39803fp-56 /* the rest */

#define INVERSE_LN2_HIGH 0x1.71547652b82fep+0 /* 1 / ln 2 */
#define INVERSE_LN2_LOW 0x1.777d0ffda0d24p-56 /* the rest */

#define INVERSE_LN10_HIGH 0x1.bcb7b1526e50ep-2 /* 1 / ln 10 */
#define INVERSE_LN10_LOW 0x1.95355baaafad3p-57 /* the rest */

#define LOG10_2_SHORT 0x1.3441350a00000p-2 /* log10 2, ends in 20 zero bits */

#define LOG10_2_REST -0x1.0c0219dc1da99p-39 /* the rest */

#define LN2_SHORT 0x1.62e42ff000000p-1 /* ends in 20 zero bits: times an exponent it is exact */

#define LN2_REST -0x1.718432a1b0e26p-35 /* the rest */

#define TWO_THIRDS_HIGH 0x1.5555555555555p-1 /* 2/3 */
#define TWO_THIRDS_LOW 0x1.5555555555555p-55 /* the rest */

/* (log((1+s)/(1-s)) / s - 2) / z in z = s^2, s <= (sqrt 2 - 1)^2 */
static const double log_part[7] = {
    0x1.5555555555592p-1,
    0x1.999999997ff3ap-2,
    0x1.24924941df02cp-2,
    0x1.c71c52162e41ap-3,
    0x1.74663c976f130p-3,
    0x1.39a1efb31e1eap-3,
    0x1.2f03891b4192ap-3,
};

/* (log((1+s)/(1-s)) / s - 2 - z*2/3) / z^2 */
static const double log_tail[8] = {
    0x1.9999999999996p-2,
    0x1.2492492492f52p-2,
    0x1.c71c71c5965d5p-3,
    0x1.745d182975491p-3,
    0x1.3b1364bfc718cp-3,
    0x1.112070c294842p-3,
    0x1.de3d2b8f1a4cbp-4,
    0x1.eac81e23c93c1p-4,
};

#endif
