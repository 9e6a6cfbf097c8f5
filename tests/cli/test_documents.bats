#!/usr/bin/env bats
# Help, manual pages and completion come from the option tables, and are well formed.

: "${NFOLD:?set NFOLD to the command under test}"
: "${NFOLD_SOURCE_ROOT:?set NFOLD_SOURCE_ROOT to the root of the sources}"

setup() {
    cd "$BATS_TEST_TMPDIR"
}

@test "no line of help is wider than 80 columns" {
    for verb in "" integrate reduce compare info help expressions; do
        "$NFOLD" help $verb | awk -v verb="$verb" \
            'length($0) > 80 { print verb ": " $0; bad = 1 } END { exit bad }'
    done
}

@test "VERB --help is help VERB" {
    for verb in integrate reduce compare info help; do
        diff <("$NFOLD" help $verb) <("$NFOLD" $verb --help)
        diff <("$NFOLD" help $verb) <("$NFOLD" $verb -h)
    done
    diff <("$NFOLD" help) <("$NFOLD" --help)
}

@test "help and completion do not depend on the variables that they explain" {
    export NFOLD_BACKEND=nonsense NFOLD_WORKERS=many
    "$NFOLD" help integrate | grep -q NAME
    "$NFOLD" integrate --help | grep -q NAME
    "$NFOLD" completion bash | grep -q -- --backend
    run "$NFOLD" integrate x 0 1 10 -j 2
    [[ $status == 2 && $output == *"variable NFOLD_BACKEND: 'nonsense' is not"* ]]
    run "$NFOLD" integrate x 0 1 10 -j 2 -b serial
    [[ $status == 0 && $output == 0.5 ]]
}

@test "every option of a verb is in its manual page, with its variable" {
    for verb in integrate reduce compare info; do
        for option in $("$NFOLD" help $verb | sed -nE 's/^ {2,6}(-[a-z], )?--([a-z-]+).*/\2/p'); do
            "$NFOLD" man $verb | grep -q "Fl .*${option//-/.*-}" || {
                echo "$verb: --$option"
                false
            }
        done
    done
}

@test "every member of --json is in a manual page" {
    python3 - "$NFOLD" "$NFOLD_SOURCE_ROOT/docs/man" <<'PYTHON'
import json, pathlib, subprocess, sys
nfold, folder = sys.argv[1], pathlib.Path(sys.argv[2])

def members(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name != "instruction_sets":
                yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)

for verb, words, pages in (
        ("integrate", "x 0 1 1000", ["integrate"]),
        ("reduce", "sum i 1000", ["reduce", "integrate"]),
        ("compare", "reduce sum i 1000 --budget 0.01", ["compare", "reduce"]),
        ("info", "", ["info"])):
    out = subprocess.run([nfold, verb, *words.split(), "--json"], check=True,
                         capture_output=True, text=True).stdout
    text = "".join((folder / f"nfold-{page}.mdoc.in").read_text() for page in pages)
    known = set(line.split()[1] for line in text.splitlines() if line.startswith(".Va "))
    missing = sorted(set(members(json.loads(out))) - known)
    assert not missing, (verb, missing)
PYTHON
}

@test "every manual page is good mdoc" {
    command -v mandoc || skip "mandoc is not installed"
    for template in "$NFOLD_SOURCE_ROOT"/docs/man/*.mdoc.in; do
        page=$(basename "${template%.mdoc.in}").1
        python3 "$NFOLD_SOURCE_ROOT/docs/man/fill.py" "$NFOLD" "$template" "$page"
        [[ $(grep -c @LIST "$page") == 0 ]]
        mandoc -Tlint -Wwarning "$page"
        mandoc -Tutf8 "$page" >/dev/null
    done
}

@test "the examples of help are commands that can be read" {
    # With nothing to do: every example must parse; a missing file is the only thing that may fail.
    for verb in integrate reduce; do
        "$NFOLD" help $verb | sed -nE "/^examples/,/^$/s/^  (nfold .*)/\1/p" | sed 's/  .*//' |
            while read -r line; do
                eval "$NFOLD ${line#nfold } --show-code ir" >out 2>&1 || grep -q "my_function.c" out || {
                    echo "$line"
                    cat out
                    false
                }
            done
    done
}

@test "bash completes verbs, options and values" {
    "$NFOLD" completion bash >nfold.bash
    source nfold.bash
    complete_line() {
        COMP_WORDS=("$@")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMPREPLY=()
        _nfold
        echo "${COMPREPLY[*]}"
    }
    [[ $(complete_line nfold int) == integrate ]]
    [[ $(complete_line nfold integrate --ru) == --rule ]]
    [[ $(complete_line nfold integrate --rule s) == simpson ]]
    [[ $(complete_line nfold integrate -b th) == threads ]]
    [[ $(complete_line nfold help com) == compare ]]
    [[ $(complete_line nfold help ex) == expressions ]]
    [[ -z $(complete_line nfold info --ru) ]]
}

@test "zsh and fish completion can be read by these shells" {
    if command -v zsh; then
        "$NFOLD" completion zsh >_nfold
        zsh -n _nfold
    fi
    if command -v fish; then
        "$NFOLD" completion fish >nfold.fish
        fish -n nfold.fish
    fi
    "$NFOLD" completion fish | grep -q -- "-l rule .*-a 'trapezoid simpson midpoint'"
    "$NFOLD" completion zsh | grep -q -- "'--rule\[.*:(trapezoid simpson midpoint)'"
}
