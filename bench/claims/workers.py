"""The steady rate of two workers over one."""

import os

from contest import Missing, Together, contest, show, steady

TITLE = "2 workers over 1, steady rate"
STEPS = 1e9  # starting and ending a run are no part of a steady rate


def measure(setting):
    if len(os.sched_getaffinity(0)) < 2:
        raise Missing("only one CPU is allowed here")
    n = setting.n(STEPS)

    def program(name, workers):
        return steady(setting, name, "x*x", 0, 100, n, workers=workers, native="on")

    apart = Together("apart", [program("left", 1), program("right", 1)])
    result = contest(setting, [program("1", 1), program("2", 2), apart], count=1, undisturbed=True)
    one, two, limit = (result[name].median() for name in ("1", "2", "apart"))
    show([("1 worker", f"{one * 1e3:.2f} ms", result["1"].value.hex()),
          ("2 workers", f"{two * 1e3:.2f} ms", result["2"].value.hex()),
          ("2 programs of 1 worker, half of both", f"{limit / 2 * 1e3:.2f} ms", "")],
         ("", f"x*x, {n:.0e} points", "answer"))
    setting.figure("2 workers over 1, steady", one / two, "×", 1.9)
    setting.figure("2 programs at once over 1: the machine's own limit", 2 * one / limit, "×", 0)
