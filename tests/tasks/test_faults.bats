#!/usr/bin/env bats
# Processes that die, signals, time limits: nothing is left running, nothing is called ok that was
# not, and the numbers add up.

load running

setup() {
    setup_run
}

teardown() {
    end_run
}

# Two tasks, each with a child in a session of its own, run when this returns.
start_busy() {
    start_tasks -j 2 "$@" 'setsid sh -c "echo >on-{}; sleep 600" & sleep 600 #' ::: 1 2 3 4
    until_true lines 2 on-1 on-2
}

@test "kill -9 of the visible process ends every descendant" {
    start_busy --run-dir run
    kill -9 "$visible"
    end_of "$visible"
    [[ $ended == 137 ]]
    until_true none_lives
    run "$NFOLD" logs run
    [[ ! -e on-3 ]]
}

@test "kill -9 of the supervisor ends every descendant, and the shell sees SIGKILL" {
    start_busy
    kill -9 "$(supervisor_of "$visible")"
    end_of "$visible"
    [[ $ended == 137 ]]
    none_lives
    cat err
    grep -q "its supervisor was ended by signal 9" err
}

@test "kill -9 of both at once ends the tasks themselves" {
    start_tasks -j 2 'echo >on-{}; exec sleep 600' ::: 1 2 3
    until_true lines 2 on-1 on-2
    kill -9 "$visible" "$(supervisor_of "$visible")"
    until_true none_lives
}

# Like start_busy, but the slots had tasks before: what runs now was started by their spawners.
start_busy_again() {
    start_tasks -j 2 "$@" '[ {} = 0 ] || {
        setsid sh -c "echo >on-{}; sleep 600" & sleep 600
    }' ::: 0 0 0 0 1 2 3 4
    until_true lines 2 on-1 on-2
    local threads=("/proc/$(supervisor_of "$visible")/task/"*)
    # Slots that share a processor have no spawners.
    [[ ${#threads[@]} -ge 3 || $(processors) == 1 ]]
}

@test "kill -9 of the visible process ends every descendant of spawners" {
    start_busy_again
    kill -9 "$visible"
    end_of "$visible"
    until_true none_lives
    [[ ! -e on-3 ]]
}

@test "kill -9 of the supervisor ends every descendant of spawners" {
    start_busy_again
    kill -9 "$(supervisor_of "$visible")"
    end_of "$visible"
    [[ $ended == 137 ]]
    none_lives
    grep -q "its supervisor was ended by signal 9" err
}

@test "kill -9 of guardian and supervisor at once ends what spawners started" {
    start_tasks -j 2 '[ {} = 0 ] || { echo >on-{}; exec sleep 600; }' ::: 0 0 0 0 1 2 3
    until_true lines 2 on-1 on-2
    kill -9 "$visible" "$(supervisor_of "$visible")"
    until_true none_lives
}

@test "what tasks leave behind is waited for while spawners wait for tasks" {
    start_tasks -j 2 '[ {} = 0 ] || { (sleep 0.1 &); echo >on-{}; exec sleep 600; }' ::: 0 0 0 0 1 2
    until_true lines 2 on-1 on-2
    local supervisor
    supervisor=$(supervisor_of "$visible")
    # The two tasks themselves are all that is left.
    only_tasks_live() { [[ $(ps -o stat= --ppid "$supervisor" | wc -l) == 2 ]]; }
    until_true only_tasks_live
    kill -9 "$visible"
    end_of "$visible"
    until_true none_lives
}

@test "a timeout, Ctrl-C and --halt end what spawners started" {
    run tasks -j 2 --timeout 2 '[ {} = 0 ] || sleep 600' ::: 0 0 0 0 1
    echo "$output"
    [[ $status == 1 && $output == *"4 ok, 1 timeout"* ]]
    run tasks -j 2 --halt now,fail=1 '[ {} = 0 ] || { [ {} = 1 ] && sleep 600; sleep 0.2; exit 3; }' \
        ::: 0 0 0 0 1 2
    echo "$output"
    [[ $status == 3 && $output == *"4 ok, 1 failed, 1 cut"* ]]
    start_busy_again
    send INT "$visible"
    kill -INT "$visible"
    end_of "$visible"
    [[ $ended == 130 ]]
    none_lives
}

@test "a task that is killed is signalled, is one of them, and its slot goes on" {
    run tasks -j 1 --joblog log '[ {} = 2 ] && kill -9 $$; echo {}' ::: 1 2 3
    echo "$output"
    [[ $status == 1 && $output == *"2 ok, 1 signalled"* ]]
    [[ $(cut -f7,8 log | tail -n +2 | tr '\t\n' ', ') == "0,0 0,9 0,0 " ]]
}

@test "tasks killed at random are all accounted for" {
    cat >killer.py <<'END'
import os, random, signal, sys, time
random.seed(7)
open("killing", "w").close()
mark = ("NFOLD_TEST_TASK=1").encode()
until = time.time() + 4
while time.time() < until:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in open(f"/proc/{pid}/environ", "rb").read().split(b"\0") and random.random() < 0.2:
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass
    time.sleep(0.01)
END
    python3 killer.py 3>&- &
    killer=$!
    until_true test -e killing
    tasks -j 4 --joblog log 'exec env NFOLD_TEST_TASK=1 sleep 0.05 #' ::: $(seq 120) >out 2>err &
    visible=$!
    end_of "$visible"
    wait "$killer"
    cat err
    [[ $(tail -n +2 log | wc -l) == 120 ]]
    killed=$(cut -f8 log | grep -c '^9$')
    ((killed > 0))
    [[ $ended == "$((killed > 100 ? 101 : killed))" ]]
    grep -q "120 tasks: $((120 - killed)) ok, $killed signalled" err
}

@test "what a task left running in the background is ended at the end, and said" {
    run tasks -j 2 'setsid sh -c "sleep 600 & exec sleep 600" & #' ::: a b
    echo "$output"
    [[ $status == 0 && $output =~ ^[234]\ processes\ that\ tasks\ had\ left\ running\ were\ ended$ ]]
    none_lives
}

@test "a task that makes itself a daemon does not hold its slot, and ends with the run" {
    cat >daemon.py <<'END'
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("daemon", "w").write(f"{os.getpid()}\n")
        time.sleep(600)
    os._exit(0)
END
    run tasks -j 1 'python3 daemon.py; echo ran {}' ::: a b
    [[ $status == 0 && $output == *"ran a"*"ran b"* && -s daemon ]]
    none_lives
}

@test "SIGHUP lets tasks end, starts no more, and is not mistaken for the whole" {
    start_tasks -j 2 --run-dir run 'echo >on-{}; until [ -e go ]; do sleep 0.1; done; echo {}' \
        ::: 1 2 3 4
    until_true lines 2 on-1 on-2
    send HUP "$visible"
    : >go
    end_of "$visible"
    cat err
    [[ $ended == 102 ]]
    [[ $(sort out) == $'1\n2' ]]
    grep -q "4 tasks: 2 ok, 2 not started (SIGHUP)" err
}

@test "SIGHUP when all have started is no failure" {
    start_tasks -j 2 'echo >on-{}; until [ -e go ]; do sleep 0.1; done; echo {}' ::: 1 2
    until_true lines 2 on-1 on-2
    send HUP "$visible"
    : >go
    end_of "$visible"
    [[ $ended == 0 && $(sort out) == $'1\n2' ]]
}

@test "an ignored SIGHUP stays ignored" {
    run bash -c 'trap "" HUP; "$@" & sleep 0.3; kill -HUP $!; wait $!' _ "$NFOLD" tasks -j 1 'sleep 0.3; echo {}' ::: 1 2 3 4
    [[ $status == 0 && $output == $'1\n2\n3\n4' ]]
}

@test "SIGTERM ends the tasks: preempted, to be continued, exit 102" {
    start_busy --run-dir run
    kill -TERM "$visible"
    end_of "$visible"
    [[ $ended == 102 ]]
    none_lives
    cat err
    grep -q "4 tasks: 0 ok, 2 preempted, 2 not started (SIGTERM)" err
}

@test "SIGUSR1 starts no more and lets tasks end" {
    start_tasks -j 1 'echo >on-{}; until [ -e go ]; do sleep 0.1; done; echo {}' ::: 1 2 3
    until_true lines 1 on-1
    send USR1 "$visible"
    : >go
    end_of "$visible"
    [[ $ended == 102 && $(<out) == 1 ]]
}

@test "Ctrl-C once waits, twice ends the tasks and the run by SIGINT" {
    start_busy --run-dir run
    send INT "$visible"
    kill -0 "$visible"
    [[ ! -e on-3 ]]
    kill -INT "$visible"
    end_of "$visible"
    [[ $ended == 130 ]]
    none_lives
    cat err
    grep -q "4 tasks: 0 ok, 2 cut, 2 not started (Ctrl-C twice)" err
}

@test "a third Ctrl-C does not wait for the ladder" {
    start_tasks -j 1 --term-seq TERM,60000 'trap "" TERM; echo >on; while :; do sleep 600; done #' ::: 1
    until_true lines 1 on
    send INT "$visible"
    send INT "$visible"
    kill -INT "$visible"
    end_of "$visible"
    [[ $ended == 130 ]]
    none_lives
}

@test "the terminal is told what the next Ctrl-C does" {
    run python3 "$BATS_TEST_DIRNAME/../cli/terminal.py" --interrupt file:on "$NFOLD" tasks -j 1 \
        'echo >on; sleep 5 #' ::: 1 2
    echo "$output"
    [[ $output == *"nfold: waiting for 1 running task, starting no more;"*"nfold: Ctrl-C again ends them, a third one at once"* ]]
    [[ $(grep '^nfold: ' <<<"$output" | awk 'length > 81') == "" ]]
    [[ $output == *"1 ok, 1 not started (Ctrl-C)"* && $output == *"status 102" ]]
}

# What a shell's Ctrl-Z and fg do; python is the terminal.
@test "Ctrl-Z stops the tasks, and time that they were stopped does not count" {
    cat >stop.py <<'END'
import os, signal, subprocess, sys, time
def state(pid):
    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
def wait_for(what):
    until = time.time() + 120
    while not what():
        assert time.time() < until
        time.sleep(0.01)
run = subprocess.Popen([sys.argv[1], "tasks", "-j", "1", "--timeout", "6", "echo $$ >task; sleep 3; echo {}", ":::", "a"])
wait_for(lambda: os.path.exists("task") and open("task").read().strip())
task = int(open("task").read())
os.kill(run.pid, signal.SIGTSTP)
wait_for(lambda: state(run.pid) == "T" and state(task) == "T")
time.sleep(6)
os.kill(run.pid, signal.SIGCONT)
sys.exit(run.wait())
END
    run env "$mark" python3 stop.py "$NFOLD"
    echo "$output"
    [[ $status == 0 && $output == a ]]
}

@test "what cannot end before the job does is not begun" {
    SLURM_JOB_END_TIME=$(($(date +%s) + 40)) run tasks -j 1 --grace 5s --need 60s 'echo {}' ::: 1 2
    echo "$output"
    [[ $status == 102 && $output == *"2 tasks: 0 ok, 2 not started (time limit)"* ]]
    SLURM_JOB_END_TIME=$(($(date +%s) + 400)) run tasks -j 1 --grace 5s --need 60s 'echo {}' ::: 1 2
    [[ $status == 0 && $output == $'1\n2' ]]
}

@test "a grace before the job's end tasks are preempted" {
    SLURM_JOB_END_TIME=$(($(date +%s) + 12)) run tasks -j 2 --grace 3s 'sleep 600 #' ::: 1 2 3
    echo "$output"
    [[ $status == 102 && $output == *"0 ok, 2 preempted, 1 not started (time limit)"* ]]
    none_lives
}

@test "squeue is asked for the job's end where the environment does not have it" {
    mkdir bin
    printf '#!/bin/sh\necho "$@" >asked\necho 0:10\n' >bin/squeue
    chmod +x bin/squeue
    PATH=$PWD/bin:$PATH SLURM_JOB_ID=4711 run tasks -j 1 --grace 3s 'sleep 600 #' ::: 1 2
    echo "$output"
    [[ $status == 102 && $output == *"1 preempted, 1 not started (time limit)"* ]]
    [[ $(<asked) == *"--jobs=4711"* ]]
}

@test "a squeue that never answers holds nothing up" {
    mkdir bin
    printf '#!/bin/sh\nsleep 600\n' >bin/squeue
    chmod +x bin/squeue
    PATH=$PWD/bin:$PATH SLURM_JOB_ID=4711 run tasks -j 1 --quiet 'echo {}' ::: 1 2
    [[ $status == 0 && $output == $'1\n2' ]]
    none_lives
}

@test "the job is queued again once its record is written" {
    mkdir bin
    printf '#!/bin/sh\ncat run/journal >seen\necho "$@" >asked\n' >bin/scontrol
    chmod +x bin/scontrol
    PATH=$PWD/bin:$PATH SLURM_JOB_ID=4711 SLURM_JOB_END_TIME=$(($(date +%s) + 8)) \
        run tasks -j 1 --requeue --grace 1s --run-dir run 'sleep 600 #' ::: 1 2
    echo "$output"
    [[ $status == 102 && $(<asked) == "requeue 4711" ]]
    cmp seen run/journal
}

@test "a clock that jumps changes no duration and no limit" {
    ((EUID == 0)) || skip "a time namespace needs root"
    unshare --time --monotonic 100000 true 2>/dev/null || skip "no time namespaces here"
    run unshare --time --fork --monotonic 100000 env "$mark" "$NFOLD" tasks -j 1 --timeout 5 --joblog log 'sleep 0.2 #' ::: 1 2
    echo "$output"
    [[ $status == 0 ]]
    awk -F'\t' 'NR > 1 { if ($4 < 0.1 || $4 > 4) exit 1 }' log
}

@test "a stdout that nobody reads any more ends the run and its tasks" {
    run bash -c '"$@" | head -n 1' _ env "$mark" "$NFOLD" tasks -j 1 --line-buffer 'while echo {}; do sleep 0.01; done' ::: 1
    [[ ${lines[0]} == 1 ]]
    until_true none_lives
}

@test "an input that cannot be used ends no task that runs, and is told after them" {
    local long
    long=$(head -c 70000 /dev/zero | tr '\0' a)
    run bash -c 'printf "%s\n" 1 2 "$1" 3 | "$NFOLD" tasks -j 3 "sleep 0.3; echo {} {}"' - "$long"
    [[ $status == 2 && $output == *"1 1"* && $output == *"2 2"* && $output != *"3 3"* ]]
    [[ $output == *"4 tasks: 2 ok, 2 not started (an input that cannot be used)"* ]]
    [[ $output == *"input 3, 'aaaaaaaaaaaaaaaaaaaa…': its command line is too long"*"give the data in a file"* ]]
    printf '%s\n' a b c >three
    printf '%s\n' 1 2 >two
    run tasks -j 3 'sleep 0.3; echo {}' :::: three ::::+ two
    [[ $status == 2 && $output == *"a 1"* && $output == *"b 2"* ]]
    [[ $output == *"linked lists have different lengths: two ends after 2 inputs, three goes on"* ]]
}

@test "a disk that does not answer holds no task up" {
    command -v cc || skip "no C compiler"
    ! ldd "$NFOLD" | grep -q 'asan\|tsan\|ubsan' || skip "a sanitizer wants to be loaded first"
    cat >slow.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* Of the journal: until the last task is over, or the test has failed. */
int fdatasync(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    if (strlen(path) < 8 || strcmp(path + strlen(path) - 8, "/journal") != 0)
        return 0;
    FILE *file = fopen(getenv("ASKED"), "a");
    fclose(file);
    for (int i = 0; i < 2000 && access(getenv("OVER"), F_OK) != 0; i++)
        usleep(10000);
    return access(getenv("OVER"), F_OK);
}
END
    cc -shared -fPIC -o slow.so slow.c
    export OVER=$PWD/over ASKED=$PWD/asked
    # The last one begins once the first sync does not come back.
    LD_PRELOAD=$PWD/slow.so timeout 200 "$NFOLD" tasks -j 1 --run-dir night \
        'test {} = 1 || until test -e asked; do sleep 0.02; done; test {} != 3 || touch over' ::: 1 2 3
    [[ -e over ]]
    run "$NFOLD" verify night
    [[ $output == "3 inputs: 3 ok" ]]
}
