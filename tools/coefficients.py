#!/usr/bin/env python3
"""Computes every coefficient and constant of the mathematics, from nothing but decimal arithmetic.

    coefficients.py exp            prints src/bodies/expr/coefficients/exp.h
    coefficients.py --write DIR    writes all of them into DIR
    coefficients.py --check DIR    fails if a file in DIR is not what this script prints

Polynomials are minimax for the error that matters, that of the function's result: Remez exchange on
a grid. Coefficients become doubles from the lowest upwards, and the rest is fitted again after each
of the first few, so that rounding a coefficient costs nothing (not on an interval around 0, where
the powers from x on are no Chebyshev system).
"""
import struct
import sys
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 70
GRID = 400


def arctan_inverse(n):
    """atan(1/n) by its series."""
    total, power, k = Decimal(0), Decimal(1) / n, 0
    while abs(power) > Decimal(10) ** -75:
        total += power / (2 * k + 1) * (-1 if k % 2 else 1)
        power, k = power / (n * n), k + 1
    return total


PI = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
LN2 = Decimal(2).ln()
LN10 = Decimal(10).ln()


def sin(x):
    total, term, k = Decimal(0), x, 1
    while abs(term) > Decimal(10) ** -68:
        total += term
        term, k = -term * x * x / ((k + 1) * (k + 2)), k + 2
    return total


def cos(x):
    total, term, k = Decimal(0), Decimal(1), 0
    while abs(term) > Decimal(10) ** -68:
        total += term
        term, k = -term * x * x / ((k + 1) * (k + 2)), k + 2
    return total


def atan(x):
    if x > Decimal("0.1"):  # halve the angle until the series is short
        return 2 * atan(x / (1 + (1 + x * x).sqrt()))
    total, power, k = Decimal(0), x, 0
    while abs(power) > Decimal(10) ** -68:
        total += power / (2 * k + 1) * (-1 if k % 2 else 1)
        power, k = power * x * x, k + 1
    return total


def asin(x):
    return atan(x / (1 - x * x).sqrt())


def nearest(value):
    """The double nearest to a decimal number: float() of its digits rounds correctly."""
    return float(value)


def split(value, parts):
    """A number as a sum of doubles, each the nearest to what is left."""
    result = []
    for _ in range(parts):
        result.append(nearest(value))
        value -= Decimal(result[-1])
    return result


def solve(rows, right):
    """Gauss with partial pivoting."""
    n = len(rows)
    rows = [row[:] + [right[i]] for i, row in enumerate(rows)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            if factor:
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    x = [Decimal(0)] * n
    for i in reversed(range(n)):
        x[i] = (rows[i][n] - sum(rows[i][j] * x[j] for j in range(i + 1, n))) / rows[i][i]
    return x


def grid(low, high):
    """Chebyshev points, dense at both ends, where the extremes of an error gather."""
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle - half * cos(PI * i / GRID) for i in range(GRID + 1)]


def extremes(errors, count):
    """Indices of count alternating local extremes."""
    groups = []
    for i, error in enumerate(errors):
        if groups and (errors[groups[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[groups[-1]]):
                groups[-1] = i
        else:
            groups.append(i)
    while len(groups) > count:
        groups.pop(0 if abs(errors[groups[0]]) < abs(errors[groups[-1]]) else -1)
    return groups


def remez(points, values, weights, first, count):
    """Coefficients of x^first ... that make the weighted error least, and that error."""
    reference = [round(GRID * (i + Decimal("0.5")) / (count + 1)) for i in range(count + 1)]
    powers = [[x ** (first + k) if x or first + k else Decimal(1) for k in range(count)]
              for x in points]
    for _ in range(30):
        rows = [powers[i] + [(-1) ** j / weights[i]] for j, i in enumerate(reference)]
        *coefficients, level = solve(rows, [values[i] for i in reference])
        errors = [w * (sum(c * p for c, p in zip(coefficients, row)) - v)
                  for row, v, w in zip(powers, values, weights)]
        found = extremes(errors, count + 1)
        if len(found) <= count or found == reference:
            break
        reference = found
    return coefficients, max(abs(e) for e in errors)


def fit(function, weight, low, high, count, fixed=(), refits=3):
    """Doubles c[k] for which sum c[k] x^k is close to function; fixed are the first of them."""
    points = [x for x in grid(low, high) if abs(x) > Decimal("1e-9")]  # 0 / 0 there
    while len(points) <= GRID:
        points.append(points[-1])
    weights = [max(weight(x), Decimal(10) ** -60) for x in points]
    values = [function(x) for x in points]
    result = []
    for k in range(count):
        if k < len(fixed):
            result.append(fixed[k])
        else:
            if k < len(fixed) + refits:
                rest, error = remez(points, values, weights, k, count - k)
                offset = k
            result.append(nearest(rest[k - offset]))
        if k < len(fixed) + refits:
            values = [v - Decimal(result[-1]) * x ** k for v, x in zip(values, points)]
    print("%s: 2^%.1f" % (function.__name__, float(error.ln() / LN2)), file=sys.stderr)
    return result


def table(name, comment, values):
    lines = ["/* %s */" % comment, "static const double %s[%d] = {" % (name, len(values))]
    lines += ["    %s," % value.hex() for value in values]
    return "\n".join(lines + ["};"])


def number(name, comment, value):
    return "#define %s %s /* %s */" % (name, value.hex(), comment)


def pair(name, comment, value):
    high, low = split(value, 2)
    return number(name + "_HIGH", comment, high) + "\n" + number(name + "_LOW", "the rest", low)


# --- exp ---------------------------------------------------------------------------------------

def exp_part(r):
    return (r.exp() - 1 - r) / (r * r)


def header_exp():
    limit = LN2 / 2 * Decimal("1.001")
    values = fit(exp_part, lambda r: r * r / r.exp(), -limit, limit, 10, refits=1)
    longer = fit(exp_part, lambda r: abs(r * r / (r.exp() - 1)), -limit, limit, 11, refits=1)
    return [
        number("LOG2_E", "1 / ln 2", nearest(1 / LN2)),
        pair("LN2", "ln 2", LN2),
        table("exp_part", "(e^r - 1 - r) / r^2, |r| <= ln(2)/2", values),
        table("expm1_part", "the same, for the error of e^r - 1", longer),
    ]


# --- log ---------------------------------------------------------------------------------------

LOG_S = Decimal(2).sqrt()
LOG_S = (LOG_S - 1) / (LOG_S + 1) * Decimal("1.0001")


def log_of_s(s):
    return ((1 + s) / (1 - s)).ln()


def log_part(z):
    s = z.sqrt()
    return (log_of_s(s) / s - 2) / z


def log_tail(z):
    return (log_part(z) - Decimal(2) / 3) / z


def header_log():
    high = LOG_S * LOG_S
    values = fit(log_part, lambda z: z * z.sqrt() / log_of_s(z.sqrt()), Decimal(0), high, 7)
    tail = fit(log_tail, lambda z: z * z / 2, Decimal(0), high, 8)
    log10_2 = LN2 / LN10
    return [
        pair("LN2", "ln 2", LN2),
        pair("INVERSE_LN2", "1 / ln 2", 1 / LN2),
        pair("INVERSE_LN10", "1 / ln 10", 1 / LN10),
        number("LOG10_2_SHORT", "log10 2, ends in 20 zero bits", short(log10_2, 20)),
        number("LOG10_2_REST", "the rest", nearest(log10_2 - Decimal(short(log10_2, 20)))),
        number("LN2_SHORT", "ends in 20 zero bits: times an exponent it is exact", short(LN2, 20)),
        number("LN2_REST", "the rest", nearest(LN2 - Decimal(short(LN2, 20)))),
        pair("TWO_THIRDS", "2/3", Decimal(2) / 3),
        table("log_part", "(log((1+s)/(1-s)) / s - 2) / z in z = s^2, s <= (sqrt 2 - 1)^2", values),
        table("log_tail", "(log((1+s)/(1-s)) / s - 2 - z*2/3) / z^2", tail),
    ]


def short(value, zeros):
    """The double nearest to value that ends in so many zero bits."""
    exponent = int(nearest(value).hex().split("p")[1])
    scale = Decimal(2) ** (52 - zeros - exponent)
    return float((value * scale).to_integral_value() / scale)


# --- sin, cos ----------------------------------------------------------------------------------

def sin_part(z):
    r = z.sqrt()
    return (sin(r) / r - 1) / z


def cos_part(z):
    return (cos(z.sqrt()) - 1 + z / 2) / (z * z)


def header_trig():
    high = (PI / 4 * Decimal("1.0001")) ** 2
    sines = fit(sin_part, lambda z: z * z.sqrt() / sin(z.sqrt()), Decimal(0), high, 6)
    cosines = fit(cos_part, lambda z: z * z / cos(z.sqrt()), Decimal(0), high, 6)
    parts = split(PI / 2, 3)
    return [
        number("TWO_OVER_PI", "2 / pi", nearest(2 / PI)),
        number("HALF_PI_1", "pi / 2", parts[0]),
        number("HALF_PI_2", "the rest", parts[1]),
        number("HALF_PI_3", "the rest of that", parts[2]),
        table("sin_part", "(sin r / r - 1) / z in z = r^2, r <= pi/4", sines),
        table("cos_part", "(cos r - 1 + z/2) / z^2", cosines),
        bit_table(),
    ]


TWO_OVER_PI_ZERO_WORDS = 17
TWO_OVER_PI_WORDS = 36


def bit_table():
    """2/pi as a stream of bits, after a number of zero words so that any exponent is an index."""
    getcontext().prec = 900
    pi = 4 * (4 * arctan_inverse_long(5) - arctan_inverse_long(239))
    bits = 64 * (TWO_OVER_PI_WORDS - TWO_OVER_PI_ZERO_WORDS)
    whole = int(2 / pi * Decimal(2) ** bits)
    getcontext().prec = 70
    words = [0] * TWO_OVER_PI_ZERO_WORDS
    words += [whole >> (bits - 64 * (k + 1)) & (2 ** 64 - 1)
              for k in range(TWO_OVER_PI_WORDS - TWO_OVER_PI_ZERO_WORDS)]
    lines = ["#define TWO_OVER_PI_ZERO_BITS %d /* zeros in front of the point */"
             % (64 * TWO_OVER_PI_ZERO_WORDS),
             "/* the bits of 2/pi, 64 in a word, after the zeros */",
             "static const uint64_t two_over_pi[%d] = {" % len(words)]
    return "\n".join(lines + ["    0x%016x," % word for word in words] + ["};"])


def arctan_inverse_long(n):
    scale = 10 ** 890
    total, power, k = 0, scale // n, 0
    while power:
        total += power // (2 * k + 1) * (-1 if k % 2 else 1)
        power, k = power // (n * n), k + 1
    return Decimal(total) / scale


# --- atan, asin --------------------------------------------------------------------------------

def atan_part(z):
    t = z.sqrt()
    return (atan(t) / t - 1) / z


def asin_part(z):
    s = z.sqrt()
    return (asin(s) / s - 1) / z


def header_arc():
    high = ((Decimal(2).sqrt() - 1) * Decimal("1.0001")) ** 2
    arctangents = fit(atan_part, lambda z: z * z.sqrt() / atan(z.sqrt()), Decimal(0), high, 11)
    arcsines = fit(asin_part, lambda z: z * z.sqrt() / asin(z.sqrt()),
                   Decimal(0), Decimal("0.25001"), 13)
    return [
        pair("QUARTER_PI", "pi / 4", PI / 4),
        number("TAN_PI_8", "sqrt(2) - 1", nearest(Decimal(2).sqrt() - 1)),
        table("atan_part", "(atan t / t - 1) / z in z = t^2, t <= tan(pi/8)", arctangents),
        table("asin_part", "(asin s / s - 1) / z in z = s^2, s <= 1/2", arcsines),
    ]


# --- cbrt --------------------------------------------------------------------------------------

def guess_spread(start):
    """The sum of the greatest and the least 1 - x t^3, where t's upper half is start - x's / 3."""
    errors = []
    for i in range(1400):
        x = 1 + i / 200
        bits = struct.unpack("<Q", struct.pack("<d", x))[0]
        guess = round(start - (bits >> 32) / 3) << 32
        t = struct.unpack("<d", struct.pack("<Q", guess))[0]
        errors.append(1 - x * t ** 3)
    return max(errors) + min(errors)


def header_cbrt():
    """A start for which the errors of the guess are as great above as below."""
    middle = (0x3ff << 20) * 4 // 3
    low, high = middle - 2 ** 20, middle + 2 ** 20
    while high - low > 1:
        start = (low + high) // 2
        low, high = (start, high) if guess_spread(start) > 0 else (low, start)
    return [number("GUESS_START", "start - (upper half of bits) / 3 is like x^(-1/3)",
                   float(low))]


HEADERS = {"exp": header_exp, "log": header_log, "trig": header_trig, "arc": header_arc,
           "cbrt": header_cbrt}


def text(name):
    guard = "NF_COEFFICIENTS_%s_H" % name.upper()
    return "\n\n".join(
        ["/* Printed by tools/coefficients.py %s; do not edit. */\n#ifndef %s\n#define %s"
         % (name, guard, guard)] + HEADERS[name]() + ["#endif"]) + "\n"


def main(arguments):
    if len(arguments) == 2 and arguments[0] in ("--write", "--check"):
        wrong = []
        for name in HEADERS:
            path = Path(arguments[1]) / (name + ".h")
            if arguments[0] == "--write":
                path.write_text(text(name))
            elif not path.exists() or path.read_text() != text(name):
                wrong.append(str(path))
        for path in wrong:
            print("%s is not what tools/coefficients.py prints" % path)
        return 1 if wrong else 0
    if len(arguments) == 1 and arguments[0] in HEADERS:
        print(text(arguments[0]), end="")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
