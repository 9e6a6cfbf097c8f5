"""The trapezoid rule shared among MPI ranks, as in the course. Argument: N."""

import sys

from mpi4py import MPI


def f(x):
    return x * x


def part(a, h, first, last):
    total = 0.0
    for i in range(first, last):
        total += f(a + i * h)
    return total


def integrate(a, b, n, comm):
    rank, size = comm.Get_rank(), comm.Get_size()
    h = (b - a) / n
    total = part(a, h, 1 + (n - 1) * rank // size, 1 + (n - 1) * (rank + 1) // size)
    if rank > 0:
        comm.send(total, dest=0)
        return None
    for source in range(1, size):
        total += comm.recv(source=source)
    return (0.5 * (f(a) + f(b)) + total) * h


if __name__ == "__main__":
    answer = integrate(0.0, 100.0, int(float(sys.argv[1])), MPI.COMM_WORLD)
    if answer is not None:
        print(answer)
