"""What every claim is measured with: contestants asked in turn, whole commands, figures.

A steady rate and a whole command are two numbers: the first comes from a Contestant, which times
its work inside a process that is already warm; the second from whole_command(), which times a
process from its start to its end.
"""

import os
import shlex
import shutil
import statistics
import subprocess
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
PYTHON = "/usr/bin/python3"  # the distribution's, whose packages tools/setup installs
DISTURBED = 1.12  # times the shortest time that the loop of neighbour.c took
PATIENCE_SECONDS = 30  # at most so long does a contest wait for its samples


class Missing(Exception):
    """A peer or a tool that this machine lacks: its figure is left out, with this reason."""


@dataclass
class Figure:
    """One line of the table of figures: a measured number and what it should be."""

    what: str
    value: float
    unit: str
    wanted: float
    sense: str = ">="

    def is_met(self):
        return self.value >= self.wanted if self.sense == ">=" else self.value <= self.wanted


@dataclass
class Setting:
    """What run.py was asked for."""

    build: Path
    quick: bool = False
    rounds: int = 9
    figures: list = field(default_factory=list)

    def n(self, full, few=4e6):
        """The number of items: `full`, or `few` where only the programs are to be tried. (Native
        code runs chunks of 2048 items or more, which works of two million items have.)"""
        return int(few if self.quick else full)

    @property
    def nfold(self):
        return self.build / "src" / "cli" / "nfold"

    def figure(self, *args, **kwargs):
        self.figures.append(Figure(*args, **kwargs))


class Contestant:
    """A program with the manners of serve.h, started and warm."""

    def __init__(self, name, argv, env=None):
        self.name = name
        self.seconds = []
        self.value = None
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **(env or {})})
        if self.process.stdout.readline().strip() != "ready":
            self.process.wait()
            raise Missing(f"{name} did not start: {shlex.join(map(str, argv))}")

    def tell(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()

    def hear(self):
        seconds, value = self.process.stdout.readline().split()
        self.seconds.append(float(seconds))
        self.value = float.fromhex(value)
        return self.seconds[-1]

    def ask(self, count):
        self.tell(count)
        self.hear()

    def median(self):
        return statistics.median(self.seconds)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Together:
    """Contestants who work at the same time and share nothing: as slow as the slowest. It says what
    the machine itself gives to so many."""

    def __init__(self, name, contestants):
        self.name = name
        self.contestants = contestants
        self.seconds = []

    def ask(self, count):
        for contestant in self.contestants:
            contestant.tell(count)
        self.seconds.append(max([contestant.hear() for contestant in self.contestants]))

    def median(self):
        return statistics.median(self.seconds)

    def close(self):
        for contestant in self.contestants:
            contestant.close()


def start(name, argv, env=None):
    """A contestant, or None with a line that says why there is none."""
    try:
        return Contestant(name, argv, env)
    except (Missing, OSError) as error:
        print(f"  left out: {error}")
        return None


@contextmanager
def one_processor():
    """What is started inside is bound to one processor, so that only its neighbour can disturb."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class Neighbour:
    """What bench/neighbour.c sees of others on the same cores, before and after each sample."""

    def __init__(self, setting):
        self.loop = Contestant("neighbour", [setting.build / "bench" / "bench_neighbour"])
        self.slower = defaultdict(list)  # of each contestant: the slower loop beside each sample

    def listen(self):
        self.loop.ask(1)
        return self.loop.seconds[-1]

    def attend(self, contestant, count):
        before = self.listen()
        contestant.ask(count)
        self.slower[contestant.name].append(max(before, self.listen()))

    def samples(self, contestant):
        return zip(self.slower[contestant.name], contestant.seconds)

    def undisturbed(self, contestant):
        limit = DISTURBED * min(self.loop.seconds)
        return [seconds for slower, seconds in self.samples(contestant) if slower <= limit]

    def quietest(self, contestant, count):
        return [seconds for _, seconds in sorted(self.samples(contestant))[:count]]


def paired_ratio(over, under):
    """The median of what one took over what the other took in the same round. For two that do the
    same: what disturbs a round disturbs both."""
    return statistics.median(a / b for a, b in zip(over.seconds, under.seconds, strict=True))


def contest_undisturbed(setting, contestants, count):
    """Asks all in turn until each has its samples that no neighbour disturbed, which are kept."""
    neighbour = Neighbour(setting)
    for _ in range(20):
        neighbour.listen()
    late = time.monotonic() + PATIENCE_SECONDS
    missing = contestants
    while missing and time.monotonic() < late:
        for contestant in missing:
            neighbour.attend(contestant, count)
        missing = [c for c in contestants if len(neighbour.undisturbed(c)) < setting.rounds]
    neighbour.loop.close()
    kept = {c.name: neighbour.undisturbed(c) for c in contestants}
    asked = sum(len(c.seconds) for c in contestants)
    if min(map(len, kept.values())) < setting.rounds:
        kept = {c.name: neighbour.quietest(c, max(setting.rounds, len(c.seconds) // 4))
                for c in contestants}
        print("  a neighbour disturbed nearly all: the quietest samples are kept")
    for contestant in contestants:
        contestant.seconds = kept[contestant.name]
    print(f"  {asked - sum(map(len, kept.values()))} of {asked} samples left out: "
          "a neighbour disturbed them")


def contest(setting, contestants, count=3, undisturbed=False, rounds=None):
    """Asks all in turn, round after round, and closes them; returns those that exist, by name."""
    contestants = [c for c in contestants if c]
    if undisturbed and not setting.quick:
        contest_undisturbed(setting, contestants, count)
    else:
        for i in range(2 if setting.quick else rounds or setting.rounds):
            for contestant in contestants if i % 2 else reversed(contestants):
                contestant.ask(count)
    for contestant in contestants:
        contestant.close()
    return {c.name: c for c in contestants}


def steady(setting, name, operand, a, b, n, **options):
    """nfold's own contestant. None only where the compiler that it is to use is missing."""
    if "cc" in options and not shutil.which(options["cc"]):
        print(f"  left out: {name}: no {options['cc']} on this machine")
        return None
    argv = [setting.build / "bench" / "bench_steady", operand, a, b, n]
    return Contestant(name, argv + [f"{key}={value}" for key, value in options.items()])


def compile_c(setting, compiler, flags, source, name):
    """Compiles a peer; returns its path and how it was compiled, to be printed."""
    folder = setting.build / "bench-peers"
    folder.mkdir(exist_ok=True)
    target = folder / name
    libraries = [f for f in flags if f.startswith("-l")]
    others = [f for f in flags if not f.startswith("-l")]
    argv = [compiler, "-std=gnu11", *others, str(PEERS / source), "-o", str(target), *libraries]
    try:
        result = subprocess.run(argv, capture_output=True, text=True)
    except FileNotFoundError:
        raise Missing(f"no {compiler} on this machine") from None
    if result.returncode:
        raise Missing(f"{shlex.join(argv)}: {result.stderr.strip().splitlines()[:1]}")
    return target, shlex.join([compiler, *others, *libraries])


def whole_command(argv):
    """Runs a command to its end: wall seconds, and the most memory it held, in MiB."""
    silence = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    argv = [str(a) for a in argv]
    begin = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=silence)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        raise Missing(f"{shlex.join(argv)} ended with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def whole_commands(setting, commands, rounds=None):
    """{name: argv} in turn, round after round: {name: median seconds}."""
    seconds = {name: [] for name in commands}
    for _ in range(2 if setting.quick else rounds or setting.rounds):
        for name, argv in commands.items():
            seconds[name].append(whole_command(argv)[0])
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(rows, header):
    """Prints rows of text as a table."""
    rows = [header, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def cpu_flags():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.split(":")[1].split())
    return set()
