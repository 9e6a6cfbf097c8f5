#!/usr/bin/env bats
# tools/setup and tools/tally: the tools that every machine's first minute depends on.

load house

setup() {
    SETUP=$NFOLD_SOURCE_ROOT/tools/setup
    TALLY=$NFOLD_SOURCE_ROOT/tools/tally
}

# A copy of tools/ alone: what tools/setup makes there touches nothing else.
copy_tools() {
    mkdir -p "$BATS_TEST_TMPDIR/source"
    cp -r "$NFOLD_SOURCE_ROOT/tools" "$BATS_TEST_TMPDIR/source/"
    SETUP=$BATS_TEST_TMPDIR/source/tools/setup
}

@test "setup lists the packages of a group" {
    run "$SETUP" --list build
    [ "$status" -eq 0 ]
    [[ "$output" == *gcc* && "$output" == *meson* && "$output" != *cmocka* ]]
    run "$SETUP" --list test
    [[ "$output" == *gcc* && "$output" == *libcmocka-dev* ]]
    run "$SETUP" --list all
    [[ "$output" == *openmpi-bin* && "$output" == *libmpich-dev* && "$output" == *slurm-wlm* ]]
    run "$SETUP" --list bench
    [[ "$output" == *python3-mpi4py* && "$output" != *slurm-wlm* ]]
}

@test "setup refuses an unknown group and names the known ones" {
    run "$SETUP" everything
    [ "$status" -eq 2 ]
    [[ "$output" == *"'everything'"*build*bench* ]]
}

@test "setup says nothing when nothing is to do" {
    run "$SETUP" build
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
}

@test "setup lists what is missing where there is no apt-get" {
    copy_tools
    commands_without "$BATS_TEST_TMPDIR/bin" apt-get bats
    run env PATH="$BATS_TEST_TMPDIR/bin" "$SETUP" test
    [ "$status" -eq 0 ]
    [[ "$output" == *bats*untested* ]]
}

@test "setup fails and says so where a compiler cannot be had" {
    copy_tools
    commands_without "$BATS_TEST_TMPDIR/bin" apt-get cc gcc
    run env PATH="$BATS_TEST_TMPDIR/bin" "$SETUP" build
    [ "$status" -eq 1 ]
    [[ "$output" == *"cannot build without: gcc"* ]]
}

# A log as Meson writes it: write_log NAME RESULT CASES...; a case is "ok" or "failure".
write_log() {
    local name=$1 result=$2 case log=$BATS_TEST_TMPDIR/log
    shift 2
    echo "{\"name\": \"$name\", \"result\": \"$result\"}" >>"$log.json"
    for case in "$@"; do
        [[ $case == ok ]] && case="" || case="<$case/>"
        echo "<testcase name='x' classname='nfold.$name'>$case</testcase>" >>"$log.cases"
    done
    touch "$log.cases"
    { echo "<testsuites>" && cat "$log.cases" && echo "</testsuites>"; } >"$log.junit.xml"
}

@test "tally counts cases, and programs without cases as one" {
    write_log "unit / one" OK ok ok ok
    write_log "unit / two" OK
    write_log "unit / three" SKIP
    run "$TALLY" "$BATS_TEST_TMPDIR/log"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "4 passed, 0 failed" ]
}

@test "tally counts a crash after passed cases as a failure" {
    write_log "unit / one" ERROR ok ok
    write_log "unit / two" FAIL ok failure
    write_log "unit / three" TIMEOUT
    run "$TALLY" "$BATS_TEST_TMPDIR/log"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "3 passed, 3 failed" ]
}

@test "tally says once more what failed, and why" {
    write_log "unit / one" OK ok
    write_log "unit / two" FAIL ok failure
    printf '%s\n' '{"name": "cli / three", "result": "ERROR", "stderr": "no such program\n",' \
        '"stdout": "ok 1 good\n# of it\nnot ok 2 bad\n# in line 7\n# it printed\nok 3 good\n"}' |
        tr -d '\n' >>"$BATS_TEST_TMPDIR/log.json"
    echo >>"$BATS_TEST_TMPDIR/log.json"
    run "$TALLY" "$BATS_TEST_TMPDIR/log"
    echo "$output"
    [[ "$output" == *"cli / three: ERROR"*"not ok 2 bad"*"# in line 7"*"# it printed"*" failed" ]]
    [[ "$output" != *good* && "$output" != *"of it"* && "$output" != *"such"* ]]
}

@test "tally counts a suite that did not run as a failure" {
    write_log "unit / one" OK ok
    run "$TALLY" "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/none"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "1 passed, 1 failed" ]
}
