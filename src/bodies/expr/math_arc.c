/* math_arc.c: asin, acos, atan, atan2. */
#include "math_parts.h"

#include "coefficients/arc.h"

#define HALF_PI_HIGH (2 * QUARTER_PI_HIGH)
#define HALF_PI_LOW  (2 * QUARTER_PI_LOW)

/* --- asin, acos --------------------------------------------------------------------------------
 */

/* asin s = s + bend for s = |x| up to 1/2. Above it s is the sine of half the angle that is left,
 * sqrt((1 - |x|) / 2), and bend also has what its rounding lost. */
struct arc {
    nf_value is_large, s, bend;
};

static struct arc arc_of(nf_ir *ir, nf_value size)
{
    nf_value half = number(ir, 0.5);
    nf_value is_large = less(ir, half, size);
    nf_value half_left = mul_add(ir, size, number(ir, -0.5), half);
    nf_value z = choose(ir, is_large, half_left, mul(ir, size, size));
    nf_value root = square_root(ir, half_left);
    nf_value s = choose(ir, is_large, root, size);
    nf_value part = polynomial(ir, z, mul(ir, z, z), asin_part, 13);

    nf_value twice = add(ir, add(ir, root, root), number(ir, 0x1p-1000)); /* not 0 / 0 */
    nf_value lost = divide(ir, sub_mul(ir, half_left, root, root), twice);
    lost = bit_and(ir, is_large, lost);
    return (struct arc){is_large, s, mul_add(ir, mul(ir, s, z), part, lost)};
}

/* high + low - (s + bend) * times */
static nf_value angle_less(nf_ir *ir, struct pair angle, struct arc arc, double times)
{
    nf_value factor = number(ir, -times);
    struct pair sum = sum_ordered(ir, angle.high, mul(ir, arc.s, factor));
    nf_value low = mul_add(ir, arc.bend, factor, angle.low);
    return add(ir, sum.high, add(ir, sum.low, low));
}

nf_value nf_math_asin(nf_ir *ir, nf_value x)
{
    struct arc arc = arc_of(ir, magnitude(ir, x));
    struct pair half_pi = {number(ir, HALF_PI_HIGH), number(ir, HALF_PI_LOW)};
    nf_value large = angle_less(ir, half_pi, arc, 2);
    nf_value y = choose(ir, arc.is_large, large, add(ir, arc.s, arc.bend));
    return bit_or(ir, y, sign_of(ir, x));
}

/* pi/2 - asin x; and for large |x| 2 asin s or pi - 2 asin s. */
nf_value nf_math_acos(nf_ir *ir, nf_value x)
{
    struct arc arc = arc_of(ir, magnitude(ir, x));
    nf_value sign = sign_of(ir, x), is_negative = int_less(ir, x, word(ir, 0));
    nf_value flip = bit_xor(ir, sign, bit_and(ir, arc.is_large, word(ir, SIGN_BIT)));
    nf_value times = choose(ir, arc.is_large, number(ir, 2), number(ir, 1));
    times = bit_xor(ir, times, flip);
    nf_value start = choose(ir, is_negative, number(ir, 2 * HALF_PI_HIGH), number(ir, 0));
    nf_value start_low = choose(ir, is_negative, number(ir, 2 * HALF_PI_LOW), number(ir, 0));
    start = choose(ir, arc.is_large, start, number(ir, HALF_PI_HIGH));
    start_low = choose(ir, arc.is_large, start_low, number(ir, HALF_PI_LOW));
    struct pair sum = sum_ordered(ir, start, negate(ir, mul(ir, arc.s, times)));
    nf_value low = sub_mul(ir, start_low, arc.bend, times);
    return add(ir, sum.high, add(ir, sum.low, low));
}

/* --- atan, atan2 -------------------------------------------------------------------------------
 */

/* 1/b loses nothing from here on, and atan(1/b) is far below the last place of pi/2. */
#define ATAN_CLAMP 0x1p60

/* The angle of a point as eighths pi/4 + or - atan t, t of at most tan(pi/8). */
struct octant {
    struct pair t;
    nf_value eighths, flip; /* flip is the sign of atan t */
};

/* a <= b: above tan(pi/8), atan(a/b) = pi/4 - atan((b - a) / (b + a)). */
static struct octant octant_of(nf_ir *ir, nf_value a, nf_value b)
{
    nf_value is_steep = less(ir, mul(ir, b, number(ir, TAN_PI_8)), a);
    struct pair difference = sum_ordered(ir, negate(ir, b), a);
    struct pair sum = sum_ordered(ir, b, a);
    struct pair above = {choose(ir, is_steep, difference.high, a),
                         bit_and(ir, is_steep, difference.low)};
    struct pair below = {choose(ir, is_steep, sum.high, b), bit_and(ir, is_steep, sum.low)};
    return (struct octant){pair_quotient(ir, above, below), bit_and(ir, is_steep, number(ir, 1)),
                           word(ir, 0)};
}

/* The angle is taken from so many eighths of a whole turn, where mask holds. */
static struct octant octant_mirror(nf_ir *ir, struct octant octant, nf_value mask, double eighths)
{
    nf_value mirrored = sub(ir, number(ir, eighths), octant.eighths);
    octant.eighths = choose(ir, mask, mirrored, octant.eighths);
    octant.flip = bit_xor(ir, octant.flip, bit_and(ir, mask, word(ir, SIGN_BIT)));
    return octant;
}

static nf_value octant_angle(nf_ir *ir, struct octant octant)
{
    struct pair t = octant.t;
    nf_value z = mul(ir, t.high, t.high);
    nf_value part = polynomial(ir, z, mul(ir, z, z), atan_part, 11);
    nf_value slope = sub(ir, number(ir, 1), z);
    nf_value bend = mul_add(ir, mul(ir, t.high, z), part, mul(ir, t.low, slope));

    nf_value quarter = number(ir, QUARTER_PI_HIGH);
    struct pair start = product(ir, octant.eighths, quarter);
    start.low = mul_add(ir, octant.eighths, number(ir, QUARTER_PI_LOW), start.low);
    struct pair sum = sum_ordered(ir, start.high, bit_xor(ir, t.high, octant.flip));
    nf_value low = add(ir, start.low, bit_xor(ir, bend, octant.flip));
    return add(ir, sum.high, add(ir, sum.low, low));
}

nf_value nf_math_atan(nf_ir *ir, nf_value x)
{
    nf_value size = nf_math_clamp(ir, magnitude(ir, x), ATAN_CLAMP), one = number(ir, 1);
    nf_value is_swapped = less(ir, one, size);
    nf_value a = choose(ir, is_swapped, one, size), b = choose(ir, is_swapped, size, one);
    struct octant octant = octant_mirror(ir, octant_of(ir, a, b), is_swapped, 2);
    return bit_or(ir, octant_angle(ir, octant), sign_of(ir, x));
}

/* 2^-500, 2^500: inverses and residues are normal between them; 2^-900: a numerator's least. */
#define BITS_OF_SMALL UINT64_C(0x20b0000000000000)
#define BITS_OF_LARGE UINT64_C(0x5f30000000000000)
#define BITS_OF_TINY  UINT64_C(0x07b0000000000000)
#define SHIFT         0x1p600

static nf_value atan2_signed(nf_ir *ir, struct octant octant, nf_value is_swapped, nf_value y,
                             nf_value x)
{
    octant = octant_mirror(ir, octant, is_swapped, 2);
    octant = octant_mirror(ir, octant, int_less(ir, x, word(ir, 0)), 4);
    return bit_or(ir, octant_angle(ir, octant), sign_of(ir, y));
}

/* Infinities count as 1 against any number; 0 / 0 is the angle of the signs, as 0 / 1. */
static nf_value atan2_extreme(nf_ir *ir, const nf_value *argument)
{
    nf_value y = argument[0], x = argument[1];
    nf_value zero = number(ir, 0), one = number(ir, 1), infinite = number(ir, INFINITE);
    nf_value size_y = magnitude(ir, y), size_x = magnitude(ir, x);
    nf_value y_infinite = equal(ir, size_y, infinite), x_infinite = equal(ir, size_x, infinite);
    nf_value is_infinite = bit_or(ir, y_infinite, x_infinite);
    size_y = choose(ir, is_infinite, bit_and(ir, y_infinite, one), size_y);
    size_x = choose(ir, is_infinite, bit_and(ir, x_infinite, one), size_x);

    nf_value is_swapped = less(ir, size_x, size_y);
    nf_value a = choose(ir, is_swapped, size_x, size_y);
    nf_value b = choose(ir, is_swapped, size_y, size_x);
    nf_value is_large = less(ir, one, b);
    nf_value scale = choose(ir, is_large, number(ir, 1 / SHIFT), number(ir, SHIFT));
    nf_value scaled = choose(ir, equal(ir, b, zero), one, mul(ir, b, scale));
    struct octant octant = octant_of(ir, mul(ir, a, scale), scaled);
    /* A quotient this small is its own arctangent, and has no residue that counts. */
    nf_value quotient = divide(ir, a, choose(ir, equal(ir, b, zero), one, b));
    nf_value is_small = less(ir, quotient, number(ir, 0x1p-200));
    octant.t.high = choose(ir, is_small, quotient, octant.t.high);
    octant.t.low = choose(ir, is_small, zero, octant.t.low);
    nf_value result = atan2_signed(ir, octant, is_swapped, y, x);
    nf_value is_undefined = bit_or(ir, is_nan(ir, x), is_nan(ir, y));
    return choose(ir, is_undefined, number(ir, NOT_A_NUMBER), result);
}

nf_value nf_math_atan2(nf_ir *ir, nf_value y, nf_value x)
{
    nf_value size_y = magnitude(ir, y), size_x = magnitude(ir, x);
    nf_value is_swapped = less(ir, size_x, size_y);
    nf_value a = choose(ir, is_swapped, size_x, size_y);
    nf_value b = choose(ir, is_swapped, size_y, size_x);
    nf_value usual = atan2_signed(ir, octant_of(ir, a, b), is_swapped, y, x);

    nf_value is_tiny = opposite(ir, is_outside(ir, a, 1, BITS_OF_TINY));
    nf_value is_extreme = bit_or(ir, is_tiny, is_outside(ir, b, BITS_OF_SMALL, BITS_OF_LARGE));
    is_extreme = bit_or(ir, is_extreme, is_nan(ir, a));
    return nf_ir_rare(ir, is_extreme, usual, atan2_extreme, (nf_value[]){y, x}, 2);
}
