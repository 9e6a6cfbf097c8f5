#!/usr/bin/env bats
# What tasks print: whole, in order, in bounded memory, and no reader can stop the tasks.

load running

setup() {
    setup_run
}

needs_own_memory() {
    ! ldd "$NFOLD" | grep -q 'asan\|tsan\|ubsan' || skip "a sanitizer keeps memory of its own"
}

# The largest memory of any process below a command, in kB.
memory_of() {
    python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@" 3>&-
}

@test "much output from one task takes little memory and no temporary folder" {
    needs_own_memory
    mkdir tmp
    memory=$(TMPDIR=$PWD/tmp memory_of "$NFOLD" tasks 'head -c 200000000 /dev/zero; ls tmp >seen #' ::: 1)
    echo "$memory kB"
    [[ $memory -lt 24000 ]]
    [[ ! -s seen ]]
    [[ ! -e .nfold ]]
}

@test "tasks that were never begun are counted, and take no memory" {
    needs_own_memory
    seq 1000000 >inputs
    memory=$(memory_of bash -c '"$NFOLD" tasks -j 1 --halt now,fail=1 false :::: inputs 2>err || :')
    echo "$memory kB"
    [[ $(head -n 1 err) == "1000000 tasks: 0 ok, 1 failed, 999999 not started (--halt now,fail=1)"* ]]
    [[ $memory -lt 24000 ]]
}

@test "a slow first task holds back output, not memory" {
    needs_own_memory
    memory=$(memory_of "$NFOLD" tasks -k -j 4 \
        'test {} != 1 || until test -e last; do sleep 0.1; done; test {} != 300 || touch last; head -c 100000 /dev/zero' \
        ::: $(seq 300))
    echo "$memory kB"
    [[ $memory -lt 24000 ]]
}

@test "a reader that does not read stops no task" {
    "$NFOLD" tasks -j 2 'head -c 100000 /dev/zero | tr "\0" x; touch done-{}' ::: $(seq 40) 3>&- | {
        until_true all_done
        wc -c >bytes
    }
    [[ $(cat bytes) == 4000000 ]]
}

all_done() {
    [[ $(ls | grep -c done-) == 40 ]]
}

@test "by lines too: a reader that does not read stops no task" {
    "$NFOLD" tasks --lb -k -j 2 'seq 20000; touch done-{}' ::: $(seq 40) 3>&- | {
        until_true all_done
        md5sum >sum
    }
    [[ $(cat sum) == $(for i in $(seq 40); do seq 20000; done | md5sum) ]]
}

@test "a reader that leaves ends the run, in order" {
    run bash -c '"$NFOLD" tasks -j 2 --run-dir night "seq 100000; sleep 0.1" ::: 1 2 3 4 5 6 2>err | head -n 1'
    [[ $output == 1 ]]
    grep -q "cannot write to stdout" err
    run "$NFOLD" runs night
    [[ $output == *stopped* ]]
}

@test "stdout that is full or closed is told" {
    run bash -c '"$NFOLD" tasks echo ::: 1 >/dev/full'
    [[ $status == 3 && $output == *"cannot write to stdout"* ]]
    run bash -c '"$NFOLD" tasks echo ::: 1 >&-'
    [[ $status == 3 && $output == *"cannot write to stdout"* ]]
}

@test "stdout and stderr keep apart, and their blocking mode is the shell's" {
    "$NFOLD" tasks -k 'echo {}; echo e{} >&2' ::: 1 2 >out 2>err 3>&-
    [[ $(cat out) == $'1\n2' && $(cat err) == $'e1\ne2' ]]
    { "$NFOLD" tasks 'echo {}' ::: 1 2 3>&-
        python3 -c 'import os
print("blocking" if os.get_blocking(1) else "not blocking")'; } | cat >modes
    [[ $(tail -n 1 modes) == blocking ]]
}

@test "a child that stays behind with the pipe does not hold up its task's output" {
    run timeout 200 "$NFOLD" tasks 'echo {}; (sleep 300; echo late) &' ::: 1 2 3>&-
    [[ $status == 0 ]]
    [[ $output == *1* && $output == *2* && $output != *late* ]]
}

@test "a closed stderr is no failure, a closed stdout is one" {
    run bash -c '"$NFOLD" tasks -k --run-dir night "echo {}; echo e >&2" ::: a b 2>&-'
    [[ $status == 0 && $output == $'a\nb' ]]
    run bash -c '"$NFOLD" tasks -k "echo {}" ::: a b >&-'
    [[ $status == 3 && $output == *"cannot write to stdout"* ]]
    [[ $("$NFOLD" logs night 1 --err) == e ]]
}

@test "inputs that never began because stdout broke are in the sum" {
    run bash -c '"$NFOLD" tasks -j 1 "echo {}" ::: a b c d 2>&1 >/dev/full'
    [[ $status == 3 && $output == *"4 tasks: "*" not started"*"cannot write to stdout"* ]]
}
