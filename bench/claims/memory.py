"""The memory of a run does not grow with n."""

from contest import show, whole_command

TITLE = "memory of a run (the VM's: a compiler's memory would count as the command's)"


def measure(setting):
    counts = [10**4, 10**6, 10**8] + ([] if setting.quick else [10**9])
    memory = {}
    for n in counts:
        argv = [setting.nfold, "integrate", "x*x", "0", "100", n, "-j", "1", "--native", "off"]
        memory[n] = whole_command(argv)[1]
    show([(f"{n:.0e}", f"{mib:.1f} MiB") for n, mib in memory.items()], ("n", "most memory held"))
    setting.figure(f"memory, n = {counts[-1]:.0e} over n = {counts[0]:.0e}",
                   memory[counts[-1]] / memory[counts[0]], "×", 1.1, "<=")
