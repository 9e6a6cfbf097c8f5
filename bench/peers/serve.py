"""The manners of a benchmark program in Python: serve.h says what they are."""

import statistics
import sys
import time


def timed(work):
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def serve(work):
    """work() does the piece of work once and returns its value."""
    timed(work)
    print("ready", flush=True)
    for line in sys.stdin:
        timed(work)
        runs = [timed(work) for _ in range(int(line))]
        seconds = statistics.median(run[0] for run in runs)
        print(f"{seconds:.9e} {float(runs[-1][1]).hex()}", flush=True)
