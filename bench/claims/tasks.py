"""Many short commands: tasks a second against a bare loop, xargs and GNU parallel; memory."""

import os
import shutil
import tempfile
from pathlib import Path

from contest import Missing, compile_c, show, whole_commands

TITLE = "tasks: /bin/true on 2 slots, and memory"


def write_list(folder, count):
    path = Path(folder) / f"{count}.txt"
    path.write_text("".join(f"{i}\n" for i in range(count)))
    return path


def rates(setting, counts, commands):
    """{name: tasks a second}, from medians of whole commands asked in turn."""
    seconds = whole_commands(setting, commands, rounds=9)
    return {name: counts[name] / seconds[name] for name in commands}


def measure_rate(setting, folder):
    many, few = setting.n(3000, few=200), setting.n(300, few=40)
    loop, _ = compile_c(setting, "cc", ["-O2"], "vfork_loop.c", "vfork_loop")
    nfold = [setting.nfold, "tasks", "-j", "2", "--quiet"]
    commands = {
        # With one argument /bin/true does more than without, so all give it one.
        "vfork loop in C": [loop, many, 2, "/bin/true", "17"],
        "nfold tasks": [*nfold, "/bin/true", "::::", write_list(folder, many)],
        "nfold tasks --joblog": [*nfold, "--joblog", f"{folder}/nfold.log", "/bin/true", "::::",
                                 write_list(folder, many)],
        "xargs -P": [shutil.which("xargs"), "-a", write_list(folder, many), "-P", "2", "-n", "1",
                     "/bin/true"],
    }
    counts = dict.fromkeys(commands, many)
    parallel = shutil.which("parallel")
    if parallel:
        name = "GNU parallel --joblog"
        commands[name] = [parallel, "--will-cite", "-j", "2", "--joblog", f"{folder}/gnu.log",
                          "/bin/true", "::::", write_list(folder, few)]
        counts[name] = few
    found = rates(setting, counts, commands)
    show([(name, f"{rate:.0f}", f"{counts[name]} tasks") for name, rate in found.items()],
         ("", "tasks/s", ""))
    own = found["nfold tasks"]
    setting.figure("tasks: /bin/true, of a bare vfork loop in C", own / found["vfork loop in C"],
                   "×", 0.85)
    setting.figure("tasks: /bin/true, faster than xargs -P", own / found["xargs -P"], "×", 1.2)
    if not parallel:
        print("  left out: no GNU parallel on this machine")
        return
    setting.figure("tasks: /bin/true, faster than GNU parallel, both with joblog",
                   found["nfold tasks --joblog"] / found["GNU parallel --joblog"], "×", 7)


def most_memory(meter, argv, folder, status=0):
    """The most that a command held, in MB. Its exit status must be the one expected."""
    read, write = os.pipe()
    null = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    pid = os.posix_spawn(meter, [str(word) for word in (meter, *argv)], os.environ, file_actions=[
        null, (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, f"{folder}/messages", os.O_WRONLY | os.O_CREAT, 0o600),
        (os.POSIX_SPAWN_DUP2, write, 3)])
    os.close(write)
    with os.fdopen(read) as answer:
        words = answer.read().split()
    os.waitpid(pid, 0)
    if words[:1] != [str(status)]:
        raise Missing(f"{argv[0]} ended with status {words[:1]}")
    return int(words[1]) * 1024 / 1e6


def measure_memory(setting, folder, meter):
    ran, known = setting.n(100_000, few=2_000), setting.n(1_000_000, few=100_000)
    nfold = [setting.nfold, "tasks", "-j", "2", "--quiet"]
    most = {
        "one task": most_memory(meter, [*nfold, "true", ":::", "1"], folder),
        f"{ran} tasks that ran": most_memory(meter, [
            *nfold, "--run-dir", f"{folder}/ran", "true", "::::", write_list(folder, ran)], folder),
        # The first one fails and ends the run; all others are known, named and counted.
        f"{known} tasks, not started": most_memory(meter, [
            *nfold, "--run-dir", f"{folder}/known", "--halt", "now,fail=1", "false", "::::",
            write_list(folder, known)], folder, status=1),
    }
    show([(name, f"{value:.1f} MB") for name, value in most.items()], ("", "most memory held"))
    for name, count in zip(list(most)[1:], (ran, known)):
        setting.figure(f"tasks: memory, {name}", most[name], "MB", 24 + 40e-6 * count, "<=")


def measure_output(setting, folder, meter):
    sizes = [2**20, setting.n(2**30, few=2**26)]
    nfold = [setting.nfold, "tasks", "--quiet"]
    most = [most_memory(meter, [*nfold, "--run-dir", f"{folder}/{size}",
                                f"yes | head -c {size}; : {{}}", ":::", "1"], folder)
            for size in sizes]
    show([(f"{size / 2**20:.0f} MiB", f"{value:.1f} MB") for size, value in zip(sizes, most)],
         ("output of one task", "most memory held"))
    setting.figure(f"tasks: memory, {sizes[1] / 2**20:.0f} MiB of output over 1 MiB",
                   most[1] / most[0], "×", 1.1, "<=")


def measure(setting):
    with tempfile.TemporaryDirectory(dir=setting.build) as folder:
        meter, _ = compile_c(setting, "cc", ["-O2"], "most_memory.c", "most_memory")
        measure_rate(setting, folder)
        measure_memory(setting, folder, meter)
        measure_output(setting, folder, meter)
