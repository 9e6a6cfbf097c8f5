"""What worker processes cost beside their work, and the main job on them against the course's."""

import os

from contest import PEERS, PYTHON, Missing, contest, show, start, steady, whole_commands
from claims.command import scaled
from claims.workers import STEPS

TITLE = "worker processes"
CLAIMS, CHUNKS, KILLED_CHUNKS = 1e6, 2e4, 2e3


def program(setting, mode, workers, count=""):
    return start(f"{mode} {workers}", [setting.build / "bench" / "bench_processes", mode, workers,
                                       *([count] if count else [])])


def measure_costs(setting):
    found = contest(setting, [
        program(setting, "start", 2),
        program(setting, "claims", 2, CLAIMS), program(setting, "by-hand", 2, CLAIMS)])
    # Many in a row: the first ones wake the worker.
    trips = contest(setting, [program(setting, "trip", 1), program(setting, "run", 1)], count=100)
    killed = contest(setting, [program(setting, "killed", 2, KILLED_CHUNKS)], count=1)["killed 2"]
    chunks = contest(setting, [program(setting, "chunks", 2, CHUNKS),
                               program(setting, "chunks-by-hand", 2, CHUNKS)])
    idle = contest(setting, [program(setting, "idle", 2)], count=1)["idle 2"].median()
    start_up, trip = found["start 2"].median(), trips["trip 1"].median()
    empty, vain = trips["run 1"].median(), max(killed.seconds)
    rate = 1 / found["claims 2"].median()
    ratio = chunks["chunks-by-hand 2"].median() / chunks["chunks 2"].median()
    show([("start-up, each of 2", f"{start_up * 1e3:.2f} ms"),
          ("a round trip to a worker, awake", f"{trip * 1e6:.2f} us"),
          ("an empty run of one worker, awake", f"{empty * 1e6:.2f} us"),
          ("claims of empty chunks", f"{rate / 1e6:.2f} M/s"),
          ("the same by a shared counter alone", f"{1e-6 / found['by-hand 2'].median():.1f} M/s"),
          ("chunks by hand",
           f"{chunks['chunks-by-hand 2'].median() * 1e6:.2f} us each over 2"),
          ("chunks by nfold", f"{chunks['chunks 2'].median() * 1e6:.2f} us each over 2")],
         ("", ""))
    setting.figure("processes: start-up of a worker", start_up * 1e3, "ms", 2, "<=")
    setting.figure("processes: a round trip to a worker, awake", trip * 1e6, "us", 1, "<=")
    setting.figure("processes: an empty run, awake, one round trip in it", empty * 1e6, "us", 0, "<=")
    setting.figure("processes: most done in vain by a killed worker, of its range", vain, "", 1, "<=")
    setting.figure("processes: claims a second, 2 workers", rate, "/s", 1e6)
    setting.figure("processes: chunks against a counter by hand", ratio, "×", 0.8)
    setting.figure("processes: CPU between runs", idle * 100, "%", 1, "<=")


def measure_job(setting):
    n, few, many = setting.n(STEPS), 1000, setting.n(1e7, few=1e5)
    result = contest(setting, [
        steady(setting, f"{count}", "x*x", 0, 100, n, workers=count, native="on",
               backend="processes") for count in (1, 2)], count=1, undisturbed=True)
    own = whole_commands(setting, {"nfold": [setting.nfold, "integrate", "x*x", "0", "100", "1e8",
                                             "-b", "processes", "-j", 2]})["nfold"]
    python = whole_commands(setting, {
        n: [PYTHON, PEERS / "course_processes.py", n, 2] for n in (few, many)}, rounds=3)
    course = scaled(python[few], python[many], few, many)
    show([("nfold -b processes", f"{own * 1e3:.2f} ms"),
          ("Python, ProcessPoolExecutor", f"{course * 1e3:.0f} ms (scaled)")],
         ("whole command, n = 1e8", ""))
    setting.figure("processes: 2 workers over 1, steady",
                   result["1"].median() / result["2"].median(), "×", 1.9)
    setting.figure("processes: whole command, faster than the course's", course / own, "×", 200)


def measure(setting):
    if len(os.sched_getaffinity(0)) < 2:
        raise Missing("only one CPU is allowed here")
    measure_costs(setting)
    measure_job(setting)
