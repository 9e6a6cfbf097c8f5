"""The steady rate of the integral of x*x on one worker, against the CPU's limit and its peers."""

import math
from fractions import Fraction

from contest import (PEERS, PYTHON, Missing, compile_c, contest, one_processor, show, start,
                     steady)

TITLE = "integrate x*x, steady rate, 1 worker"
FAST = ["-O3", "-march=native", "-ffast-math", "-fopenmp"]
UNROLL = ["-funroll-loops", "-fvariable-expansion-in-unroller"]
STEPS = 4e7  # 3 ms: a neighbour's pauses are short
PLAIN_FORMS, LANE_FORMS = (1, 2, 3), (4, 5, 6)


def exact(n):
    """The trapezoid sum of x*x over [0, 100] with n steps, exactly."""
    h = Fraction(100, n)
    return Fraction(100**3, 3) + 100 * h * h / 6


def ulps(value, n):
    return float((Fraction(value) - exact(n)) / Fraction(math.ulp(float(exact(n)))))


def compiled_forms(setting, compiler, forms):
    """[(name, program)] of every form with every set of flags."""
    found = []
    for flags in (FAST, FAST + UNROLL) if compiler == "gcc" else (FAST,):
        for form in forms:
            name = f"integral-{compiler}-{form}-{len(flags)}"
            try:
                program, command = compile_c(setting, compiler, [*flags, f"-DFORM={form}"],
                                             "integral.c", name)
                found.append((command, program))
            except Missing as error:
                print(f"  left out: {error}")
    return found


def fastest(setting, programs, n):
    """The fastest of the programs in a short contest of their own."""
    tried = contest(setting, [start(name, [path, n, 1]) for name, path in programs], count=1)
    best = min(tried.values(), key=lambda c: c.median(), default=None)
    return next(((name, path) for name, path in programs if best and name == best.name), None)


def peers(setting, n):
    """{short name: (how it was made, argv without workers)}"""
    found = {}
    for compiler in ("gcc", "clang"):
        for kind, forms in (("loop", PLAIN_FORMS), ("lanes by hand", LANE_FORMS)):
            best = fastest(setting, compiled_forms(setting, compiler, forms), n)
            if best:
                found[f"{compiler} {kind}"] = (best[0], [best[1], n])
    found["numba"] = ("prange, fastmath=True", [PYTHON, PEERS / "numba_integral.py", n])
    return found


def bits_change(argv, value, name):
    """Does the answer change with the number of workers?"""
    two = start(name, [*argv, 2])
    if not two:
        return "?"
    two.ask(1)
    two.close()
    return "no" if two.value == value else "yes"


def own_bits_change(setting, n, value):
    two = steady(setting, "nfold, 2 workers", "x*x", 0, 100, n, workers=2, native="on")
    two.ask(1)
    two.close()
    return "no" if two.value == value else "yes"


def measure(setting):
    n = setting.n(STEPS)
    limit_program = setting.build / "bench" / "bench_port_limit"
    with one_processor():
        made = peers(setting, n)
        result = contest(setting, [
            start("limit", [limit_program, n]),
            steady(setting, "nfold, gcc", "x*x", 0, 100, n, workers=1, native="on", cc="gcc"),
            steady(setting, "nfold, clang", "x*x", 0, 100, n, workers=1, native="on", cc="clang"),
            *(start(name, [*argv, 1]) for name, (_, argv) in made.items())],
            count=1, undisturbed=True)
    limit = result.pop("limit", None)
    own = min((c for name, c in result.items() if name.startswith("nfold")),
              key=lambda c: c.median(), default=None)
    rows = []
    for name, c in result.items():
        argv = made[name][1] if name in made else None
        change = bits_change(argv, c.value, name) if argv else own_bits_change(setting, n, c.value)
        share = f"{limit.median() / c.median():.2f}" if limit else ""
        rows.append((name, f"{c.median() * 1e3:.2f} ms", f"{n / c.median() / 1e9:.2f}", share,
                     f"{ulps(c.value, n):+.2f}", change,
                     made[name][0] if name in made else "--native on"))
    show(rows, ("", f"{n:.0e} points", "points/ns", "of limit", "error, ulp", "bits change", "how"))
    if limit:
        print(f"  limit of the multiply units: {n / limit.median() / 1e9:.2f} points/ns")
        for compiler, wanted in (("clang", 0.85), ("gcc", 0.75)):
            if f"nfold, {compiler}" in result:
                share = limit.median() / result[f"nfold, {compiler}"].median()
                setting.figure(f"x*x, of the multiply units' limit, {compiler}", share, "", wanted)
    for name, wanted in (("gcc loop", 1.4), ("gcc lanes by hand", 0), ("clang loop", 0.95),
                         ("clang lanes by hand", 0), ("numba", 1.0)):
        if own and name in result:
            ratio = result[name].median() / own.median()
            setting.figure(f"x*x, faster than {name} (-ffast-math)", ratio, "×", wanted)
