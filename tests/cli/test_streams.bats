#!/usr/bin/env bats
# Answers on stdout, the rest on stderr, and nothing lost without a word.

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    cd "$BATS_TEST_TMPDIR"
    unset "${!SLURM_@}" "${!OMPI_@}" "${!PMI_@}" NO_COLOR
}

terminal() {
    python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"
}

@test "a full disk is an error" {
    run bash -c '"$NFOLD" integrate x 0 1 1000 >/dev/full'
    echo "$output"
    ((status == 3))
    [[ $output == "nfold integrate: cannot write to standard output: "* ]]
}

@test "a closed stdout is an error" {
    run bash -c '"$NFOLD" integrate x 0 1 1000 >&-'
    ((status == 3))
    [[ $output == "nfold integrate: cannot write to standard output: "* ]]
    run bash -c '"$NFOLD" --version >&-'
    ((status == 3))
    run bash -c '"$NFOLD" help >&-'
    ((status == 3))
}

@test "a closed pipe ends by SIGPIPE" {
    run python3 -c 'import os, subprocess, sys
read, write = os.pipe()
os.close(read)
print(subprocess.run([sys.argv[1], "help"], stdout=write).returncode)' "$NFOLD"
    [[ $output == -13 ]]
}

@test "closed stdin and stderr do not matter" {
    run bash -c '"$NFOLD" integrate x 0 1 1000 <&- 2>&-'
    ((status == 0))
    [[ $output == 0.5 ]]
}

@test "a stream that does not block loses nothing" {
    python3 - "$NFOLD" <<'PYTHON'
import fcntl, os, subprocess, sys, time
read, write = os.pipe()
fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
process = subprocess.Popen([sys.argv[1], "completion", "zsh"], stdout=write)
os.close(write)
time.sleep(0.3)
text = b""
while part := os.read(read, 65536):
    text += part
assert process.wait() == 0
assert len(text) > 4096 and text.endswith(b'_nfold "$@"\n')
PYTHON
}

@test "what a function prints is kept, and comes before the answer" {
    echo '#include <stdio.h>
          double f(double x) { printf("at %g\n", x); return x; }' >print.c
    for backend in serial threads processes; do
        "$NFOLD" integrate print.c:f 0 1 2 -b $backend >out
        [[ $(head -n 3 out | sort | tr '\n' ' ') == "at 0 at 0.5 at 1 " ]]
        [[ $(tail -n 1 out) == 0.5 ]]
    done
    run bash -c '"$NFOLD" integrate print.c:f 0 1 2 >/dev/full'
    [[ $status == 3 && $output == *"cannot write to standard output: No space left"* ]]
}

@test "in a pipe stderr stays empty" {
    "$NFOLD" integrate x 0 1 1000 2>err >out
    [[ $(cat out) == 0.5 && ! -s err ]]
}

@test "under a Slurm job the report is printed" {
    SLURM_JOB_ID=7 "$NFOLD" integrate x 0 1 1000 2>err >out
    [[ $(cat out) == 0.5 ]]
    grep -q '^order v1 ' err
}

@test "--quiet wins over the terminal, --report over quiet" {
    run terminal "$NFOLD" integrate x 0 1 1000 -q
    [[ $output == "status 0" ]]
    for option in --report -v; do
        run terminal "$NFOLD" integrate x 0 1 1000 -q $option
        [[ $output == *"order v1"* ]]
    done
}

@test "on a terminal the report is printed, without escapes it does not need" {
    run terminal "$NFOLD" integrate x 0 1 1000
    [[ $output == *"order v1"* && $output != *"<ESC>"* && $output != *"%"*"left"* ]]
}

@test "errors are coloured on a terminal only, and not with NO_COLOR or TERM=dumb" {
    TERM=xterm run terminal "$NFOLD" integrate x 0
    [[ $output == *"<ESC>[31mnfold integrate:<ESC>[0m B and N are missing"* ]]
    TERM=xterm NO_COLOR=1 run terminal "$NFOLD" integrate x 0
    [[ $output != *"<ESC>"* ]]
    TERM=dumb run terminal "$NFOLD" integrate x 0
    [[ $output != *"<ESC>"* ]]
    run "$NFOLD" integrate x 0
    [[ $output != *$'\033'* ]]
}

@test "a run of more than a second shows its progress, and erases it" {
    run terminal --interrupt left "$NFOLD" integrate 'sin(x)' 0 1 1e13
    echo "$output"
    [[ $output == *"["*"]   0 %  "*"/s  "*" left"* ]]
    [[ $output == *"left"*"<CR>        "*"<CR>nfold integrate:"* ||
        $output == *"left"*"<CR>        "*"<CR><ESC>[31mnfold integrate:"* ]]
    run terminal --interrupt 1.8 "$NFOLD" integrate 'sin(x)' 0 1 1e13 -q
    [[ $output != *"left"* ]]
}

@test "progress never wraps, and needs no escapes" {
    for columns in 80 30 6 3; do
        shown="  0 %"
        ((columns >= 6)) || shown=1.8
        TERM=dumb run terminal --columns $columns --interrupt "$shown" "$NFOLD" integrate 'sin(x)' 0 1 1e13
        echo "$output"
        [[ $output != *"<ESC>"* ]]
        ((columns < 6)) || [[ $output == *"  0 %"* ]]
        # On a busy machine words about the items at work follow the last bar.
        python3 -c 'import sys
drawn = [line.split("\n")[0] for line in sys.argv[1].split("nfold integrate:")[0].split("<CR>")]
assert max(map(len, drawn)) < int(sys.argv[2]), drawn' "$output" $columns
    done
}

@test "no line of the report or the table is wider than the terminal" {
    run terminal --out "$NFOLD" compare integrate 'x*x' 0 100 1e5 --budget 0.05
    echo "$output"
    [[ $output == *"serial"* ]]
    python3 -c 'import re, sys
lines = re.sub(r"<ESC>\[[0-9;]*[mK]", "", sys.argv[1]).split("\n")
assert max(map(len, lines)) <= 80' "$output"
}

@test "known answers that cannot run are not called wrong" {
    NFOLD_WORKERS=none run "$NFOLD" info
    echo "$output"
    ((status == 2))
    [[ $output == *"did not run"* && $output == *"variable NFOLD_WORKERS"* && $output != *WRONG* ]]
}

@test "json is json" {
    for command in "integrate x 0 1 1000" "reduce sum i 10" "info" "help" "help integrate" \
        "help tasks" "help expressions" \
        "compare reduce sum i 1000 --budget 0.02"; do
        "$NFOLD" $command --json | python3 -m json.tool >/dev/null
    done
}

@test "compare never times only the first run of a short work" {
    "$NFOLD" compare integrate x 0 1 10 --budget 0 --json >out
    python3 -c 'import json
rows = [row for row in json.load(open("out"))["rows"] if "runs" in row]
assert len(rows) >= 2 and min(row["runs"] for row in rows) >= 5, rows'
}

@test "compare tells what compiling a C function cost on every backend, and none of a library" {
    echo 'double f(double x) { return x * x; }' >f.c
    gcc -shared -fPIC -o libf.so f.c || skip "no gcc on this machine"
    "$NFOLD" compare integrate f.c:f 0 1 1e5 --budget 0 --json >file
    "$NFOLD" compare integrate ./libf.so:f 0 1 1e5 --budget 0 --json >library
    python3 -c 'import json
rows = [row for row in json.load(open("file"))["rows"] if "runs" in row]
assert {row["backend"] for row in rows} >= {"serial", "processes"}
assert all(row["compile"] > 0 for row in rows), rows
assert all(row.get("compile", 0) == 0 for row in json.load(open("library"))["rows"])'
}

@test "the answer reads back to the same bits" {
    run python3 - "$NFOLD" <<'PYTHON'
import json, subprocess, sys
out = subprocess.run([sys.argv[1], "integrate", "1/(1+x)", "0", "1", "1000", "--json"],
                     capture_output=True, text=True, check=True).stdout
plain = subprocess.run([sys.argv[1], "integrate", "1/(1+x)", "0", "1", "1000"],
                       capture_output=True, text=True, check=True).stdout
found = json.loads(out)
assert found["value"] == float(plain) == found["report"]["value"], (out, plain)
assert float.fromhex(found["report"]["hi"]) > 0
PYTHON
    ((status == 0))
}
