"""The integral of x*x with Numba: prange, fastmath, as its manual shows it: N WORKERS."""

import sys

import numba
from serve import serve


@numba.njit(fastmath=True)
def f(x):
    return x * x


@numba.njit(parallel=True, fastmath=True)
def integrate(a, b, n):
    h = (b - a) / n
    total = 0.5 * (f(a) + f(b))
    for i in numba.prange(1, n):
        total += f(a + i * h)
    return total * h


n, workers = int(float(sys.argv[1])), int(sys.argv[2])
numba.set_num_threads(workers)
serve(lambda: integrate(0.0, 100.0, n))
