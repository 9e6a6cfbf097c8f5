#!/usr/bin/env bats
# Worker processes on machines that are short of something. What a machine does not allow to be
# tried is skipped with the reason.

: "${NFOLD:?set NFOLD to the command under test}"

sum=(integrate 'x*x' 0 100 1e8 -b processes)
answer=333333.3333333334

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    unset "${!NFOLD_@}" 2>/dev/null || true
    NFOLD=${BATS_NFOLD:-$NFOLD}
}

setup_file() {
    export BATS_NFOLD=$NFOLD
}

# Runs a command as a user who has no other processes.
as_nobody_else() {
    [[ $(id -u) == 0 ]] || skip "only root can become a user without processes"
    command -v setpriv >/dev/null || skip "no setpriv on this machine"
    cp "$NFOLD" ./nfold
    chmod 755 . ./nfold
    if ! setpriv --reuid 61234 --regid 61234 --clear-groups ./nfold --version >/dev/null; then
        skip "another user cannot run programs in $PWD"
    fi
    run setpriv --reuid 61234 --regid 61234 --clear-groups "$@"
}

# Sanitizers start threads of their own and read /proc.
needs_no_sanitizer() {
    if grep -qa -e __asan_init -e __tsan_init "$NFOLD"; then
        skip "the sanitizer of this build needs $1 itself"
    fi
}

@test "the answer on a terminal, where the command has threads" {
    command -v script >/dev/null || skip "no script on this machine"
    run script -qec "$NFOLD ${sum[*]@Q} -j 3" /dev/null
    [[ $status == 0 && $output == *"$answer"*"3 (processes)"*"started in"* ]]
}

@test "fewer workers than asked for where no more processes are allowed, and said" {
    as_nobody_else bash -c "ulimit -u 5; ./nfold ${sum[*]@Q} -j 9 --report"
    echo "$output"
    [[ $status == 0 && $output == *"$answer"*" of 9 asked for"* ]]
    [[ $(echo $output) == *"workers could not be started: "*"Resource temporarily unavailable"* ]]
}

@test "no process allowed at all is a clear error" {
    needs_no_sanitizer "a thread"
    as_nobody_else bash -c "ulimit -u 2; ./nfold ${sum[*]@Q} -j 4; exit \$?"
    echo "$output"
    [[ $status == 3 && $output == *"starting a worker process: Resource temporarily unavailable" ]]
}

@test "few files allowed: fewer workers" {
    run bash -c "ulimit -n 16; $NFOLD ${sum[*]@Q} -j 40 --report"
    [[ $status == 0 && $output == *"$answer"* && $(echo $output) == *"Too many open files"* ]]
}

@test "no memory to share is a clear error" {
    (ulimit -v 60000 && "$NFOLD" --version) || skip "this build of nfold needs more memory to start"
    run bash -c "ulimit -v 60000; $NFOLD ${sum[*]@Q} -j 3000"
    [[ $status == 3 && $output == *"KiB for 3000 worker processes to share: Cannot allocate"* ]]
    run bash -c "ulimit -f 10; $NFOLD ${sum[*]@Q} -j 2"
    [[ $status == 3 && $output == *'than `ulimit -f` allows'* ]]
}

@test "without /proc" {
    needs_no_sanitizer /proc
    unshare -m true 2>/dev/null || skip "mount namespaces are not allowed here"
    echo '#include <stdlib.h>
          double f(double x) { if (x > 0.5) abort(); return x; }' >f.c
    run unshare -m bash -c "umount -l /proc && $NFOLD ${sum[*]@Q} -j 3"
    [[ $status == 0 && $output == "$answer" ]]
    run unshare -m bash -c "umount -l /proc && $NFOLD integrate f.c:f 0 1 1e5 -b processes"
    [[ $status == 1 && $output == *"SIGABRT"*"item 50001 of 100001"* ]]
}

@test "a control group without memory is named" {
    local group=/sys/fs/cgroup/memory/nfold-test-$$ words
    [[ -d /sys/fs/cgroup/memory ]] || group=/sys/fs/cgroup/nfold-test-$$
    mkdir "$group" 2>/dev/null || skip "no control group can be made here"
    if ! { echo 64M >"$group/memory.limit_in_bytes" || echo 64M >"$group/memory.max"; } 2>/dev/null
    then
        rmdir "$group"
        skip "no limit of memory can be set here"
    fi
    { echo 64M >"$group/memory.memsw.limit_in_bytes"; } 2>/dev/null || true
    { echo 0 >"$group/memory.swap.max"; } 2>/dev/null || true
    echo '#include <stdlib.h>
          double f(double x) {
              volatile char *many = x > 0.5 ? malloc(1 << 30) : 0;
              for (long i = 0; many && i < 1 << 30; i += 4096) many[i] = 1;
              return x;
          }' >f.c
    run bash -c "echo \$\$ >$group/cgroup.procs; exec $NFOLD integrate f.c:f 0 1 1e4 -b processes -j 2"
    rmdir "$group"
    echo "$output"
    [[ $status == 1 && $output == *"SIGKILL: the control group is out of memory"* ]]
    [[ $output == *"item 5001 of 10001"* ]]
}

@test "a stopped worker is replaced, and said" {
    "$NFOLD" integrate 'sin(x)*exp(-x)' 0 100 3e8 -b processes -j 2 --native off --report \
        >out 2>&1 3>&- &
    local command=$! worker=
    while [[ -z $worker ]]; do
        sleep 0.05
        worker=$(ps -o pid= --ppid $command | head -1)
    done
    sleep 0.1
    kill -STOP $worker
    wait $command
    cat out
    [[ $(head -1 out) == 0.49999999999999073 ]]
    [[ $(echo $(<out)) == *"1 worker died and its range was run again; the last was stopped"* ]]
}

@test "an item that stops its worker again and again is named" {
    echo '#include <signal.h>
          double f(double x) { if (x == 0.5) raise(SIGSTOP); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
    echo "$output"
    [[ $status == 1 && $output == *"(stopped by a signal for a second, and replaced)"* ]]
    [[ $output == *"item 500 of 1001"* ]]
}

@test "workers are silent unless they die" {
    echo '#include <stdio.h>
          double f(double x) { if (x == 0.5) fprintf(stderr, "half way\n"); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
    [[ $status == 0 && $output == 0.5 ]]
}

@test "a function that never ends is ended" {
    echo 'double f(double x) { while (x == 0.25); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2 --timeout 2
    [[ $status == 1 && $output == *"f(x) took longer than 2 s at x = 0.25 (item 250 of 1001)"* ]]
}

@test "a function that calls exit is named with its status" {
    echo '#include <stdlib.h>
          double f(double x) { if (x == 0.75) exit(5); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
    echo "$output"
    [[ $status == 1 && ${#lines[@]} == 1 ]]
    [[ $output == *"ended by exit(5)"*"(item 750 of 1001)" ]]
}

@test "a function that ends its thread is named, without the advice to do what was done" {
    needs_no_sanitizer "a thread"
    echo '#include <pthread.h>
          double f(double x) { if (x == 0.75) pthread_exit(0); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
    echo "$output"
    [[ $status == 1 && ${lines[0]} == *"(item 750 of 1001)" ]]
    [[ ${lines[1]} == "worker "?": nfold: pthread_exit was called" ]]
    [[ $output != *"survives"* ]]
}

@test "an option of worker processes is not silent elsewhere" {
    run "$NFOLD" integrate x 0 1 1000 -b threads -j 2 --timeout 1 --report
    [[ $status == 0 && $(echo $output) == *"timeout is an option of the backend processes"* ]]
}

@test "scribbled memory costs a worker, not the run" {
    echo '#include <string.h>
          static double first[4];
          double f(double x) {
              if (x == 0.25) memset((char *)__builtin_frame_address(0) - 100, 255, 1 << 22);
              return x + first[0];
          }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
    [[ $status == 1 && $output == *"x = 0.25 (item 250 of 1001)"* ]]
}

@test "a crash under threads says who would survive it" {
    echo '#include <stdlib.h>
          double f(double x) { if (x > 0.5) abort(); return x; }' >f.c
    run "$NFOLD" integrate f.c:f 0 1 1000 -b threads -j 2
    [[ $status == 134 && $output == *'with `-b processes` nfold survives this'* ]]
}

@test "nobody starts a worker by hand" {
    run "$NFOLD" worker </dev/null 3<&-
    [[ $status == 2 && $output == *"nfold starts its workers itself"* ]]
}

@test "the lowest item that kills is named, by any number of workers" {
    echo '#include <stdlib.h>
          double f(double x) { if (x == 0.25 || x == 0.5 || x == 1) abort(); return x; }' >f.c
    for workers in 1 2 5; do
        run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j $workers
        echo "$output"
        [[ $status == 1 && $output == *"item 250 of 1001"* ]]
    done
}
