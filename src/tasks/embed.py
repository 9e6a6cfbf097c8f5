"""Turns page.html into two C arrays, what stands before @DATA@ and what stands behind it.

usage: embed.py PAGE OUTPUT
"""

import json
import sys


def array(name, text):
    # A C string and a JSON string of ASCII without control characters are written alike.
    lines = "\n".join(json.dumps(line) for line in text.splitlines(keepends=True))
    return f"static const char {name}[] =\n{lines};\n"


def main(page, output):
    with open(page, encoding="ascii") as file:
        before, behind = file.read().split("@DATA@")
    with open(output, "w", encoding="ascii") as file:
        file.write(array("page_before", before) + array("page_behind", behind))


if __name__ == "__main__":
    main(*sys.argv[1:])
