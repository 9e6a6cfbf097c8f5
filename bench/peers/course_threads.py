"""The trapezoid rule shared among workers by ThreadPoolExecutor. Arguments: N WORKERS."""

import sys
from concurrent.futures import ThreadPoolExecutor


def f(x):
    return x * x


def part(a, h, first, last):
    total = 0.0
    for i in range(first, last):
        total += f(a + i * h)
    return total


def integrate(a, b, n, workers):
    h = (b - a) / n
    edges = [1 + (n - 1) * k // workers for k in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        parts = [pool.submit(part, a, h, edges[k], edges[k + 1]) for k in range(workers)]
        total = 0.5 * (f(a) + f(b)) + sum(p.result() for p in parts)
    return total * h


if __name__ == "__main__":
    print(integrate(0.0, 100.0, int(float(sys.argv[1])), int(sys.argv[2])))
