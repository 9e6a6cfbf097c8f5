"""The trapezoid rule as a first course writes it: one loop. Arguments: N."""

import sys


def f(x):
    return x * x


def integrate(a, b, n):
    h = (b - a) / n
    total = 0.5 * (f(a) + f(b))
    for i in range(1, n):
        total += f(a + i * h)
    return total * h


print(integrate(0.0, 100.0, int(float(sys.argv[1]))))
