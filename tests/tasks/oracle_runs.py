#!/usr/bin/env python3
"""The differential oracle of whole runs: the same words to Debian's GNU parallel and to nfold tasks.

    oracle_runs.py NFOLD [CASES [SEED]]

Each tool works in a folder of its own. Compared are stdout, the exit status, the joblog's columns 1
and 7 to 9, and every file that is there afterwards (--results, what tasks wrote); stderr too where no
task fails. Many inputs go into one run, because a start of parallel takes 0.1 to 0.2 s. Some cases
are several commands in the same folder, as resuming is.

What differs on purpose is not asked for; docs/guide/tasks.md has the same list:

    what                             parallel                        nfold tasks
    a value inside "..." or '...'    quoted as if bare; "$(x)" runs  quoted for that place, never runs
    a newline in a word after :::    makes two inputs                is part of the input
    {= perl =} --rpl --plus --pipe   done                            refused; says what to use instead
    wrong use                        exit 255                        exit 2
    a command that is not on PATH    fails once an input             said once, exit 127
    a command line over 64 kB        refused                         up to 128 kB
    ::::+ of unequal length          the rest is left out            an error
    exit status of --resume          what failed now                 all that is not ok, earlier runs too
    --resume, a task that was cut    Exitval 0 Signal 15 is done     runs again
    --resume, lines inserted         goes by line number             goes by what the task is
    {/} of a value with a newline    goes by its lines               goes by its slashes
    ended by --halt now              not in the joblog               -1 and the signal
    -k and --halt now                drops the output behind it      prints what ended
    SIGHUP, SIGTERM                  exit 0 or 255                   102, or the signal is raised again
    stderr when not all is ok        "This job failed:"              the summary
"""
import concurrent.futures
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

from oracle import ORDINARY, STRANGE, WITH_NEWLINES, Case

# Prints its arguments so that each can be told from the next.
SHOW = "#!/bin/sh\nprintf '%s' \"$#\"; for a; do printf ' <%s>' \"$a\"; done; echo\n"
JOBLOG_COLUMNS = (0, 6, 7, 8)


class Run:
    """Commands that both tools get, one after the other in one folder."""

    def __init__(self, steps, compares_stderr=True, compares_later_status=True):
        self.steps = steps
        self.compares_stderr = compares_stderr
        self.compares_later_status = compares_later_status


def many_values(rng, low, high, delimiter="\n"):
    pool = [v for v in ORDINARY + STRANGE if delimiter not in v] + [""]
    if delimiter == "\0":
        pool += WITH_NEWLINES
    made = []
    for _ in range(rng.randint(low, high)):
        value = rng.choice(pool)
        if rng.random() < 0.3 and value not in WITH_NEWLINES:
            value += rng.choice(ORDINARY + STRANGE[:20])
        made.append(value if delimiter not in value else "x")
    return made


def lines(values, end="\n"):
    return "".join(value + end for value in values).encode()


@functools.cache
def has_csv():
    """parallel --csv needs a module of Perl that Debian's package only suggests."""
    return subprocess.run(["perl", "-MText::CSV", "-e1"], capture_output=True, check=False).returncode == 0


# ---- kinds of runs ----

WORDS = ["show {}", "show", "show {} {}", "show a{}b", "show {.}", "show {/}", "show {//}", "show {/.}",
         "show {1} {#}", "show {-1} {1.}", "show x={} '$y' | cat", "for i in 1; do show $i {}; done",
         "show {} >&2; show {#}", "show $PARALLEL_SEQ {}", "show {}; show {} | tr a b"]


def arguments(rng):
    """What arrives is what was given."""
    delimiter = rng.choice(["\n", "\n", "\0", ","])
    values = many_values(rng, 5, 25, delimiter)
    options = {"\n": [], "\0": ["-0"], ",": ["-d", ","]}[delimiter]
    if rng.random() < 0.2:
        options = options + ["-r"]
    text = lines(values, delimiter)
    if delimiter == ",":
        text = text[:-1]
    order = rng.choice([["-k"], ["-k", "-j4"], ["-j1"], ["-j1", "--lb"], ["-j1", "-u"], ["-k", "--lb"]])
    if rng.random() < 0.3:
        return Run([Case(order + options + ["-a", "f0"], [rng.choice(WORDS)], files=[text])])
    return Run([Case(order + options, [rng.choice(WORDS)], stdin=text)])


def operands(rng):
    """::: lists and their products and links, quoted words with -q."""
    first, second = many_values(rng, 1, 5), many_values(rng, 1, 4)
    options = rng.choice([["-k"], ["-k", "--link"], ["-k", "-q"], ["-k", "-I", ",,"], ["-k", "-N2"],
                          ["-k", "--trim", "lr"]])
    template = ["show {1} {2}"]
    if "-q" in options:
        template = ["show", "{1} and {2}", "$x", "it's"]
    elif "-I" in options:
        template = ["show ,, x,,y"]
    between = rng.choice([":::", ":::+"])
    if between == ":::+":
        second = (second * 5)[:len(first)]
    return Run([Case(options, template, [":::"] + first + [between] + second)])


def packed(rng):
    count = rng.randint(1, 40)
    values = many_values(rng, count, count)
    options = rng.choice([["-X"], ["-m"], ["-N3"], ["-n4"], ["-L3"], ["-X", "-N2"], ["--xargs"],
                          ["-N2", "-q"], ["-X", "-s", "200"], ["-m", "-s", "150"]])
    template = ["show", "{}"] if "-q" in options else [rng.choice(
        ["show {}", "show", "show a{}b", "show {.} x{/}y", "show {1} {2}" if "-N3" in options else "show z{}"])]
    return Run([Case(["-k", f"-j{rng.randint(1, 4)}"] + options, template, stdin=lines(values))])


def columns(rng):
    cells = [v for v in ORDINARY + STRANGE if not set(v) & set(",\n\"") and v]
    rows = [[rng.choice(cells) for _ in range(3)] for _ in range(rng.randint(2, 15))]
    if has_csv() and rng.random() < 0.4:
        quoted = [",".join('"' + c.replace("'", '""') + '"' if rng.random() < 0.5 else c
                           for c in row) for row in rows if not any("'" in c for c in row)]
        return Run([Case(["-k", "--csv"], ["show {1} {3} {2}"], stdin=lines(quoted or ["a,b,c"]))])
    text = lines([",".join(row) for row in rows])
    if rng.random() < 0.5:
        return Run([Case(["-k", "--colsep", ",", "--header", ":"], ["show {two} {one.} {3}"],
                         stdin=b"one,two,three\n" + text)])
    template = rng.choice(["show {2} {1} {-1}", "show {}", "show", "show {1.} {2/} {3//}"])
    return Run([Case(["-k", "--colsep", ","], [template], stdin=text)])


def tagged(rng):
    values = many_values(rng, 3, 12)
    options = rng.choice([["--tag"], ["--tag", "--lb", "-j1"], ["--tagstring", "{#}<{}>"],
                          ["--tagstring", "x{/}", "-j3"], ["--tag", "-j2", "-k"]])
    template = rng.choice(["show {}", "echo one; echo two; printf three", "true {}", "printf '\\n\\n%s' {}"])
    return Run([Case(["-k"] + options, [template], stdin=lines(values))])


def ends(rng):
    """Exit codes and signals, in the joblog and as a whole."""
    codes = [rng.choice([0, 0, 1, 2, 3, 7, 42, 126, 127, 254, 255]) for _ in range(rng.randint(1, 12))]
    template = rng.choice(["exit {}", "show {}; exit {}", "sh -c 'exit $0' {}", "(exit {}); exit {}"])
    if rng.random() < 0.2:
        codes = [rng.choice([1, 2, 9, 15, 11, 6]) for _ in range(rng.randint(1, 4))]
        template = "kill -{} $$"
    options = rng.choice([[], ["--retries", "2"], ["--halt", "never"], ["--tag"]])
    return Run([Case(["-k", "-j1", "--joblog", "log"] + options, [template],
                     [":::"] + [str(code) for code in codes])], compares_stderr=False)


def halting(rng):
    codes = [rng.choice([0, 0, 0, 1, 3, 9]) for _ in range(rng.randint(2, 10))]
    if rng.random() < 0.1:
        codes = [1] * rng.randint(100, 110)
    policy = rng.choice(["now,fail=1", "soon,fail=1", "soon,fail=2", "now,fail=2", "soon,success=1",
                         "now,success=2", "soon,done=3", "now,done=1", "soon,fail=30%",
                         "now,success=40%", "soon,done=50%", "0", "1", "2", "-1", "-2", "20%", "never"])
    return Run([Case(["-k", "-j1", "--joblog", "log", "--halt", policy], ["show {}; exit {}"],
                     [":::"] + [str(code) for code in codes])], compares_stderr=False)


def retried(rng):
    """A task that works at its second or third try."""
    template = "echo x >>n{}; test $(wc -l <n{}) -ge {}"
    tries = [str(rng.randint(1, 5)) for _ in range(3)]
    return Run([Case(["-j1", "-k", "--retries", str(rng.randint(1, 4)), "--joblog", "log"], [template],
                     [":::"] + sorted(set(tries)))], compares_stderr=False)


def files(rng):
    """--results: the tree, its names and contents."""
    named = [v for v in many_values(rng, 2, 8) if v not in ("", ".", "..")]
    where = rng.choice(["out", "out/", "out/{#}/", "out/{#}.txt", "out/{1}_x", "deep/er/out"])
    options = ["-j1", "--results", where] + rng.choice([[], ["--tag"], ["-k"], ["--joblog", "log"]])
    template = "show {}; show {#} >&2; exit $(({#} % 3))"
    if rng.random() < 0.3:
        return Run([Case(options + ["--header", ":"], ["show {x} {y}"],
                         [":::", "x"] + named + [":::", "y", "1", "2/3"])], compares_stderr=False)
    if rng.random() < 0.3:
        return Run([Case(options, ["show {1} {2}"], [":::"] + named + [":::", "1", "a b"])],
                   compares_stderr=False)
    return Run([Case(options, [template], stdin=lines(named))], compares_stderr=False)


def resumed(rng):
    """The same command again, after more or fewer of its tasks ran."""
    codes = [str(rng.choice([0, 0, 1, 2])) for _ in range(rng.randint(3, 8))]
    first = codes[:rng.randint(1, len(codes))]
    how = rng.choice(["--resume", "--resume-failed", "--retry-failed"])
    options = ["-k", "-j1", "--joblog", "log"]
    template = ["echo {#} {} >>ran; exit {}"]
    if how == "--retry-failed":
        return Run([Case(options, template, [":::"] + codes), Case(options + [how])],
                   compares_stderr=False)
    return Run([Case(options, template, [":::"] + first), Case(options + [how], template, [":::"] + codes),
                Case(options + [how, "--dry-run"], template, [":::"] + codes),
                Case(options + [how], template, [":::"] + codes)], compares_stderr=False,
               compares_later_status=how != "--resume")


def several_sources(rng):
    second = many_values(rng, 1, 5)
    first = lines(many_values(rng, len(second), len(second)))
    second = lines(second)
    sources = rng.choice([["::::", "f0", "f1"], ["::::", "f0", "::::+", "f1"], ["::::", "f0", ":::", "p", "q"],
                          [":::", "p", "q", "::::", "f1"], ["::::", "-", "f1"]])
    options = rng.choice([["-k"], ["-k", "-j3"], ["-k", "--link"]])
    if rng.random() < 0.3:
        return Run([Case(options + ["-a", "f0", "-a", "f1"], ["show {2} {1}"], files=[first, second])])
    return Run([Case(options, ["show {2} {1}"], sources, stdin=first if "-" in sources else b"",
                     files=[first, second])])


MAKERS = [arguments, arguments, operands, packed, columns, tagged, ends, halting, retried, files,
          resumed, several_sources]

TRAPS = [
    Run([Case(["-k"], ["wc -c <<<{}"], [":::", "a" * 60000])]),
    Run([Case(["-k"], ["show {} | md5sum"], [":::", "é'" * 9000, " " * 5000, "$x*" * 3000])]),
    Run([Case(["-k", "-0"], ["show {}"], stdin=b"a\nb\0\n\0 \0\0it's\n\0")]),
    Run([Case(["-k"], stdin=b"echo a b\n\nshow 'x y' $HOME | wc -w\nexit 0\n#no\n  show  z\n")]),
    Run([Case(["-j1", "-k", "--timeout", "4", "--joblog", "log"], ["sleep {}"], [":::", "0", "60"])], False),
    Run([Case(["-k", "-j1", "--joblog", "log"], ["exit 1"], [":::"] + ["x"] * 101)], False),
    Run([Case(["-k", "-j1"], ["exit 1"], [":::"] + ["x"] * 100)], False),
    Run([Case(["-k", "-j2"], ["show $PARALLEL_SEQ $PARALLEL_JOBSLOT {%} | wc -w"], [":::", "a", "b", "c"])]),
    Run([Case(["-j1"], ["show $PARALLEL_JOBSLOT {%}"], [":::", "a", "b", "c"])]),
    Run([Case(["-k", "-j4", "--delay", "0.01"], ["sleep 0.{}; echo {}"], [":::", "3", "1", "2", "0"])]),
    Run([Case(["-k", "-m", "-j2"], ["echo"], stdin=lines(map(str, range(3000))))]),
    Run([Case(["-k", "-X", "-j2"], ["show {} | wc -c"], stdin=lines(map(str, range(3000))))]),
    Run([Case(["-k", "--wd", "/", "--nice", "5"], ["pwd; nice; : {}"], [":::", "a"])]),
    Run([Case(["-k", "--joblog", "log"], ["echo {}"], [":::", "c\td"]),
         Case(["-k", "-0", "--joblog", "log2"], ["echo {}"], stdin=b"a\nb\0")]),
    Run([Case(["-k"], ["cat; show {}"], [":::", "a", "b"], stdin=b"one\ntwo\n")]),
    Run([Case(["-k"], ["cat; show {}"], stdin=b"one\ntwo\n")]),
    Run([Case(["-k", "-j1", "--joblog", "log"], ["true; no-such-program-here {}"], [":::", "a", "b"])], False),
    Run([Case(["-k"], ["show"])]),
    Run([Case(["-k"], ["show"], [":::"])]),
    Run([Case(["-k", "-j1", "--joblog", "log", "--halt", "soon,fail=30%"], ["exit {}"],
              [":::", "0", "1", "2", "0", "9", "0"])], False),
    Run([Case(["-k", "-j1", "--joblog", "log", "--halt", "now,success=40%"], ["exit {}"],
              [":::", "1", "0", "0", "0", "9", "0"])], False),
    Run([Case(["-k", "-j0"], ["show {}"], [":::", "a", "b"])]),
    Run([Case(["-k", "--env", "X"], ["show \"$X\""], [":::", "a"])]),
    Run([Case(["-k"], ["printf '%s' {}"], [":::", "no", "newline"])]),
    Run([Case(["-k", "--tag"], ["printf '%s' {}"], [":::", "no", "newline"])]),
    Run([Case(["-k"], ["head -c 3000000 /dev/zero | tr '\\0' {}"], [":::", "a", "b"])]),
    Run([Case(["--halt", "now,fail=1", "-j2"], ["sleep {}; echo {}; exit {}"], [":::", "60", "1"])], False),
]


# ---- running ----

class Oracle:
    def __init__(self, nfold, folder):
        self.tools = {"parallel": ["parallel"], "nfold": [nfold, "tasks"]}
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith(("NFOLD_", "SLURM_", "PARALLEL"))}
        programs = os.path.join(folder, "bin")
        self.environment.update(HOME=folder, LC_ALL="C.UTF-8", SHELL="/bin/bash", X="a  b*",
                                PATH=programs + ":" + os.environ["PATH"])
        os.makedirs(os.path.join(folder, ".parallel"))
        open(os.path.join(folder, ".parallel", "will-cite"), "w").close()
        os.makedirs(programs)
        with open(os.path.join(programs, "show"), "w") as file:
            file.write(SHOW)
        os.chmod(os.path.join(programs, "show"), 0o755)

    def step(self, tool, case, work):
        for number, content in enumerate(case.files):
            with open(os.path.join(work, f"f{number}"), "wb") as file:
                file.write(content)
        done = subprocess.run(self.tools[tool] + case.words(), input=case.stdin, cwd=work,
                              capture_output=True, env=self.environment, check=False, timeout=600)
        return done

    def result(self, tool, run):
        """Everything that is compared, as (name, bytes) in order."""
        work = tempfile.mkdtemp(prefix=tool + "-", dir=self.folder)
        found, said = [], b""
        for number, case in enumerate(run.steps, 1):
            done = self.step(tool, case, work)
            said += done.stderr
            found.append((f"stdout of command {number}", done.stdout))
            if number == 1 or run.compares_later_status:
                found.append((f"exit status of command {number}", str(done.returncode).encode()))
            if run.compares_stderr:
                found.append((f"stderr of command {number}", done.stderr))
        shutil.rmtree(os.path.join(work, ".nfold"), ignore_errors=True)
        found += list(contents(work))
        shutil.rmtree(work)
        return found, said

    def difference(self, run):
        """None, or what differs."""
        theirs, _ = self.result("parallel", run)
        ours, said = self.result("nfold", run)
        if theirs == ours:
            return None
        text = "\n".join(case.shown() for case in run.steps)
        ours_named, theirs_named = dict(ours), dict(theirs)
        for name in sorted(ours_named.keys() | theirs_named.keys()):
            a, b = theirs_named.get(name, b"(nothing)"), ours_named.get(name, b"(nothing)")
            if a != b:
                at = next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), min(len(a), len(b)))
                at = max(0, at - 40)
                text += (f"\n{name}, from byte {at}:\n  parallel: {a[at:at + 160]!r}\n"
                         f"  nfold:    {b[at:at + 160]!r}")
        return text + f"\nnfold's stderr: {said[:300]!r}"


def contents(folder):
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                data = file.read()
            if name.startswith("log") and data.startswith(b"Seq\t"):
                rows = [row.split(b"\t", 8) for row in data.split(b"\n")]
                data = b"\n".join(b"\t".join(row[i] for i in JOBLOG_COLUMNS if i < len(row)) for row in rows)
            yield os.path.relpath(path, folder), data


def main():
    nfold = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    is_whole = seed == 1  # the traps are the same for every seed
    if not shutil.which("parallel") or b"GNU parallel" not in subprocess.run(
            ["parallel", "--version"], capture_output=True, check=False).stdout:
        print("1..0 # SKIP GNU parallel is not installed: apt install parallel")
        return 0
    rng = random.Random(seed)
    cases = [("a known trap", run) for run in TRAPS] if is_whole else []
    cases += [(maker.__name__.replace("_", " "), maker(rng))
              for maker in (MAKERS[at % len(MAKERS)] for at in range(count))]
    print(f"1..{len(cases)}")
    failed = 0
    # Who starts the tests with nohup has it ignored, which parallel undoes and nfold does not.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with tempfile.TemporaryDirectory(prefix="nfold-oracle-") as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        oracle = Oracle(nfold, folder)
        texts = pool.map(oracle.difference, [run for _, run in cases])
        for number, ((name, _), text) in enumerate(zip(cases, texts), 1):
            failed += text is not None
            print(f"{'not ' if text else ''}ok {number} - {name}", flush=True)
            if text:
                print("\n".join("# " + line for line in text.split("\n")), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
