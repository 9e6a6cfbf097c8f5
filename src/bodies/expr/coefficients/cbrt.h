/* Printed by tools/coefficients.py cbrt; do not edit. */
#ifndef NF_COEFFICIENTS_CBRT_H
#define NF_COEFFICIENTS_CBRT_H

#define GUESS_START 0x1.54fba57400000p+30 /* start - (upper half of bits) / 3 is like x^(-1/3) */

#endif
