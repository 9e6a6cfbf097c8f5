"""Fills a manual page: a line "@LIST verb@" becomes the options of that verb, "@LIST functions@" the
functions of expressions, as the built command prints them: the page cannot drift from the tables.

usage: fill.py NFOLD TEMPLATE OUTPUT
"""

import re
import subprocess
import sys


def items(nfold, noun):
    return subprocess.run([nfold, "man", noun], check=True, capture_output=True, text=True).stdout


def main(nfold, template, output):
    with open(template, encoding="utf-8") as file:
        page = file.read()
    page = re.sub(r"^@LIST (\w+)@\n", lambda match: items(nfold, match[1]), page,
                  flags=re.MULTILINE)
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
