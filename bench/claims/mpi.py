"""Ranks of MPI: against plain programs of MPI, in C and as in the course, and what nfold adds."""

import json
import math
import os
import re
import shutil
import statistics
import subprocess

from contest import (PEERS, PYTHON, ROOT, Missing, compile_c, contest, cpu_flags, paired_ratio, show,
                     start, whole_commands)
from claims.command import scaled
from claims.integral import FAST, PLAIN_FORMS

TITLE = "ranks of MPI"
IMPLEMENTATIONS = {"openmpi": "Open MPI", "mpich": "MPICH"}
KERNEL_CALLS = {"one call": 1 << 40, "a call for each chunk": 16}  # groups of 2048 points in a call
# The flags that nfold compiles its kernel with (src/bodies/compiler.c, expr/print_c.c).
KERNEL_FLAGS = ["-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-tree-ter",
                "-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-fno-stack-protector"]
START_UP_ROUNDS = 21
STEPS = 1e9  # of a steady run: 40 ms, of which beginning and gathering are 0.2
PAIRS = 60  # of steady runs, ours and a plain program's


def launcher(name, ranks):
    """The words that start so many ranks. Nothing is bound: a figure is not about core 0."""
    path = shutil.which(f"mpirun.{name}")
    if not path or not shutil.which(f"mpicc.{name}"):
        raise Missing(f"no mpirun.{name} with its mpicc on this machine")
    if name == "mpich":
        return [path, "-n", ranks]
    # Debian's Open MPI wants to be told by root, and by who starts more ranks than processors.
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    words = [path, "--bind-to", "none", "-n", ranks]
    if ranks > len(os.sched_getaffinity(0)):
        words[1:1] = ["--oversubscribe", "--mca", "mpi_yield_when_idle", "1"]
    return words


def isa_flags():
    found = cpu_flags()
    if {"avx512f", "avx512dq", "avx512vl"} <= found:
        return ["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma", "-mbmi", "-mbmi2",
                "-mprefer-vector-width=512"]
    return ["-mavx2", "-mfma", "-mbmi", "-mbmi2"] if {"avx2", "fma"} <= found else []


def compile_same_kernel(setting, name, calls="a call for each chunk"):
    """The plain program around the kernel that nfold prints."""
    kernel = setting.build / "bench-peers" / "kernel.c"
    kernel.parent.mkdir(exist_ok=True)
    kernel.write_text(subprocess.run(
        [setting.nfold, "integrate", "x*x", "0", "100", "1e8", "--show-code", "c"],
        capture_output=True, text=True, check=True).stdout)
    flags = [*KERNEL_FLAGS, *isa_flags(), f"-DKERNEL={KERNEL_CALLS[calls]}", str(kernel)]
    return compile_c(setting, f"mpicc.{name}", flags, "integral_mpi.c",
                     f"integral-{name}-{KERNEL_CALLS[calls]}")[0]


def compile_loops(setting, name):
    """[(command, program)] of the loops that a C programmer writes."""
    return [(f"form {form}", compile_c(setting, f"mpicc.{name}", [*FAST, f"-DFORM={form}"],
                                       "integral_mpi.c", f"integral-{name}-{form}")[0])
            for form in PLAIN_FORMS]


def compile_own(setting, name, *others):
    library = setting.build / "src" / "engine"
    flags = ["-O2", f"-I{ROOT}/include", f"-L{library}", f"-Wl,-rpath,{library}", "-lnfold",
             *others]
    return compile_c(setting, f"mpicc.{name}", flags, "../mpi.c",
                     f"bench-mpi-{name}-{len(others)}")[0]


def own(setting, name, ranks, label, n, **options):
    options = {"backend": "mpi", "threads": 1, "native": "on", "cc": "gcc", **options}
    return start(label, [*launcher(name, ranks), compile_own(setting, name), "x*x", 0, 100, n,
                         *(f"{key}={value}" for key, value in options.items())])


def measure_steady(setting, name):
    n = setting.n(STEPS)
    run = launcher(name, 2)
    loops = contest(setting, [start(label, [*run, path, n])
                              for label, path in compile_loops(setting, name)], count=1)
    best = min(loops.values(), key=lambda c: c.median())
    result = contest(setting, [
        own(setting, name, 2, "nfold", n),
        *(start(f"plain C, the same kernel, {calls}",
                [*run, compile_same_kernel(setting, name, calls), n]) for calls in KERNEL_CALLS),
        start("plain C, loop", [*run, dict(compile_loops(setting, name))[best.name], n])],
        count=1, rounds=PAIRS)
    show([(label, f"{c.median() * 1e3:.2f} ms", f"{min(c.seconds) * 1e3:.2f} ms", c.value.hex())
          for label, c in result.items()],
         (f"{IMPLEMENTATIONS[name]}, 2 ranks, {n:.0e} points", "median", "best", "answer"))
    for label, wanted in (("same kernel", 0.97), ("loop", 0)):
        peers = [c for key, c in result.items() if label in key]
        setting.figure(f"{IMPLEMENTATIONS[name]}: parallel part, over plain C MPI, {label}",
                       min(paired_ratio(c, result["nfold"]) for c in peers), "×", wanted)


def measure_whole(setting, name):
    n = setting.n(1e10)
    run = launcher(name, 2)
    job = ["integrate", "x*x", "0", "100"]
    seconds = whole_commands(setting, {
        "mpirun, nfold": [*run, setting.nfold, *job, n, "--threads", 1],
        "nfold -b mpi": [setting.nfold, *job, n, "-b", "mpi", "-j", 2, "--threads", 1,
                         "--mpi", name],
        "mpirun, plain C, the same kernel": [*run, compile_same_kernel(setting, name), n, "once"]})
    show([(label, f"{value * 1e3:.1f} ms") for label, value in seconds.items()],
         (f"{IMPLEMENTATIONS[name]}, whole commands, {n:.0e} points", ""))
    setting.figure(f"{IMPLEMENTATIONS[name]}: whole command, n = {n:.0e}, over plain C MPI",
                   seconds["mpirun, plain C, the same kernel"] / seconds["mpirun, nfold"], "×", 0)


def measure_start_up(setting, name):
    run = launcher(name, 2)
    empty = compile_c(setting, f"mpicc.{name}", ["-O2"], "empty_mpi.c", f"empty-{name}")[0]
    job = ["integrate", "x*x", "0", "100", "1000", "--native", "off"]
    seconds = whole_commands(setting, {
        "an empty program": [*run, empty], "nfold": [*run, setting.nfold, *job],
        "nfold -b mpi": [setting.nfold, *job, "-b", "mpi", "-j", 2, "--mpi", name]},
        rounds=START_UP_ROUNDS)
    show([(label, f"{value * 1e3:.1f} ms") for label, value in seconds.items()],
         (f"{IMPLEMENTATIONS[name]}, start to end of 2 ranks", ""))
    added = seconds["nfold"] - seconds["an empty program"]
    setting.figure(f"{IMPLEMENTATIONS[name]}: start-up added to mpirun of an empty program",
                   added * 1e3, "ms", 40, "<=")


def measure_course(setting):
    few, many, steps = 1000, setting.n(1e7, few=1e5), setting.n(1e10)
    run = launcher("openmpi", 2)
    if subprocess.run([PYTHON, "-c", "import mpi4py"], capture_output=True).returncode:
        raise Missing("no mpi4py (python3-mpi4py)")
    python = whole_commands(setting, {
        n: [*run, PYTHON, PEERS / "course_mpi.py", n] for n in (few, many)}, rounds=3)
    nfold = whole_commands(setting, {
        "nfold": [*run, setting.nfold, "integrate", "x*x", "0", "100", steps]}, rounds=5)["nfold"]
    course = scaled(python[few], python[many], few, many, steps)
    show([("mpirun, nfold", f"{nfold * 1e3:.1f} ms", ""),
          ("mpirun, Python, mpi4py", f"{course * 1e3:.0f} ms",
           f"scaled from {many:.0e} in {python[many] * 1e3:.0f} ms"
           f" and {few} in {python[few] * 1e3:.0f} ms")],
         (f"whole command, 2 ranks, n = {steps:.0e}", "", ""))
    setting.figure(f"mpi: whole command, n = {steps:.0e}, faster than the course's mpi4py",
                   course / nfold, "×", 100)


def line_through(points):
    """(a, b) of a + b*x, least squares."""
    mean_x, mean_y = (statistics.fmean(axis) for axis in zip(*points))
    b = (sum((x - mean_x) * (y - mean_y) for x, y in points) /
         sum((x - mean_x)**2 for x, _ in points))
    return mean_y - b * mean_x, b


def measure_gathering(setting, name):
    """Runs of a little work by more and more ranks: what is left is beginning and gathering."""
    rows, found, n = [], {}, 1e5
    plain = compile_same_kernel(setting, name)
    for ranks in (1, 2, 4, 8, 16):
        result = contest(setting, [
            own(setting, name, ranks, "nfold", n, native="off"),
            start("plain", [*launcher(name, ranks), plain, n])], count=20)
        for label, c in result.items():
            found.setdefault(label, []).append((ranks, min(c.seconds) * 1e6))
        rows.append((f"{ranks}", *(f"{f(c.seconds) * 1e6:.0f} us" for c in result.values()
                                   for f in (min, statistics.median))))
    show(rows, (f"{IMPLEMENTATIONS[name]}, {n:.0e} points, ranks", "nfold, best", "median",
                "plain C, best", "median"))
    for label, points in found.items():
        a, b = line_through(points[1:])
        print(f"  {label}: about {a:.0f} us + {b:.0f} us for each rank,"
              f" on {len(os.sched_getaffinity(0))} processors")


def measure_bytes(setting, name, ranks=5):
    """What a rank sends for its part, by the letters that MPI_Isend is given."""
    n = setting.n(1e9)
    program = compile_own(setting, name, "-rdynamic", f"-I{ROOT}/src/backends/mpi",
                          str(ROOT / "bench" / "mpi_bytes.c"))
    found = subprocess.run(
        [*map(str, launcher(name, ranks)), program, "x*x", "0", "100", str(n), "backend=mpi",
         "threads=1"], input="1\n", capture_output=True, text=True)
    longest = {kind: max(map(int, re.findall(rf"letter {kind}: \d+, the longest (\d+)",
                                             found.stderr)), default=0)
               for kind in ("fragment", "report")}
    if found.returncode or not longest["fragment"]:
        raise Missing(f"{program}: {found.stderr.strip() or 'no letters'}")
    report = json.loads(subprocess.run([setting.nfold, "integrate", "x*x", "0", "100", str(n),
                                        "--json"], capture_output=True, text=True).stdout)["report"]
    bound = 64 + 32 * math.log2(report["chunks"])
    show([(kind, f"{size} bytes") for kind, size in longest.items()],
         (f"{IMPLEMENTATIONS[name]}, {ranks} ranks, {report['chunks']} chunks: the longest", ""))
    setting.figure(f"mpi: a static rank's fragment, {report['chunks']} chunks", longest["fragment"],
                   "bytes", round(bound), "<=")


def measure(setting):
    if len(os.sched_getaffinity(0)) < 2:
        raise Missing("only one CPU is allowed here")
    for name in IMPLEMENTATIONS:
        measure_start_up(setting, name)
        measure_steady(setting, name)
        measure_whole(setting, name)
        measure_gathering(setting, name)
    measure_bytes(setting, "openmpi")
    measure_course(setting)
