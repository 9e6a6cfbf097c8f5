/* Printed by tools/coefficients.py arc; do not edit. */
#ifndef NF_COEFFICIENTS_ARC_H
#define NF_COEFFICIENTS_ARC_H

#define QUARTER_PI_HIGH 0x1.921fb54442d18p-1 /* pi / 4 */
#define QUARTER_PI_LOW 0x1.1a62633145c07p-55 /* the rest */

#define TAN_PI_8 0x1.a827999fcef32p-2 /* sqrt(2) - 1 */

/* (atan t / t - 1) / z in z = t^2, t <= tan(pi/8) */
static const double atan_part[11] = {
    -0x1.555555555553dp-2,
    0x1.999999999585fp-3,
    -0x1.24924922acecap-3,
    0x1.c71c70e5d6c3fp-4,
    -0x1.745cf8d5269abp-4,
    0x1.3b11189004cbap-4,
    -0x1.10ebb1b5ca940p-4,
    0x1.df0ee82198517p-5,
    -0x1.9cd0f29e15d55p-5,
    0x1.37d10088ee9e9p-5,
    -0x1.25600508ea07bp-6,
};

/* (asin s / s - 1) / z in z = s^2, s <= 1/2 */
static const double asin_part[13] = {
    0x1.5555555555577p-3,
    0x1.333333332e12dp-4,
    0x1.6db6db7212b1ep-5,
    0x1.f1c71a94d0499p-6,
    0x1.6e8bdee4ac623p-6,
    0x1.1c49f003e9caep-6,
    0x1.ca1f9691076ccp-7,
    0x1.758538ffda9cep-7,
    0x1.613e6f643b882p-7,
    0x1.e5d7567be3b57p-9,
    0x1.63a61c0dde3ebp-6,
    -0x1.580bccacdc4b5p-6,
    0x1.0b4b67caebdfap-5,
};

#endif
