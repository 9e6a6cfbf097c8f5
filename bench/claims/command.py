"""Whole commands, from start to end: the main job against the course's programs."""

import os

from contest import PEERS, PYTHON, show, whole_commands

TITLE = "whole commands"
STEPS = 1e8


def scaled(seconds_few, seconds_many, few, many, steps=STEPS):
    """Seconds that so many steps would take: start-up stays, the rest grows with the steps."""
    each = (seconds_many - seconds_few) / (many - few)
    return seconds_few + each * (steps - few)


def measure(setting):
    workers = min(2, len(os.sched_getaffinity(0)))
    few, many = 1000, setting.n(1e7, few=1e5)
    course = {"loop": [], "threads": [workers], "processes": [workers]}
    commands = {
        "/bin/true": ["/bin/true"],
        "nfold --version": [setting.nfold, "--version"],
        "nfold, n = 1000": [setting.nfold, "integrate", "x*x", "0", "100", "1000"],
        "nfold, n = 1e8": [setting.nfold, "integrate", "x*x", "0", "100", "1e8", "-j", workers],
    }
    own = whole_commands(setting, commands)
    python = whole_commands(setting, {
        (name, n): [PYTHON, PEERS / f"course_{name}.py", n, *extra]
        for name, extra in course.items() for n in (few, many)}, rounds=3)
    rows = [(name, f"{seconds * 1e3:.2f} ms", "") for name, seconds in own.items()]
    for name in course:
        seconds = scaled(python[name, few], python[name, many], few, many)
        rows.append((f"Python, {name}", f"{seconds * 1e3:.0f} ms",
                     f"scaled to 1e8 steps from {many:.0e} in {python[name, many] * 1e3:.0f} ms"
                     f" and {few} in {python[name, few] * 1e3:.0f} ms"))
        ratio = seconds / own["nfold, n = 1e8"]
        setting.figure(f"whole command, n = 1e8, faster than the course's {name}", ratio, "×",
                       200 if name == "processes" else 0)
    show(rows, ("", "whole command", ""))
    setting.figure("whole command, n = 1e8", own["nfold, n = 1e8"] * 1e3, "ms", 30, "<=")
    setting.figure("nfold --version", own["nfold --version"] * 1e3, "ms", 3, "<=")
    setting.figure("whole command, n = 1000", own["nfold, n = 1000"] * 1e3, "ms", 5, "<=")
