"""How much slower the VM is than native code."""

from contest import contest, show, steady

TITLE = "VM against native code, steady rate, 1 worker"


def measure(setting):
    n = setting.n(2e7)
    rows = []
    for name, expression in (("x*x", "x*x"), ("sin·exp", "sin(x)*exp(-x)+x^3")):
        result = contest(setting, [
            steady(setting, native, expression, 0, 10, n, workers=1, native=native)
            for native in ("on", "off")])
        ratio = result["off"].median() / result["on"].median()
        same = "same" if result["on"].value == result["off"].value else "DIFFERENT"
        rows.append((name, *(f"{result[k].median() * 1e3:.2f} ms" for k in ("on", "off")),
                     f"{ratio:.2f} ×", same))
        setting.figure(f"VM slower than native, {name}", ratio, "×", 8, "<=")
    show(rows, ("", "native", "VM", "slower", "bits"))
