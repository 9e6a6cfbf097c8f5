"""Our sin, exp and log in native code against SLEEF's 1-ulp vector functions."""

from contest import Missing, compile_c, contest, cpu_flags, show, start, steady

TITLE = "sin, exp, log against SLEEF u10, steady rate, 1 worker"
RANGES = (("sin", -10, 10), ("exp", -10, 10), ("log", 1e-3, 1e3))


def measure(setting):
    n = setting.n(2e7)
    wide = "avx512f" in cpu_flags()
    flags = ["-O3", "-mavx512f"] if wide else ["-O3", "-mavx2", "-mfma"]
    try:
        program, command = compile_c(setting, "gcc", [*flags, "-lsleef"], "sleef.c", "sleef")
    except Missing as error:
        raise Missing(f"SLEEF: {error}") from None
    rows = []
    for name, a, b in RANGES:
        result = contest(setting, [
            start("SLEEF", [program, name, a, b, n]),
            *(steady(setting, cc, f"{name}(x)", a, b, n, workers=1, native="on", cc=cc)
              for cc in ("gcc", "clang"))])
        peer = result.pop("SLEEF")
        own = min(result.values(), key=lambda c: c.median())
        rows.append((f"{name} on [{a}, {b}]", f"{peer.median() / n * 1e9:.3f} ns",
                     *(f"{result[cc].median() / n * 1e9:.3f} ns" if cc in result else ""
                       for cc in ("gcc", "clang"))))
        setting.figure(f"{name}, speed over SLEEF u10", peer.median() / own.median(), "×", 0.9)
    show(rows, ("an element", "SLEEF", "nfold, gcc", "nfold, clang"))
    print(f"  SLEEF: {command}")
