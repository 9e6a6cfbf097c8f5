"""Fills a manual page: a line "@OPTIONS verb@" becomes the options of that verb as the built
command prints them, so that the page cannot drift from the option tables.

usage: fill.py NFOLD TEMPLATE OUTPUT
"""

import re
import subprocess
import sys


def options(nfold, verb):
    return subprocess.run([nfold, "man", verb], check=True, capture_output=True, text=True).stdout


def main(nfold, template, output):
    with open(template, encoding="utf-8") as file:
        page = file.read()
    page = re.sub(r"^@OPTIONS (\w+)@\n", lambda match: options(nfold, match[1]), page,
                  flags=re.MULTILINE)
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
