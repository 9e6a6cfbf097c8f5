"""What keeping a checkpoint costs.

The wanted figure is the run's own account: all of opening, writing and waiting for the disk over the
run's time, as if every worker had waited, which only one does. Beside it the whole commands with and
without, in turn: on a machine that others use their difference is mostly noise.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from contest import show, whole_command

TITLE = "--checkpoint"


def measure(setting):
    n = setting.n(5e10)
    plain = [setting.nfold, "integrate", "x*x", "0", "100", n, "--native", "on"]
    seconds = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kept"
        keeping = [*plain, "--checkpoint", file]
        for _ in range(1 if setting.quick else 2):
            file.unlink(missing_ok=True)
            seconds["without"].append(whole_command(plain)[0])
            seconds["with"].append(whole_command(keeping)[0])
        again = whole_command(keeping)[0]
        file.unlink()
        answer = subprocess.run([*map(str, keeping), "--json"], capture_output=True, text=True)
        report = json.loads(answer.stdout)["report"]
        size = file.stat().st_size
    kept = report["checkpoint"]
    least = {name: min(times) for name, times in seconds.items()}
    show([("without", f"{least['without']:.3f} s"), ("with", f"{least['with']:.3f} s"),
          ("once more, all done", f"{again * 1e3:.1f} ms"),
          ("writes", f"{kept['writes']} in {kept['seconds'] * 1e3:.1f} ms, {size} bytes")],
         (f"x*x, n = {n:.0e}", ""))
    setting.figure("checkpoint: its part of the run's time",
                   100 * kept["seconds"] / report["wall"], "%", 1, "<=")
    setting.figure("checkpoint: whole command with, over without",
                   least["with"] / least["without"], "×", 0, "<=")
