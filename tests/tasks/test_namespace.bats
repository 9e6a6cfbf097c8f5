#!/usr/bin/env bats
# nfold tasks as the first process of a process namespace, as the manual has it: whoever kills nfold
# and its guardian at once ends every task with them, and all else is as it is elsewhere.

load running

setup() {
    setup_run
    if ((EUID == 0)); then
        become=()
    else
        become=(--user --map-current-user)
    fi
    space=(unshare "${become[@]}" --pid --fork --kill-child)
    "${space[@]}" --mount-proc true 2>/dev/null || skip "no process namespace may be made here"
}

teardown() {
    end_run
}

in_space() {
    env "$mark" "${space[@]}" "$NFOLD" tasks "$@" 3>&-
}

# A run in the background: $visible is unshare, $guardian and $supervisor are nfold.
start_in_space() {
    env "$mark" python3 -c 'import os, signal, sys
for number in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "${space[@]}" "$NFOLD" tasks "$@" >out 2>err 3>&- &
    visible=$!
    until_true lines 2 on-1 on-2
    guardian=$(supervisor_of "$visible")
    supervisor=$(supervisor_of "$guardian")
}

# With a /proc of its own, and with that of the machine.
each_space() {
    local plain=("${space[@]}")
    "$@"
    rm -rf on-* run
    space=("${plain[@]}" --mount-proc)
    "$@"
}

kill_both() {
    start_in_space -j 2 --run-dir run 'setsid sh -c "echo >on-{}; sleep 600" & sleep 600 #' ::: 1 2 3 4
    kill -9 "$guardian" "$supervisor"
    end_of "$visible"
    until_true none_lives
    [[ ! -e on-3 ]]
}

@test "kill -9 of nfold and its guardian at once leaves no process, setsid children included" {
    each_space kill_both
}

kill_unshare() {
    start_in_space -j 2 'setsid sh -c "echo >on-{}; sleep 600" & sleep 600 #' ::: 1 2
    kill -9 "$visible"
    end_of "$visible"
    until_true none_lives
}

@test "kill -9 of unshare ends the run" {
    each_space kill_unshare
}

run_whole() {
    run in_space -j 2 -k --joblog log '(setsid sleep 0.1 &); echo {}; exit {}' ::: 0 3 0
    echo "$output"
    [[ $status == 1 && $output == *$'0\n3\n0'*"3 tasks: 2 ok, 1 failed"* ]]
    [[ $(cut -f7 log | tail -n +2 | sort -n | tr '\n' ' ') == "0 0 3 " ]]
    # Processes that are not there cannot be waited for.
    [[ $output != *"could not be ended"* ]]
    run in_space -j 2 --timeout 2 'sh -c "trap \"\" TERM; sleep 600" & sleep 600 #' ::: 1 2
    [[ $status == 2 && $output == *"2 timeout"* && $output != *"could not be ended"* ]]
    none_lives
}

@test "tasks are reaped, numbers and limits are the same" {
    each_space run_whole
}

terminate() {
    start_in_space -j 2 --run-dir run 'echo >on-{}; sleep 600 #' ::: 1 2 3
    kill -TERM "$guardian"
    end_of "$visible"
    cat err
    [[ $ended == 102 ]]
    grep -q "3 tasks: 0 ok, 2 preempted, 1 not started (SIGTERM)" err
    none_lives
}

@test "signals to the first process are taken" {
    each_space terminate
}

press_twice() {
    start_in_space -j 2 'echo >on-{}; sleep 600 #' ::: 1 2 3
    send INT "$guardian"
    kill -0 "$guardian"
    kill -INT "$guardian"
    end_of "$visible"
    cat err
    [[ $ended == 130 ]]
    grep -q "3 tasks: 0 ok, 2 cut, 1 not started (Ctrl-C twice)" err
    none_lives
}

@test "Ctrl-C twice ends the run; the first process of a namespace exits, because no signal ends it" {
    each_space press_twice
}

@test "memory that cannot be seen is no limit that could be promised" {
    ((EUID == 0)) || skip "only root can become somebody without cgroups here"
    setpriv --reuid 65534 --clear-groups test -x "$NFOLD" || skip "nobody cannot read here"
    local nobody=(setpriv --reuid 65534 --clear-groups "$NFOLD" tasks --mem-per-task 80M 'echo ran #')
    run "${space[@]}" "${nobody[@]}" ::: 1
    echo "$output"
    [[ $status == 3 && $output == *"the memory of tasks cannot be seen"*"--mount-proc"* ]]
    run "${space[@]}" --mount-proc "${nobody[@]}" ::: 1
    [[ $status == 0 && $output == *ran* ]]
}
