#!/usr/bin/env bats
# Slots, ends, retries, halts and limits of tasks.

bats_require_minimum_version 1.5.0
load running

setup() {
    setup_run
}

teardown() {
    end_run
}

@test "a task has its number, its slot, its threads and an empty stdin" {
    run tasks -j 1 'echo $PARALLEL_SEQ $PARALLEL_JOBSLOT $((PARALLEL_PID > 1)) {#} {%}; cat' ::: a b <<<"not for tasks"
    echo "$output"
    [[ $status == 0 && $output == $'1 1 1 1 1\n2 1 1 2 1' ]]
    run tasks -j 1 -c 1 'echo $OMP_NUM_THREADS $MKL_NUM_THREADS $OPENBLAS_NUM_THREADS #' ::: a
    [[ $output == "1 1 1" ]]
    OMP_NUM_THREADS=7 run tasks -j 1 -c 1 'echo $OMP_NUM_THREADS $MKL_NUM_THREADS #' ::: a
    [[ $output == "7 1" ]]
}

@test "PARALLEL_PID is the process that the shell knows" {
    start_tasks -j 1 'echo $PARALLEL_PID #' ::: a
    known=$visible
    end_of "$visible"
    [[ $ended == 0 && $(<out) == "$known" ]]
}

@test "a slot's task runs on the slot's CPUs and nowhere else" {
    (($(nproc) > 1)) || skip "one CPU is allowed"
    [[ $(processors) == "$(nproc)" ]] || skip "a quota names no CPUs"
    # Each waits for all others: so no slot has two.
    run tasks -j 100% "taskset -cp \$\$ | sed 's/.*: //'; : >on-{}
        until [ \$(ls | grep -c ^on-) = $(nproc) ]; do sleep 0.1; done" ::: $(seq "$(nproc)")
    echo "$output"
    [[ $(sort -u <<<"$output" | wc -l) == "$(nproc)" && $output != *[-,]* ]]
    run tasks -j 1 'taskset -cp $$ | sed "s/.*: //" #' ::: a
    [[ $output == *[-,]* ]]
}

@test "-j FILE is read again: more slots are filled, fewer let tasks end" {
    echo 1 >slots
    start_tasks -j slots --joblog log 'touch on-{}; until test -e go-{}; do sleep 0.02; done' ::: 1 2 3
    until_true test -e on-1
    [[ ! -e on-2 ]]
    echo 2 >slots # no task ends meanwhile
    until_true test -e on-2
    echo many >slots
    until_true grep -q "slots: option 'jobs': 'many' is not a number of tasks such as 8, 50%, +2 or -1; it stays at 2" err
    echo 1 >slots
    touch go-1 go-3
    until_true lines 2 log # a header and the first task
    touch go-2
    end_of "$visible"
    [[ $ended == 0 && $(cut -f1 log | tr '\n' ' ') == "Seq 1 2 3 " ]]
    # The third one began when the second one was over.
    awk -F'\t' '$1 == 2 { end = $3 + $4 } $1 == 3 { exit $3 < end - 0.01 }' log
}

@test "-c beyond the allowed CPUs is refused with the numbers" {
    run tasks -c 100000 true ::: a
    [[ $status == 2 && $output == *"cpus-per-task"* ]]
    run tasks -c "$(($(nproc) + 1))" true ::: a
    echo "$output"
    [[ $status == 2 && $output == *"a task cannot have $(($(nproc) + 1)) CPUs: allowed are"* ]]
}

@test "no file of ours is open in a task" {
    cat >files.py <<'END'
import os
ours = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")}
print(sorted(name for name in ours if "pipe" in name or "nfold" in name or "anon" in name))
END
    inherited=$(python3 files.py 3>&-)
    run tasks -j 2 --joblog log --run-dir run 'python3 files.py #' ::: a b c
    echo "$output"
    [[ $output == "$inherited"$'\n'"$inherited"$'\n'"$inherited" ]]
}

@test "the folder, the niceness and the signal mask are what was asked for" {
    mkdir below
    run tasks --wd below --nice 7 'pwd; nice; grep SigBlk /proc/self/status #' ::: a
    echo "$output"
    [[ ${lines[0]} == */below && ${lines[1]} == 7 && ${lines[2]} == *0000000000000000 ]]
}

@test "a program that cannot be run is told from one that fails" {
    printf 'no shebang\n' >script
    run tasks -j 1 ./script ::: a
    [[ $status == 1 ]]
    run tasks -j 1 --joblog log ./script ::: a
    [[ $(tail -n 1 log | cut -f7) == 126 ]]
    run -127 tasks -j 1 no-such-program-here ::: a b c
    [[ $(grep -o no-such-program-here <<<"$output" | wc -l) == 1 ]]
    printf '#!/no/such/interpreter\n' >script
    chmod +x script
    run tasks -j 1 --joblog log "$PWD/script" ::: a
    echo "$output"
    [[ $(tail -n 1 log | cut -f7) == 12[67] && $output == *"script"* ]]
}

@test "a script without #! is run by a shell" {
    printf 'echo "ran with $1"\n' >script
    chmod +x script
    run tasks -j 1 "$PWD/script" ::: a
    [[ $status == 0 && $output == "ran with a" ]]
}

@test "a task that takes too long is ended, and its children with it" {
    run tasks -j 2 --timeout 2 --joblog log 'setsid sleep 600 & (sleep 600 & sleep 600) #' ::: a b
    echo "$output"
    [[ $status == 2 ]]
    [[ $(tail -n 2 log | cut -f7,8) == $'-1\t15\n-1\t15' ]]
    none_lives
}

@test "a task that ignores SIGTERM gets SIGKILL" {
    run tasks -j 1 --timeout 2 --joblog log 'trap "" TERM; while :; do sleep 600; done #' ::: a
    [[ $status == 1 && $(tail -n 1 log | cut -f7,8) == $'-1\t9' ]]
    none_lives
}

@test "a child that cleans up after SIGTERM has the time for it" {
    run tasks -j 1 --timeout 2 --term-seq TERM,60000,KILL,25 'sh -c "trap \"sleep 0.1; echo clean >done; exit\" TERM; echo on >on; while :; do sleep 0.02; done" & wait #' ::: a
    [[ $status == 1 && -e on ]]
    [[ $(<done) == clean ]]
}

@test "a task that exits with 0 because of our SIGTERM is not ok" {
    run tasks -j 1 --timeout 2 --joblog log 'trap "exit 0" TERM; while :; do sleep 0.02; done #' ::: a
    [[ $status == 1 && $(tail -n 1 log | cut -f7) == -1 ]]
}

@test "a share of the median is a limit once three tasks are done" {
    run tasks -j 1 --timeout 1000% --joblog log 'sleep {}' ::: 0.3 0.3 0.3 600 0.3
    echo "$output"
    [[ $status == 1 && $(cut -f7 log | tail -n +2 | tr '\n' ' ') == "0 0 0 -1 0 " ]]
}

@test "retries are tries in all, and only the last one's output is shown" {
    run tasks -j 1 --retries 3 'echo try >>tries; wc -l <tries; exit 5 #' ::: a
    echo "$output"
    [[ $status == 1 && ${lines[0]} == 3 ]]
    [[ $(wc -l <tries) == 3 ]]
    rm tries
    run tasks -j 1 --retries 5 'echo try >>tries; [ $(wc -l <tries) -ge 3 ] && echo done #' ::: a
    [[ $status == 0 && $output == done && $(wc -l <tries) == 3 ]]
}

@test "only the causes that were named are tried again" {
    run tasks -j 1 --retries 3 --retry-on exit:75 'echo try >>tries-{}; exit {}' ::: 75 74
    [[ $status == 2 && $(wc -l <tries-75) == 3 && $(wc -l <tries-74) == 1 ]]
    run tasks -j 1 --retries 2 --retry-on timeout --timeout 2 'echo try >>tries-t; sleep 600 #' ::: a
    [[ $status == 1 && $(wc -l <tries-t) == 2 ]]
    run tasks -j 1 --retries 2 --retry-on signalled 'echo try >>tries-s; kill -9 $$ #' ::: a
    [[ $status == 1 && $(wc -l <tries-s) == 2 ]]
}

@test "--halt now ends what runs, soon lets it end" {
    run tasks --quiet -j 2 --halt now,fail=1 '[ {} = 1 ] && exit 9; sleep 600' ::: 1 2 3 4
    [[ $status == 9 ]]
    none_lives
    run tasks --quiet -j 2 --halt soon,fail=1 \
        '[ {} = 1 ] && until [ -e on ]; do sleep 0.02; done && exit 9; : >on; sleep 2; echo {}' \
        ::: 1 2 3 4
    [[ $status == 9 && $output == 2* && $output != *3* ]]
    run tasks --quiet -j 1 --halt now,success=1 'echo {}; [ {} = 2 ]' ::: 1 2 3 4
    [[ $status == 0 && $output != *3* ]]
    run tasks --quiet -j 1 --halt soon,fail=50% 'exit 1 #' ::: 1 2 3 4 5 6
    [[ $status == 50 ]]
}

@test "--delay keeps starts apart" {
    tasks -j 4 --delay 0.2 --joblog log true ::: 1 2 3
    cat log
    tail -n +2 log | cut -f3 | sort -n | awk 'NR > 1 && $1 - last < 0.19 { exit 1 } { last = $1 }'
}

supervisor_runs() {
    [[ $(ps -o comm= -p "$visible") == nfold && -n $(supervisor_of "$visible") ]]
}

@test "nothing starts while the load is too high" {
    (while :; do :; done) 3>&- &
    busy=$!
    start_tasks -j 1 --load 0.01 'echo ran #' ::: a
    until_true supervisor_runs
    sleep 1.5
    [[ ! -s out ]]
    send TERM "$visible"
    end_of "$visible"
    kill "$busy"
    cat out err
    [[ $ended == 102 && ! -s out ]]
    run tasks -j 1 --load 100000% 'echo ran #' ::: a
    [[ $output == ran ]]
}

@test "more memory than there is is refused with the numbers" {
    run tasks --mem-per-task 1000T true ::: a
    echo "$output"
    [[ $status == 2 && $output == *"mem-per-task"*"a task cannot have "*" is all that may be used here"* ]]
}

eater='import sys, time
kept = []
for i in range(int(sys.argv[1])):
    kept.append(bytearray(1000000))
    time.sleep(0.002)
time.sleep(0.3)
print("had", sys.argv[1])'

@test "only the task that takes too much memory is ended" {
    echo "$eater" >eat.py
    run tasks -j 2 -k --mem-per-task 80M --run-dir run 'python3 eat.py {}' ::: 10 300 20
    echo "$output"
    [[ $status == 1 && $output == *"had 10"* && $output == *"had 20"* && $output != *"had 300"* ]]
    [[ $output == *"1 oom"* ]]
    none_lives
}

@test "the same without cgroups, by looking" {
    ((EUID == 0)) || skip "only root can become somebody without cgroups here"
    echo "$eater" >eat.py
    chmod -R a+rX . && chmod 777 . && chmod a+x "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR/.." 2>/dev/null || :
    setpriv --reuid 65534 --clear-groups test -r "$PWD/eat.py" -a -x "$NFOLD" || skip "nobody cannot read here"
    run env "$mark" setpriv --reuid 65534 --clear-groups "$NFOLD" tasks -j 2 -k --mem-per-task 80M 'python3 eat.py {}' ::: 10 300 20
    echo "$output"
    [[ $status == 1 && $output == *"had 10"* && $output == *"had 20"* && $output != *"had 300"* ]]
    [[ $output == *"1 oom"* ]]
}

@test "more memory after an oom" {
    echo "$eater" >eat.py
    run tasks -j 1 --mem-per-task 50M --retry-mem x4 'python3 eat.py {}' ::: 100
    echo "$output"
    [[ $status == 0 && $output == *"had 100"* ]]
}

@test "no cgroup is left behind" {
    group=/sys/fs/cgroup/memory$(grep -o 'memory:.*' /proc/self/cgroup | cut -d: -f2)
    [[ -d $group ]] || skip "no memory cgroup of version 1"
    start_tasks -j 2 --mem-per-task 50M 'sleep 600 #' ::: a b
    has_group() { compgen -G "$group/nfold.$visible.*" >/dev/null; }
    until_true has_group || skip "no cgroup may be made here"
    kill -9 "$(supervisor_of "$visible")"
    end_of "$visible"
    ! has_group
}

@test "--halt with a share reads all of the input first; the exit status is the share that failed" {
    run bash -c 'seq 100 | "$NFOLD" tasks --quiet -j 1 --halt soon,fail=10% "echo {}; false"'
    [[ $status == 10 && ${#lines[@]} == 10 ]]
    run bash -c '(echo head; seq 20) | "$NFOLD" tasks --quiet -j 1 --header : --halt now,fail=10% "echo {}; false"'
    [[ $status == 10 && ${#lines[@]} == 2 ]]
    run tasks --quiet -j 2 --halt soon,fail=90% 'exit {}' ::: 1 2 3 4 5 0 0 0
    [[ $status == 63 ]]
}

@test "a program named by a path is run without a shell, from the folder of --wd" {
    mkdir -p bin w
    # Whose child is it: nfold's, or a shell's that was started for it?
    printf '#!/bin/sh\necho "$0 $1 $(tr -d "\\0" <"/proc/$PPID/comm")"\n' >bin/here
    cp bin/here w/there
    chmod +x bin/here w/there
    [[ $(tasks bin/here ::: v) == "bin/here v nfold" ]]
    [[ $(tasks ./bin/here ::: v) == "./bin/here v nfold" ]]
    [[ $(tasks --wd w ./there ::: v) == "./there v nfold" ]]
}

@test "a path that cannot be run ends as a shell would end it" {
    mkdir folder
    printf 'echo plain $1\n' >plain
    printf '#!/no/such\n' >lost
    : >forbidden
    chmod +x plain lost
    [[ $(tasks ./plain ::: a) == "plain a" ]]
    local name
    for name in ./lost ./forbidden ./folder plain/x; do
        wanted=0
        bash -c "$name v" 2>/dev/null || wanted=$?
        tasks --quiet --joblog log "$name" ::: v 2>/dev/null || :
        [[ $(tail -n 1 log | cut -f 7) == "$wanted" && $wanted -gt 125 ]]
    done
}
