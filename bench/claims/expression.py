"""The steady rate of sin(x)*exp(-x)+x^3 on one worker against NumPy, NumExpr and the C library."""

from contest import PEERS, PYTHON, Missing, compile_c, contest, show, start, steady

TITLE = "sin(x)*exp(-x)+x^3, steady rate, 1 worker"
EXPRESSION = "sin(x)*exp(-x)+x^3"


def compiled(setting, n, flags):
    try:
        program, command = compile_c(setting, "gcc", [*flags, "-lm"], "sin_exp.c",
                                     f"sin_exp-{len(flags)}")
    except Missing as error:
        print(f"  left out: {error}")
        return None
    return start(command, [program, n])


def measure(setting):
    n = setting.n(1e7)
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    numpy = PEERS / "numpy_sin_exp.py"
    result = contest(setting, [
        *(steady(setting, f"nfold, {cc}", EXPRESSION, 0, 10, n, workers=1, native="on", cc=cc)
          for cc in ("gcc", "clang")),
        start("NumPy, whole arrays", [PYTHON, numpy, n, "whole"], one_thread),
        start("NumPy, blocks of 8192", [PYTHON, numpy, n, "blocks"], one_thread),
        start("NumExpr, blocks of 65536", [PYTHON, PEERS / "numexpr_sin_exp.py", n], one_thread),
        compiled(setting, n, ["-O3", "-march=native"]),
        compiled(setting, n, ["-O3", "-march=native", "-ffast-math"])], count=1)
    show([(name, f"{c.median() * 1e3:.2f} ms", f"{n / c.median() / 1e9:.3f}", f"{c.value!r}")
          for name, c in result.items()], ("", f"{n:.0e} points", "points/ns", "answer"))
    own = min((c for name, c in result.items() if name.startswith("nfold")),
              key=lambda c: c.median(), default=None)
    if not own:
        return
    for peer, wanted in (("NumPy", 4), ("NumExpr", 5), ("gcc -O3 -march=native -lm", 5)):
        best = min((c.median() for name, c in result.items() if name == peer or
                    name.startswith(peer + ",")), default=None)
        if best:
            setting.figure(f"sin·exp, faster than {peer}", best / own.median(), "×", wanted)
