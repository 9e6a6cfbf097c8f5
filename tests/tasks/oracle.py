#!/usr/bin/env python3
"""The differential oracle: the same words to Debian's GNU parallel and to nfold tasks.

    oracle.py NFOLD [CASES [SEED]]

Cases are made at random from a seed, a few from a list of known traps. What parallel does unsafely
(a value inside quotes, a value that is executed) and what it does otherwise on purpose is not asked
for. One line of TAP a group of cases; a difference is shown as a command line to try.
"""
import concurrent.futures
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

GROUP = 20  # cases a line of TAP


class Case:
    """What both tools get."""

    def __init__(self, options=(), template=(), sources=(), stdin=b"", files=()):
        self.options = list(options)
        self.template = list(template)
        self.sources = list(sources)
        self.stdin = stdin
        self.files = list(files)  # contents of f0, f1, ... in the working folder

    def words(self):
        return self.options + self.template + self.sources

    def shown(self):
        text = " ".join(shlex.quote(os.fsdecode(os.fsencode(word))) for word in self.words())
        for number, content in enumerate(self.files):
            text += f"\n#   f{number}: {content[:200]!r}"
        return text + (f"\n#   stdin: {self.stdin[:300]!r}" if self.stdin else "")


# ---- values ----

ORDINARY = ["a", "b.txt", "dir/file.tar.gz", "x_1", "-v", "+2", "/abs/path.c", "..", "a.b/c", "7"]
STRANGE = [
    "a b", "  ", " a", "b ", "it's", "''", "'", "'a'", '"', 'say "hi"', "$HOME", "$(x)", "`x`", "a\\",
    "\\", "\\n", "*", "?[a]", "~", "#no", "a#b", "!x", "a;b", "a&b", "a|b", "<in>", "(x)", "{}", "{1}",
    "{a,b}", "a=b", "%1", "tab\there", "é", "日本 語", "x/ y.z", "a.b c/d", "^", "@", ",", "a,b",
    "-", "--x", "\x01", "\x7f", "ü'ß", "a'b'c", "$", "${x}", "\\$x", '\\"', "end\\",
]
WITH_NEWLINES = ["a\nb", "\n", "x\n", "'\n'", "\\\n"]


def value(rng, strange=True):
    pool = ORDINARY + (STRANGE if strange else [])
    choice = rng.choice(pool)
    if strange and rng.random() < 0.1:
        choice += rng.choice(pool)
    return choice


def values(rng, low=1, high=6, strange=True, empty=True):
    made = [value(rng, strange) for _ in range(rng.randint(low, high))]
    if made and empty and strange and rng.random() < 0.2:
        made[rng.randrange(len(made))] = ""
    return made


# ---- templates ----

ONE = [
    ["echo {}"], ["echo", "{}"], ["echo"], ["true", "x", "y"], ["echo {} {}"], ["echo pre{}post"],
    ["echo a{}b c{}"], ["echo {.}"], ["echo {/}"], ["echo {//}"], ["echo {/.}"],
    ["mv {} {.}.old"], ["reduce.sh {} {/.}.out"], ["echo {#} {}"], ["echo {#}"], ["x={} run"],
    ["cd /x && cmd {} | wc -l"], ["cmd --in={} --out={.}.o"], ["echo   spaced    {}   out"],
    ["echo\t{}\tx"], ["echo", "", "{}"], ["echo {1} {-1}"], ["echo {1.} {1/} {1//} {1/.}"],
    ["awk '{print $1}' {}"], ["echo ${HOME} {}"], ["for i in 1 2; do echo $i {}; done"],
    ["echo {a,b} {}"], ["echo {1..3} {}"], ["echo 'single' \"double\" {}"], ["(cmd {}; x)"],
    ["echo $(basename {})"], ["{ cmd {}; }"], ["if true; then x {}; fi"], ["echo '{x}' {}"],
]
QUOTED = [["echo '{}'"], ['echo "{}"'], ['echo "x {} y" z'], ["echo '{.}'{}"], ["./run{} x"]]
TWO = [["echo {1} {2}"], ["echo {2} {1}"], ["echo"], ["fit {1.}-{2/}"], ["echo {} {-2}"],
        ["x {-1.} {-2//}"]]


def is_free(case_words, word):
    return not word.startswith(":::")


def pick_template(rng, pool, options):
    template = list(rng.choice(pool))
    if "-I" in options:
        mark = options[options.index("-I") + 1]
        template = [word.replace("{}", mark) for word in template]
    return template


# ---- cases ----

def random_list(rng):
    """::: lists of one source."""
    strange = rng.random() < 0.8
    pool = ONE if strange else ONE + QUOTED
    options = rng.choice([[], [], ["-k"], ["-q"], ["-I", ",,"], ["-I", "XX"], ["-r"], ["--trim", "lr"],
                          ["-E", "b.txt"], ["--shuf", "-n1", "-j1"]])
    if "--shuf" in options:
        options = []
    template = pick_template(rng, pool, options)
    if "-q" in options:
        template = rng.choice([["echo", "{}"], ["echo", "a {} b"], ["echo", "it's", "{.}"], ["echo"],
                               ["echo", "", "{}x"], ["cmd", "$x", "*", "{}"]])
    return Case(options, template, [":::"] + values(rng, strange=strange))


def random_packed(rng):
    options = rng.choice([["-N", "2"], ["-N3"], ["-n", "2"], ["-n3"], ["-X"], ["-m"], ["--xargs"],
                          ["-L", "2"], ["-L1"], ["-N0"], ["-X", "-n2"], ["-m", "-n", "3"],
                          ["-N2", "-q"], ["-m", "-q"], ["-L2", "-n1"], ["--xargs", "-L2"],
                          ["-X", "-q"], ["--xargs", "-s90"], ["-X", "-s", "99"], ["-m", "-s80"]])
    template = rng.choice(ONE)
    if "-q" in options:
        template = rng.choice([["echo", "{}"], ["echo", "p{}s", "x"], ["echo", "a {} b"]])
    # {1} of -N0 is nothing; of -s, parallel counts it once for each input.
    if any("1" in word and "{" in word for word in template) and \
            any(word.startswith(("-N0", "-s")) for word in options):
        template = ["echo"]
    return Case(["-j3"] + options, template, [":::"] + values(rng, 1, 9))


def random_several(rng):
    strange = rng.random() < 0.8
    first = values(rng, 1, 3, strange)
    second = values(rng, 1, 3, strange)
    options = rng.choice([[], [], ["--link"], ["-q"], ["-N2"], ["-n2"]])
    shape = rng.choice(["product", "linked", "three", "file"])
    template = rng.choice(TWO) if "-q" not in options else ["echo", "{1}", "{2} x"]
    if shape == "linked" and "--link" not in options:
        second = (second * 3)[:len(first)]
        return Case(options, template, [":::"] + first + [":::+"] + second)
    if shape == "three":
        return Case(options, template, [":::"] + first + [":::"] + second + [":::", "p", "q"])
    if shape == "file":
        text = "".join(line + "\n" for line in second)
        return Case(options, template, [":::"] + first + ["::::", "f0"], files=[text.encode()])
    return Case(options, template, [":::"] + first + [":::"] + second)


def random_stdin(rng):
    options = rng.choice([[], ["-0"], ["-d", ","], ["-r"], ["-a", "f0"], ["-L2"], ["-L1"], ["-N2"],
                          ["-d", "\\t"], ["-d", "XY"], ["--skip-first-line"], ["-E", "STOP"],
                          ["-0", "-N2"], ["-0", "-X", "-j2"], ["-r", "-L2"], ["--trim", "l"],
                          ["-a", "f0", "-a", "f1"], ["--link", "-a", "f0", "-a", "f1"]])
    end = {"-0": "\0", ",": ",", "\\t": "\t", "XY": "XY"}
    delimiter = next((end[word] for word in options if word in end), "\n")
    made = [v for v in values(rng, 0, 8) if delimiter not in v and "\n" not in v]
    if "-0" in options and made:
        made[0] = rng.choice(WITH_NEWLINES)
    if "-E" in options and len(made) > 2:
        made[2] = "STOP"
    if made and delimiter == "\n" and rng.random() < 0.3:
        made.insert(rng.randrange(len(made)), "")
    text = delimiter.join(made) + (delimiter if rng.random() < 0.8 else "")
    template = rng.choice([["echo {}"], ["echo"], ["cmd {} x"]] if "-0" in options else ONE)
    if "-a" in options:
        other = "".join(v + "\n" for v in values(rng, 1, 3))
        return Case(options, template, files=[(text or "a\n").encode(), other.encode()])
    return Case(options, template, stdin=text.encode())


def random_columns(rng):
    separator, options = rng.choice([(",", ["--colsep", ","]), ("\t", ["--colsep", "\\t"]),
                                     (" ", ["-C", " "]), ("  ", ["-C", "\\s+"]),
                                     (";", ["--colsep", "[;|]"]), (",", ["--colsep", ",", "--trim", "n"])])
    columns = rng.randint(1, 4)
    lines = []
    for _ in range(rng.randint(1, 5)):
        row = [value(rng) for _ in range(columns)]
        row = [v for v in row if not set(v) & set(",;|\t\n ")] or ["x"]
        lines.append(separator.join(row))
    if rng.random() < 0.3:
        lines.append("")
    template = rng.choice([["echo {1} {2}"], ["echo"], ["x {2.}-{1/}"], ["echo {-1}"], ["echo {}"], ["echo {1}"], ["echo {4} {2}"]])
    header = []
    if rng.random() < 0.3:
        header = ["--header", ":"]
        lines.insert(0, separator.join(["one", "two", "three", "four"][:columns]))
        template = rng.choice([["echo {one}"], ["echo {one.} {1} {one/}"], ["cmd --x={one} {}"]])
    return Case(options + header, template, stdin=("\n".join(lines) + "\n").encode())


def random_bare(rng):
    """No template: each input is a command line."""
    made = [v for v in values(rng, 1, 6, empty=False) if v.strip()] or ["ls"]
    template = rng.choice([[], ["{}"]])
    return Case([], template, stdin="".join(v + "\n" for v in made).encode())


MAKERS = [random_list, random_list, random_packed, random_packed, random_several, random_stdin,
          random_stdin, random_columns, random_bare]

TRAPS = [
    Case([], ["echo {}"], [":::", "a" * 60000]),
    Case([], ["echo"], [":::", "é" * 25000, "x'" * 5000]),
    Case(["-j1"], ["echo {%} {#}"], [":::", "a", "b"]),
    Case(["-kj2", "-N2"], ["echo x{}y {1}"], [":::"] + [str(i) for i in range(7)]),
    Case(["-j+0", "-j50%", "-j4", "-X"], ["echo x{}y"], [":::"] + [str(i) for i in range(11)]),
    Case(["--no-run-if-empty", "-I{}"], ["echo {}"], [":::", "", " ", "a"]),
    Case(["--", ], ["echo", "-n"], [":::", "x"]),
    Case([], ["echo", "--dry-run", "-k"], [":::", "x"]),
    Case(["--arg-sep", ",,"], ["echo"], [",,", "a", ":::"]),
    Case(["--arg-file-sep", "%%"], ["echo"], ["%%", "f0"], files=[b"a\nb"]),
    Case(["--header", ":"], ["run {alpha} {beta.} {2/}"],
         [":::", "alpha", "1", "2", ":::", "beta", "x/y.z"]),
    Case(["--xapply"], ["echo"], [":::", "1", "2", "3", ":::", "a", "b"]),
    Case([], ["echo"], ["::::", "f0", "f1"], files=[b"a\nb\n", b"1\n2\n"]),
    Case([], ["echo"], ["::::", "f0", "::::+", "f1"], files=[b"a\nb\n", b"1\n2\n"]),
    Case([], ["echo"], ["::::", "-", ":::", "x"], stdin=b"1\n2"),
    Case([], ["echo {} {}"], stdin=b"".join(b"%d\n" % i for i in range(150))),
    Case(["-j7", "-m"], ["echo"], stdin=b"".join(b"%d\n" % i for i in range(900))),
    Case(["--wd", "/", "--delay", "0", "--nice", "3", "--timeout", "10m", "--retries", "3",
          "--halt", "soon,fail=1", "--will-cite", "--plain", "--gnu"], ["echo"], [":::", "a"]),
    Case(["--lb", "--progress", "--tmpdir", "/tmp"], ["echo"], [":::", "a"]),
    # Every form of an option's value that the manual has.
    Case(["-j", "+2", "-X"], ["echo"], [":::"] + [str(i) for i in range(9)]),
    Case(["-j", "70%", "-X"], ["echo"], [":::"] + [str(i) for i in range(9)]),
    Case(["-j", "f0", "-X"], ["echo"], [":::"] + [str(i) for i in range(9)], files=[b"3\n"]),
    Case(["--header", "0"], ["echo {f0} {f1.} {f1/}"], ["::::", "f0", "f1"],
         files=[b"a\nb\n", b"x/y.z\n"]),
    Case(["--header", "0"], ["echo {f0} {2}"], ["::::", "f0", ":::", "p"], files=[b"a\nb\n"]),
    Case(["--header", "1", "--colsep", ","], ["echo {b}"], stdin=b"a,b\n1,2\n"),
    Case(["--delay", "0.1auto", "--load", "99999%", "--timeout", "200%", "--memfree", "1k",
          "--halt", "now,success=50%", "--term-seq", "INT,10,KILL"], ["echo"], [":::", "a"]),
    Case(["--delay", "1m2.5sauto", "--load", "+99999", "--timeout", "1h30m", "--halt", "-2"], ["echo"],
         [":::", "a"]),
    Case(["-n", "1k"], ["echo"], [":::", "a", "b"]),
    Case(["-n", "0"], ["echo {#}"], [":::", "a", "b"]),
    Case(["-N", "1K"], ["echo {2}"], [":::", "a", "b"]),
    Case(["-N", "3"], ["echo {3} {1}"], [":::", "a", "b", "c", "d"]),
    Case(["-L", "0"], ["echo x"], [":::", "a", "b"]),
    Case(["-L", "2k"], ["echo"], [":::", "a", "b"]),
    Case(["-d", "\\054"], ["echo"], stdin=b"a,b"),
    Case(["-d", "\\x2c"], ["echo"], stdin=b"a,b"),
    Case(["-d", "\\0"], ["echo"], stdin=b"a\0b"),
    Case(["-a", "f0", "-a", "f1"], ["echo {2} {1}"], [":::", "x"], files=[b"a\nb\n", b"1\n"]),
    Case(["-C", "[,;]+ *"], ["echo {2} {1}"], stdin=b"a,; b\nc;d\n"),
    Case(["--colsep", "\\W"], ["echo {2} {1}"], stdin=b"a-b\n"),
]


def make_cases(count, seed):
    rng = random.Random(seed)
    return TRAPS + [rng.choice(MAKERS)(rng) for _ in range(count)]


# ---- running ----

class Oracle:
    def __init__(self, nfold, folder):
        self.nfold = nfold
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith(("NFOLD_", "SLURM_", "PARALLEL"))}
        self.environment.update(HOME=folder, LC_ALL="C.UTF-8", SHELL="/bin/bash")
        os.makedirs(os.path.join(folder, ".parallel"))
        open(os.path.join(folder, ".parallel", "will-cite"), "w").close()

    def run(self, command, case):
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            for number, content in enumerate(case.files):
                with open(os.path.join(work, f"f{number}"), "wb") as file:
                    file.write(content)
            return subprocess.run(command + ["--dry-run"] + case.words(), input=case.stdin, cwd=work,
                                  capture_output=True, env=self.environment, check=False, timeout=600)

    def difference(self, case):
        """None, or what differs."""
        theirs = self.run(["parallel", "-k"], case)
        ours = self.run([self.nfold, "tasks", "-k"], case)
        if theirs.stdout == ours.stdout and theirs.returncode == ours.returncode:
            return None
        for theirs_line, ours_line in zip(theirs.stdout.split(b"\n") + [b"(nothing)"],
                                          ours.stdout.split(b"\n") + [b"(nothing)"]):
            if theirs_line != ours_line:
                break
        return (f"{case.shown()}\nparallel: {theirs_line[:300]!r}\nnfold:    {ours_line[:300]!r}\n"
                f"exit {theirs.returncode} and {ours.returncode}; stderr: {ours.stderr[:300]!r} "
                f"{theirs.stderr[:200]!r}")


def main():
    nfold = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if not shutil.which("parallel") or b"GNU parallel" not in subprocess.run(
            ["parallel", "--version"], capture_output=True, check=False).stdout:
        print("1..0 # SKIP GNU parallel is not installed: apt install parallel")
        return 0
    cases = make_cases(count, seed)
    groups = [cases[at:at + GROUP] for at in range(0, len(cases), GROUP)]
    print(f"1..{len(groups)}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nfold-oracle-") as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        oracle = Oracle(nfold, folder)
        for number, group in enumerate(groups, 1):
            differences = [text for text in pool.map(oracle.difference, group) if text]
            failed += len(differences)
            print(f"{'not ' if differences else ''}ok {number} - cases {(number - 1) * GROUP + 1} to "
                  f"{(number - 1) * GROUP + len(group)}: --dry-run prints parallel's bytes", flush=True)
            for text in differences:
                print("\n".join("# " + line for line in text.split("\n")), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
