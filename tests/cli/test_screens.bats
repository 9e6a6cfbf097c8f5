#!/usr/bin/env bats
# What each command prints is what was agreed before it was written.

load screen.bash

@test "the version" { screen version; }
@test "no verb: what there is" { screen no-verb; }
@test "help lists the verbs" { screen help; }
@test "help teaches a verb" { screen help-integrate; }
@test "help lists operators and functions" { screen help-expressions; }
@test "in a pipe: the answer and nothing else" { screen integrate; }
@test "numbers may be constant expressions and begin with a minus" { screen operands; }
@test "every reduction" { screen reduce; }
@test "the report says what was measured" { screen integrate-report; }
@test "json has everything" { screen integrate-json; }
@test "compare: the same bits on every row" { screen compare; }
@test "info" { screen info; }
@test "an unknown verb gets a suggestion" { screen unknown-verb; }
@test "an unknown option gets a suggestion" { screen unknown-option; }
@test "missing and superfluous operands are named" { screen operand-count; }
@test "-n is refused with its reason" { screen letter-n; }
# They meet in a real MPI, whose own leaks are not ours to see.
@test "started many times: one says so, all end" {
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    screen started-by-srun; }
@test "an error in an expression points at its column" { screen bad-expression; }
@test "values out of range are refused" { screen bad-values; }
@test "a run of tasks, looked at and verified" { screen runs; }
@test "wrong operands of the verbs of runs" { screen runs-misuse; }
@test "help teaches resume" { screen help-resume; }
@test "help teaches logs" { screen help-logs; }
@test "help teaches verify" { screen help-verify; }

@test "help teaches tasks" { screen help-tasks; }
@test "tasks: what would run" { screen tasks-dry-run; }
@test "tasks: bad input is shown where it stands" { screen tasks-bad-input; }
@test "tasks: every option of GNU parallel is known" { screen tasks-options; }
@test "tasks started many times: one says so, all end" { screen tasks-started-by-srun; }

@test "every screen is drawn by a test" {
    for file in "$BATS_TEST_DIRNAME"/golden/*.screen; do
        name=$(basename "$file" .screen)
        grep -q "screen $name;" "$BATS_TEST_DIRNAME/test_screens.bats" || {
            echo "no test draws $name"
            false
        }
    done
}
