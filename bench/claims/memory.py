"""The memory of a run does not grow with n."""

from contest import show, whole_command

TITLE = "memory of a run"


def measure(setting):
    counts = [int(1e4), int(1e6), int(1e8)] + ([] if setting.quick else [int(1e10)])
    memory = {}
    for n in counts:
        argv = [setting.nfold, "integrate", "x*x", "0", "100", n, "-j", "1"]
        memory[n] = whole_command(argv)[1]
    show([(f"{n:.0e}", f"{mib:.1f} MiB") for n, mib in memory.items()], ("n", "most memory held"))
    setting.figure(f"memory, n = {counts[-1]:.0e} over n = {counts[0]:.0e}",
                   memory[counts[-1]] / memory[counts[0]], "×", 1.1, "<=")
