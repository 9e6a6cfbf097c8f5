"""The steady rate of two workers over one."""

import os

from contest import Missing, contest, show, steady

TITLE = "2 workers over 1, steady rate"


def measure(setting):
    if len(os.sched_getaffinity(0)) < 2:
        raise Missing("only one CPU is allowed here")
    n = setting.n(1e9)
    result = contest(setting, [
        steady(setting, f"{workers}", "x*x", 0, 100, n, workers=workers, native="on")
        for workers in (1, 2)], count=1)
    show([(f"{name} workers", f"{c.median() * 1e3:.2f} ms", c.value.hex())
          for name, c in result.items()], ("", f"x*x, {n:.0e} points", "answer"))
    ratio = result["1"].median() / result["2"].median()
    setting.figure("2 workers over 1, steady", ratio, "×", 1.9)
