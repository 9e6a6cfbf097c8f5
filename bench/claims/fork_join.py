"""What it costs to start and join the workers: hot, cold, and while nothing runs."""

import os

from contest import Missing, compile_c, contest, show, start

TITLE = "fork-join of 2 workers, nfold's pool against libgomp"
MODES = ("hot", "hot-meet", "cold", "cold-meet", "idle")
AWAKE = ("libgomp", "libgomp, active", "libgomp, bound")


def measure(setting):
    if len(os.sched_getaffinity(0)) < 2:
        raise Missing("only one CPU is allowed here")
    own = setting.build / "bench" / "bench_fork_join"
    peer, command = compile_c(setting, "gcc", ["-O2", "-fopenmp"], "fork_join_openmp.c",
                              "fork_join_openmp")
    bare, _ = compile_c(setting, "gcc", ["-O2", "-pthread"], "bare_wake.c", "bare_wake")
    ways = {"nfold": (own, {}), "libgomp": (peer, {}),
            "libgomp, active": (peer, {"OMP_WAIT_POLICY": "active"}),
            "libgomp, passive": (peer, {"OMP_WAIT_POLICY": "passive"}),
            "libgomp, bound": (peer, {"OMP_PROC_BIND": "true"}),
            "a futex alone, bound": (bare, {})}
    # In turn those that rest between regions; a pool that is awake would take the others' processor.
    groups = [("nfold", "a futex alone, bound", "libgomp, passive"), *((name,) for name in AWAKE)]
    found = {}
    for mode in MODES:
        for group in groups:
            asked = [start(name, [ways[name][0], 2, mode], ways[name][1]) for name in group]
            for name, contestant in contest(setting, asked, count=3).items():
                found[name, mode] = contestant.median()
    show([(name, *(f"{found[name, mode] * 1e6:.2f} us" for mode in MODES[:-1]),
           f"{found[name, 'idle']:.2%}") for name in ways],
         ("", "hot", "hot, all meet", "cold", "cold, all meet", "CPU while idle"))
    print(f"  libgomp: {command}; meet: a worker stays until all have come")
    peers = [name for name in ways if name.startswith("libgomp")]
    for mode, what in (("hot", "fork-join, hot"), ("hot-meet", "fork-join, hot, all meet")):
        best = min(found[name, mode] for name in peers)
        setting.figure(f"{what}, faster than libgomp", best / found["nfold", mode], "×", 1)
    setting.figure("fork-join, cold", found["nfold", "cold"] * 1e6, "us", 50, "<=")
    setting.figure("fork-join, cold, all meet", found["nfold", "cold-meet"] * 1e6, "us", 0, "<=")
    setting.figure("fork-join, cold, all meet, of a futex alone",
                   found["nfold", "cold-meet"] / found["a futex alone, bound", "cold-meet"],
                   "×", 1.25, "<=")
    setting.figure("CPU between runs", found["nfold", "idle"] * 100, "%", 1, "<=")
