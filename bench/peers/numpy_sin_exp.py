"""The integral of sin(x)*exp(-x)+x^3 on [0, 10] with NumPy. Arguments: N whole|blocks.

whole: one array of all points, as one writes it. blocks: pieces of 8192 points that stay in the
cache, into buffers that are used again: the fastest way found.
"""

import sys

import numpy as np
from serve import serve

A, B = 0.0, 10.0
BLOCK = 8192


def f(x):
    return np.sin(x) * np.exp(-x) + x * x * x


def whole(n):
    x = np.linspace(A, B, n + 1)
    y = f(x)
    return (B - A) / n * (y.sum() - 0.5 * (y[0] + y[-1]))


def blocks(n):
    h = (B - A) / n
    steps = np.arange(BLOCK, dtype=float) * h
    x, y, z = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    total = 0.5 * float(f(np.array([A, B])).sum())
    for first in range(1, n, BLOCK):
        count = min(BLOCK, n - first)
        p, q, r = x[:count], y[:count], z[:count]
        np.add(steps[:count], A + first * h, out=p)
        np.sin(p, out=q)
        np.negative(p, out=r)
        np.exp(r, out=r)
        np.multiply(q, r, out=q)
        np.multiply(p, p, out=r)
        np.multiply(r, p, out=r)
        np.add(q, r, out=q)
        total += q.sum()
    return h * total


n, way = int(float(sys.argv[1])), {"whole": whole, "blocks": blocks}[sys.argv[2]]
serve(lambda: way(n))
