#!/usr/bin/env python3
"""A value is never executed and never changed: each template below prints {} in another place of the
shell's grammar, and what comes out must be the value, in every shell that is there.

    values.py NFOLD [RANDOM_VALUES [SEED]]
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

CANARY = "executed"

VALUES = [
    "plain", "a b", " lead", "trail ", "it's", "''", "'", '"', '""', "a\"b'c", "$HOME", "${HOME}",
    "$(touch executed)", "`touch executed`", "; touch executed", "\n touch executed\n", "| touch executed",
    "& touch executed &", "&& touch executed", "\\", "\\\\", "a\\", "\\n", "\\$(touch executed)",
    "\\`touch executed\\`", "'; touch executed; '", "\"; touch executed; \"", "'\"; touch executed; \"'",
    "'$(touch executed)'", "\"$(touch executed)\"", ") ; touch executed", "}; touch executed", "*", "?",
    "[a-z]*", "~", "~root", "#", "#x", "a # b", "!", "!!", "-n", "-e", "--", "{a,b}", "{1..3}", "{}",
    "a=b", "x[$(touch executed)]", "$'x'", "$\"x\"", "\t", "tab\tin", "line\nline", "\nlead", "\\\nx",
    "é", "日本", "\x01\x02", "\x7f", "%s", "%d%n", "<(touch executed)", ">executed", "<in", "$((1+1))",
    "`", "``", "\\`", "'`touch executed`'", "$", "$$", "\\\"", "\\'", "a\rb", "EOF", "E", "esac",
    ";;", "x)", "$(", "${", "\"$(", "`\\`", "EOF\ntouch executed",
]

# What is printed before and after is [ and ]; each prints the value once.
TEMPLATES = [
    "printf '[%s]\\n' {}",
    "printf '[%s]\\n' \"{}\"",
    "printf '[%s]\\n' '{}'",
    "printf '[%s]\\n' pre{}post",
    "printf '[%s]\\n' \"pre{}post\"",
    "printf '[%s]\\n' 'pre{}post'",
    "printf '[%s]\\n' a\"b\"{}'c'\"{}\"d",
    "x={}; printf '[%s]\\n' \"$x\"",
    "x=\"{}\"; printf '[%s]\\n' \"$x\"",
    "x='{}' && printf '[%s]\\n' \"$x\"",
    "printf '[%s]\\n' \"$(printf '%s.' {})\"",
    "printf '[%s]\\n' \"$(printf '%s.' \"{}\")\"",
    "printf '[%s]\\n' \"$(printf '%s.' \"$(printf '%s.' '{}')\")\"",
    "printf '[%s]\\n' \"`printf '%s.' {}`\"",
    "printf '[%s]\\n' \"`printf '%s.' '{}'`\"",
    "x=`printf '%s.' \"{}\"`; printf '[%s]\\n' \"$x\"",
    "x=`printf '%s.' {}`; printf '[%s]\\n' \"$x\"",
    "true # {}\nprintf '[%s]\\n' {}",
    "if true; then printf '[%s]\\n' {}; fi",
    "case {} in zzz) echo no;; *) printf '[%s]\\n' {};; esac",
    "x=$(case a in a) printf '%s.' {};; (b) echo;; esac); printf '[%s]\\n' \"$x\"",
    "for i in {}; do printf '[%s]\\n' \"$i\"; done",
    "(printf '[%s]\\n' {})",
    "{ printf '[%s]\\n' {}; }",
    "true && printf '[%s]\\n' {} || echo no",
    "printf '[%s]\\n' {} | cat",
    "printf '[%s]\\n' {} 2>&1 >&1",
    "f() { printf '[%s]\\n' \"$1\"; }; f {}",
    "set -- {}; printf '[%s]\\n' \"$1\"",
    "printf '[%s]\\n' \\\n{}",
    "printf '[%s]\\n' \"a${HOME:+b}\"{}",
    "printf '[%s]\\n' \"${x:-$(printf '%s.' {})}\"",
    "cat <<E\n[{}]\nE",
    "cat <<'E'\n[{}]\nE",
    "cat <<-E\n\t[{}]\n\tE",
    "cat <<E; printf '[%s]\\n' {}\nhead $HOME\nE",
    "cat <<E; printf '[%s]\\n' {}\nhead $(printf %s \"$HOME\")\nE",
    "cat <<E; cat <<'F'; printf '[%s]\\n' {}\nhead `echo $HOME`\nE\nF",
    "x=$(cat <<E\n{}.\nE\n); printf '[%s]\\n' \"$x\"",
    "printf '[%s]\\n' $((1 + 1)){}",
    "printf '[%s]\\n' \"'\"{}",
    "printf '[%s]\\n' '\"'{}",
    "printf '[%s]\\n' \"it's {}\"",
    "printf '[%s]\\n' \\'{}",
    "printf '[%s]\\n' \\\"{}\\\"",
    "echo \"'\" '\"' >/dev/null; printf '[%s]\\n' \"{}\"",
    "printf '[%s]\\n' a#{}",
    "printf '[%s]\\n' ${x#'}'}{}",
    "printf '[%s]\\n' \"${x:-'its'}{}\"",
    "printf '[%s]\\n' \"${x#'}'}{}\"",
    "! printf '[%s]\\n' {}",
    "x=1 printf '[%s]\\n' {}",
    "printf '[%s]\\n' {}>&1",
]
BASH_ONLY = [
    "printf '[%s]\\n' $'{}'",
    "printf '[%s]\\n' $'a\\n{}b\\''",
    "cat <<< [{}]",
    "cat <<< \"[{}]\"",
    "cat <(printf '[%s]\\n' {})",
    "[[ a == a ]] && printf '[%s]\\n' {}",
    "x=({} b); printf '[%s]\\n' \"${x[0]}\"",
    "(( 1 < 2 )) && printf '[%s]\\n' {}",
    "printf '[%s]\\n' $\"{}\"",
    "printf '[%s]\\n' \"$[1+1]{}\"",
    "x=\"${HOME//\\//_}\"; printf '[%s]\\n' {}",
    "declare x={}; printf '[%s]\\n' \"$x\"",
    "time -p printf '[%s]\\n' {} 2>/dev/null",
]
# Here the value is printed with what surrounds it.
AROUND = {"pre{}post": ("pre", "post"), "\"a${HOME:+b}\"{}": ("ab", ""), "$((1 + 1)){}": ("2", ""),
          "\"'\"{}": ("'", ""), "'\"'{}": ('"', ""), "it's {}": ("it's ", ""), "\\'{}": ("'", ""),
          "\\\"{}\\\"": ('"', '"'), "a#{}": ("a#", ""), "'its'}{}": ("'its'", ""), "$[1+1]{}": ("2", ""),
          "$'a\\n{}b\\''": ("a\n", "b'")}
TWICE = "a\"b\"{}'c'\"{}\"d"


def expected(template, value):
    if "<<" in template and "<<<" not in template and "printf" not in template:
        return f"[{value}]\n"
    if TWICE in template:
        return f"[ab{value}c{value}d]\n"
    before, after = next((ends for part, ends in AROUND.items() if part in template), ("", ""))
    dots = template.count("%s.") + (template.count("{}.\n"))
    return ("head " + HOME + "\n" if "head" in template else "") + \
        f"[{before}{value}{'.' * dots}{after}]\n"


HOME = "/nowhere"


class Check:
    def __init__(self, nfold, folder, shell):
        self.nfold, self.folder, self.shell = nfold, folder, shell
        self.environment = {"PATH": os.environ["PATH"], "HOME": HOME, "LC_ALL": "C.UTF-8",
                            "NFOLD_SHELL": shell}

    def run(self, words, values):
        return subprocess.run([self.nfold, "tasks", "-j1", "-k", "-0"] + words,
                              input="".join(v + "\0" for v in values).encode(), cwd=self.folder,
                              env=self.environment, capture_output=True, check=False, timeout=600)

    def is_executed(self):
        path = os.path.join(self.folder, CANARY)
        if not os.path.exists(path):
            return False
        os.unlink(path)
        return True

    def differences(self, template, values):
        """All values at once; one by one only if something is wrong."""
        done = self.run([template], values)
        wanted = "".join(expected(template, v) for v in values).encode()
        if done.stdout == wanted and not self.is_executed():
            return []
        found = []
        for v in values:
            done = self.run([template], [v])
            executed = self.is_executed()
            is_refused = done.stdout == b"" and done.returncode == 2 and v != "plain"
            if executed or (done.stdout != expected(template, v).encode() and not is_refused):
                found.append(f"{self.shell}: {template!r} with {v!r}: {done.stdout!r}, not "
                             f"{expected(template, v).encode()!r}{' EXECUTED' if executed else ''} "
                             f"{done.stderr[:200]!r}")
        return found


def random_values(rng, count):
    pieces = list("'\"\\$`(){};&|<>#!~*? \n\tab1=[]") + ["$(touch executed)", "`touch executed`"]
    return ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 8))) for _ in range(count)]


def is_for_here(template, value):
    """Refused: a newline in the body of a here-document."""
    return not ("<<" in template and "<<<" not in template and "\n" in value)


def check_template(number, check, template, values):
    fit = [v for v in values if is_for_here(template, v)]
    found = check.differences(template, fit)
    print(f"{'not ' if found else ''}ok {number} - {os.path.basename(check.shell)}: "
          f"{template!r}".replace("#", "\\#"), flush=True)
    for text in found[:10]:
        print("# " + text, flush=True)
    return bool(found)


def main():
    nfold = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    shells = [path for path in map(shutil.which, ["bash", "dash"]) if path]
    work = [(shell, template) for shell in shells for template in
            TEMPLATES + (BASH_ONLY if shell.endswith("bash") else [])]
    values = VALUES + random_values(rng, count)
    print(f"1..{len(work)}")
    failed = False
    with tempfile.TemporaryDirectory(prefix="nfold-values-") as folder:
        for number, (shell, template) in enumerate(work, 1):
            failed |= check_template(number, Check(nfold, folder, shell), template, values)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
