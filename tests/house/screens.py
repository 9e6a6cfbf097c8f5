"""Runs the commands of a file of screens and compares what they print: screens.py FILE.

A screen is a line "$ COMMAND" and the lines that follow it. The first of them, the answer, must
come out exactly. In the others numbers, hashes, bars and spaces may differ, and a machine with more
to say may print more lines between them.
"""

import re
import subprocess
import sys
from pathlib import Path

NUMBER = re.compile(r"0x[0-9a-f.p+-]+|\b[0-9a-f]{16}\b|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\binf\b"
                    r"|[█▏▎▍▌▋▊▉#]+")


def mask(line):
    line = re.sub(r"^(code:?) .*", r"\1 #", line)  # what ran depends on the compiler and the CPU
    # Where the time of tasks went, too; below a label stands what is left of a long line.
    line = re.sub(r"^(slots|lost|start-up|processor|the end|advice) .*|^ {11}.*", r"\1", line)
    masked = NUMBER.sub("#", re.sub(r"(?<=\d )[mnuµ]s\b", "s", line))
    return re.sub(r"\b[kMGT](items|\b)", r"\1", " ".join(masked.split()))


def read_screens(text):
    """[(command, [lines])]"""
    screens = []
    for line in text.splitlines():
        if line.startswith("$ "):
            screens.append((line[2:], []))
        elif screens:
            screens[-1][1].append(line)
    return screens


def first_difference(expected, printed):
    """The first expected line that does not come, or None."""
    if expected and (not printed or expected[0] != printed[0]):
        return expected[0]
    rest = iter(mask(line) for line in printed[1:])
    for line in expected[1:]:
        if mask(line) and mask(line) not in rest:
            return line
    return None


def main(path):
    wrong = 0
    for command, expected in read_screens(Path(path).read_text()):
        result = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        difference = first_difference(expected, result.stdout.splitlines())
        if difference is not None:
            wrong += 1
            print(f"$ {command}\nwas to print: {difference}\nbut printed:\n{result.stdout}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
