"""The integral of sin(x)*exp(-x)+x^3 on [0, 10] with NumExpr, one thread. Argument: N.

The points are made inside the expression, so that only one array of counters is read, and they are
given in pieces that stay in the cache: the fastest way found.
"""

import sys

import numexpr
import numpy as np
from serve import serve

A, B = 0.0, 10.0
BLOCK = 65536
numexpr.set_num_threads(1)


def integrate(n):
    h = (B - A) / n
    steps = np.arange(BLOCK, dtype=float) * h
    values = np.empty(BLOCK)
    total = 0.5 * (np.sin(A) * np.exp(-A) + A**3 + np.sin(B) * np.exp(-B) + B**3)
    for first in range(1, n, BLOCK):
        count = min(BLOCK, n - first)
        x, y = steps[:count] + (A + first * h), values[:count]
        numexpr.evaluate("sin(x)*exp(-x)+x*x*x", out=y)
        total += y.sum()
    return h * total


n = int(float(sys.argv[1]))
serve(lambda: integrate(n))
