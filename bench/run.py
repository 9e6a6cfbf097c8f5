#!/usr/bin/python3
"""Measures what the documents claim and prints the figures; `make bench` runs it.

    bench/run.py [--quick] [--only NAME[,NAME...]] [--rounds N] [--write] [--build DIR]

All ratios come from one run of this program: our program and its peers are asked in turn, and the
medians are compared. --quick takes few items, to try the programs: its figures mean nothing.
--write puts the table of figures and fresh screens into README.md. Exit: 0 measured (whether or not a figure is what
it should be), 1 a claim could not be measured.
"""

import argparse
import importlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from contest import ROOT, Missing, Setting  # noqa: E402

CLAIMS = ("integral", "expression", "workers", "processes", "mpi", "command", "vm", "mathematics",
          "fork_join", "memory", "checkpoint", "report", "tasks")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def first_line(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return f"no {argv[0]}"


def describe_machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return [f"{model}, {len(os.sched_getaffinity(0))} CPUs allowed, Linux {platform.release()}",
            first_line(["gcc", "--version"]), first_line(["clang", "--version"]),
            first_line(["/usr/bin/python3", "--version"])]


def figure_table(figures):
    lines = ["| figure | measured | wanted | |", "|---|---|---|---|"]
    for f in figures:
        sense = {">=": "≥", "<=": "≤"}[f.sense]
        wanted = f"{sense} {f.wanted:g} {f.unit}".strip() if f.wanted else ""
        met = "" if not f.wanted else "yes" if f.is_met() else "no"
        lines.append(f"| {f.what} | {f.value:.3g} {f.unit} | {wanted} | {met} |".replace("  ", " "))
    return lines


def fresh_screens(text, folder):
    """The text with what the commands of its console blocks print now."""
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    def screen(block):
        shown = []
        for line in block[1].splitlines():
            if line.startswith("$ "):
                printed = subprocess.run(["bash", "-c", line[2:]], env=environment, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
                shown.append(f"{line}\n{printed}")
        return "```console\n" + "".join(shown) + "```"

    return re.sub(r"```console\n(.*?)```", screen, text, flags=re.DOTALL)


def write_readme(lines, setting):
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    text = f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}"
    readme.write_text(fresh_screens(text, setting.nfold.parent))


def measure_all(setting, names):
    """Runs the claims; returns how many could not be measured."""
    unmeasured = 0
    for name in names:
        claim = importlib.import_module(f"claims.{name}")
        print(f"\n{name}: {claim.TITLE}", flush=True)
        try:
            claim.measure(setting)
        except Missing as reason:
            print(f"  not measured: {reason}")
            unmeasured += 1
    return unmeasured


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few items: tries the programs")
    parser.add_argument("--only", default=",".join(CLAIMS), help="claims, with commas between")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contestant is asked")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder")
    given = parser.parse_args()
    names = given.only.split(",")
    unknown = set(names) - set(CLAIMS)
    if unknown:
        parser.error(f"no claim is called {', '.join(unknown)} ({' '.join(CLAIMS)})")
    if given.write and (given.quick or len(names) != len(CLAIMS)):
        parser.error("--write needs a whole run")

    setting = Setting(build=given.build.resolve(), quick=given.quick, rounds=given.rounds)
    print("\n".join(describe_machine()))
    unmeasured = measure_all(setting, names)
    lines = figure_table(setting.figures)
    if given.write:
        lines += ["", "Measured by `make bench` on: " + "; ".join(describe_machine()) + "."]
        write_readme(lines, setting)
    print("\n" + "\n".join(lines))
    return 1 if unmeasured else 0


if __name__ == "__main__":
    sys.exit(main())
