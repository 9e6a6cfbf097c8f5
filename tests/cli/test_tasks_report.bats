#!/usr/bin/env bats
# What a run of tasks says about itself: last lines, report, JSON, progress.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    for name in $(compgen -e); do
        case $name in SLURM_* | NFOLD_*) [ "$name" = NFOLD_SOURCE_ROOT ] || unset "$name" ;; esac
    done
}

# Sets nothing of NFOLD_*: the command is kept under another name.
tool=$NFOLD

terminal() {
    python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"
}

@test "in a pipe: nothing on stderr if all is ok" {
    "$tool" tasks echo ::: a b 2>err
    [ ! -s err ]
}

@test "the last lines say what became of how many, and how to go on" {
    run -3 "$tool" tasks -j 2 --run-dir night1 'exit {}' ::: 0 1 2 3
    echo "$output"
    [[ ${lines[0]} =~ ^"4 tasks: 1 ok, 3 failed               2 slots, "[0-9]+" % busy"$ ]]
    [ "${lines[1]}" = "continue: nfold resume night1         look: nfold logs night1 --failed" ]
}

@test "no last line is wider than 80 columns" {
    run "$tool" tasks -j 2 --halt now,fail=1 'exit {}' ::: 1 0 0 0 0 0 0 0
    echo "$output"
    for line in "${lines[@]}"; do
        ((${#line} <= 80))
    done
}

@test "under a Slurm job and on a terminal there is a summary, with --quiet none" {
    run env SLURM_JOB_ID=7 "$tool" tasks true ::: 1 2
    [[ $output == "2 tasks: 2 ok"* ]]
    run terminal "$tool" tasks true ::: 1 2
    [[ $output == *"2 tasks: 2 ok"* ]]
    run terminal "$tool" tasks --quiet true ::: 1 2
    [ "$output" = "status 0" ]
}

@test "a halt that is a success for the shell still says what was left, and where its record is" {
    run "$tool" tasks -j 1 --halt now,success=1 'exit {}' ::: 3 0 0
    [[ $status == 0 && $output == *"1 ok, 1 failed, 1 not started (--halt now,success=1)"* ]]
    [[ $output == *"continue: nfold resume "* ]]
}

@test "the report accounts for all of the slots' time" {
    "$tool" tasks -j 2 --json 'sleep {}' ::: 0.1 0.2 2 2>report
    python3 - <<'PYTHON'
import json, math
report = json.load(open("report"))["report"]
time = report["slot_seconds"]
assert math.isclose(sum(time.values()), report["slots"] * report["wall"], rel_tol=1e-6), report
assert report["ended"] == 3 and report["seconds"]["longest_task"] == 3, report
assert 2.3 <= time["busy"], report
PYTHON
}

@test "the report ends with one sentence of advice" {
    run "$tool" tasks -j 2 --report 'sleep {}' ::: 0.01 0.01 3
    echo "$output"
    [[ $output == *$'\n'"advice     task 3 alone took "*"split it"* ]]
}

@test "an interpreter's start-up is measured and named" {
    run "$tool" tasks --report "bash -c : {}" ::: 1 2 3 4
    echo "$output"
    [[ $output =~ "start-up   "[0-9.]+" "[mu]?"s for an empty bash program, timed after the run" ]]
}

@test "a run of the past has the same report" {
    run -1 "$tool" tasks -j 2 --run-dir past --json 'sleep {}; test {} != 2' ::: 0.1 2 0.1
    "$tool" runs past --json --report >past.json
    printf '%s\n' "$output" >now.json
    python3 - <<'PYTHON'
import json, math
now, past = json.load(open("now.json"))["report"], json.load(open("past.json"))[0]["report"]
assert past["ended"] == now["ended"] == 3
assert math.isclose(past["slot_seconds"]["busy"], now["slot_seconds"]["busy"], rel_tol=0.2)
assert past["seconds"]["longest_task"] == now["seconds"]["longest_task"] == 2
PYTHON
}

@test "progress is drawn on a terminal and gone at the end" {
    run terminal --columns 60 "$tool" tasks -j 1 'sleep 0.8' ::: 1 2 3
    echo "$output"
    [[ $output =~ "<CR>["[#█\ ]+"] 1 of 3, " ]]
    # The last drawing is hidden by blanks before the summary.
    [[ $output =~ "<CR>"\ +"<CR>"(<ESC>\[1m)?"3 tasks: 3 ok" ]]
}

@test "progress makes room for what tasks print" {
    run terminal --out "$tool" tasks -j 1 'sleep 0.8; echo output {}' ::: 1 2 3
    echo "$output"
    [[ $output =~ "<CR>"\ +"<CR>output 2" ]]
}

@test "in a pipe progress is asked for, and whole lines" {
    run "$tool" tasks --eta -j 1 true ::: 1 2
    [[ $output =~ ^"2 of 2, 0 s left, "[0-9.]+\ ?[kM]?"/s, 0 running"$ ]]
}

@test "an input without an end is not read to its end to be counted" {
    run bash -c 'yes | timeout 200 "$0" tasks --progress -j 1 --halt now,fail=1 "exit 3" 2>&1' "$tool"
    echo "$output"
    [[ $output == *" of >= "* ]]
}

@test "a page that cannot be written is refused before the run" {
    run -3 "$tool" tasks --html nowhere/page.html 'touch ran-{}' ::: 1
    [[ $output == *"option 'html': cannot write 'nowhere/page.html'"* ]]
    [ ! -e ran-1 ]
}
