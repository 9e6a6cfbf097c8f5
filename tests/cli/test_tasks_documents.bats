#!/usr/bin/env bats
# The guide to tasks and its examples do what they say.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    for name in $(compgen -e); do
        case $name in SLURM_*) unset "$name" ;; esac
    done
    cp "$NFOLD_SOURCE_ROOT"/examples/multi-task.py "$NFOLD_SOURCE_ROOT"/examples/night.sh .
    mkdir examples
    cp multi-task.py examples
    PATH=$(dirname "$NFOLD"):$PATH
    unset NFOLD
}

# The text of the blocks of code of the guide.
blocks() {
    awk '$0 == "```" { inside = 0 } inside { print } $0 == "```sh" { inside = 1 }' \
        "$NFOLD_SOURCE_ROOT/docs/guide/tasks.md"
}

@test "the blocks of the guide run as written" {
    blocks >commands.sh
    [ "$(wc -l <commands.sh)" -gt 15 ]
    run bash -e -x commands.sh
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(cat multi-task.lines)" = "$(wc -l multi-task.py)" ]
    [ -s page.html ]
    # What was ok was not run again, and what failed was looked at.
    [[ $output == *"exit 1"* ]]
}

@test "every option in the guide exists" {
    grep -oE -e '--[a-z][a-z-]+' "$NFOLD_SOURCE_ROOT/docs/guide/tasks.md" | sort -u |
        grep -vxE -e '--(signal|open-mode)' >options # sbatch's
    [ "$(wc -l <options)" -gt 15 ]
    { nfold tasks --help; nfold runs --help; nfold logs --help; } >help
    while read -r option; do
        grep -q -e " $option " help || grep -qE -e "^      $option\$" help ||
            [[ $option == --@(lb|wd) ]] || { echo "no $option" && false; }
    done <options
    nfold tasks --lb --wd . true ::: 1 # short words for options of the help
}

@test "the course's program gives the same results by hand and as tasks" {
    for n in 1 2 3; do python3 multi-task.py $n; done >by-hand
    nfold tasks -k 'python3 multi-task.py {}' ::: 1 2 3 >as-tasks
    diff by-hand as-tasks
    run -1 nfold tasks 'python3 multi-task.py {}' ::: x
    [[ $output == *"multi-task.py: 'x' is no whole number from 1 on"* ]]
}

@test "the job of a night runs, and runs nothing twice" {
    # Outside of a job there is no --need to keep and nothing to requeue.
    run bash night.sh
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^task ' <<<"$output")" -eq 12 ]
    run bash night.sh
    [ "$status" -eq 0 ]
    [ "$(grep -c '^task ' <<<"$output")" -eq 0 ]
    nfold verify night1
}
