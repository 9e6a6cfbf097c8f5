"""What the report costs: instructions counted by callgrind, and how often a worker reads the clock.

Everything that a claim does is counted as the report's, because its bookkeeping is a part of it: the
share is an upper bound. Under callgrind a chunk takes longer, and claims are sized by time, so there
are more of them than in an ordinary run: that too makes it an upper bound.
"""

import json
import re
import shutil
import subprocess

from contest import Missing, show

TITLE = "the report's own cost"
OWN = ("run_claim", "nf_report_create")


def inclusive_counts(profile):
    """{function: instructions, those that it called included}"""
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100",
                           "--show-percs=no", str(profile)], capture_output=True, text=True).stdout
    return {name: int(count.replace(",", ""))
            for count, name in re.findall(r"^ *([\d,]+) +\S*?:(\w+) \[", text, re.MULTILINE)}


def measure_instructions(setting):
    if not shutil.which("valgrind"):
        raise Missing("no valgrind on this machine")
    profile = setting.build / "callgrind.out"
    steady = [setting.build / "bench" / "bench_steady", "x*x", "0", "100", setting.n(1e8),
              "workers=1", "backend=serial", "native=on"]
    subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=nfold_run",
                    f"--callgrind-out-file={profile}", *map(str, steady)],
                   stdin=subprocess.DEVNULL, capture_output=True)
    counts = inclusive_counts(profile)
    missing = [name for name in ("nfold_run", *OWN) if name not in counts]
    if missing:
        raise Missing(f"callgrind saw no {', '.join(missing)}")
    show([(name, f"{counts[name]}") for name in ("nfold_run", *OWN)], ("", "instructions"))
    setting.figure("the report's instructions", 100 * sum(counts[name] for name in OWN) /
                   counts["nfold_run"], "%", 1, "<=")


def measure_claims(setting):
    command = [setting.nfold, "integrate", "x*x", "0", "100", setting.n(1e9), "--native", "on",
               "--json"]
    output = subprocess.run([str(word) for word in command], capture_output=True, text=True).stdout
    report = json.loads(output)["report"]
    workers = report["worker"]
    apart = sum(worker["busy"] for worker in workers) / sum(worker["claims"] for worker in workers)
    print(f"  clock reads of a worker, on average {apart * 1e6:.0f} us apart")
    setting.figure("a clock read of a worker, every", apart * 1e6, "us", 50)


def measure(setting):
    measure_instructions(setting)
    measure_claims(setting)
