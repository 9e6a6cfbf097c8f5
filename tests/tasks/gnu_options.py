#!/usr/bin/env python3
"""Every option of the GNU parallel that is installed, in every spelling, is known to nfold tasks: it
is done, taken without effect, or refused with a reason. None is "no option".

    gnu_options.py NFOLD
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile


def specifications():
    """("name|alias|x", takes a value) of its table, which is Getopt::Long's."""
    with open(shutil.which("parallel"), encoding="utf-8", errors="replace") as file:
        text = file.read()
    table = re.search(r"^sub options_completion_hash.*?^}", text, re.DOTALL | re.MULTILINE)[0]
    # Strings that are joined by a dot are one.
    table = re.sub(r"[\"']\.\s*[\"']", "", table)
    for line in re.findall(r"^\s*\(?[\"']([^\"'\n]+)", table, re.MULTILINE):
        match = re.match(r"([\w|-]+)([=:][sif])?(\[|$)", line)
        if match:
            yield match[1].strip("|").split("|"), match[2]


def spell(name, kind):
    if len(name) == 1:
        return ["-" + name + ("1" if kind and kind[0] == "=" else "")]
    return ["--" + name + ("=1" if kind and kind[0] == "=" else "")]


def main():
    nfold = os.path.abspath(sys.argv[1])
    if not shutil.which("parallel") or b"GNU parallel" not in subprocess.run(
            ["parallel", "--version"], capture_output=True, check=False).stdout:
        print("1..0 # SKIP GNU parallel is not installed: apt install parallel")
        return 0
    options = list(specifications())
    unknown, silent = [], []
    with tempfile.TemporaryDirectory(prefix="nfold-options-") as folder:
        for names, kind in options:
            for name in names:
                done = subprocess.run([nfold, "tasks"] + spell(name, kind) +
                                      ["--dry-run", "--", "true", ":::", "1"], cwd=folder,
                                      capture_output=True, text=True, check=False,
                                      stdin=subprocess.DEVNULL)
                if "no option" in done.stderr or "can mean" in done.stderr:
                    unknown.append(name)
                elif done.returncode != 0 and len(done.stderr) < 30:
                    silent.append(name)
    print("1..3")
    print(f"{'' if len(options) > 150 else 'not '}ok 1 - its table could be read "
          f"({len(options)} options)")
    print(f"{'not ' if unknown else ''}ok 2 - no option of GNU parallel is unknown: {unknown}")
    print(f"{'not ' if silent else ''}ok 3 - what is refused is refused with a reason: {silent}")
    return 1 if unknown or silent or len(options) <= 150 else 0


if __name__ == "__main__":
    sys.exit(main())
