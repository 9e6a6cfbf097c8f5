#!/usr/bin/env bats
# --checkpoint FILE: a run that ends early is continued by the same command, with the same bits.

bats_require_minimum_version 1.5.0
nfold=${NFOLD:?set NFOLD to the command under test}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    unset "${!NFOLD_@}" "${!SLURM_@}" "${!OMPI_@}" "${!PMI_@}"
    NFOLD=$nfold
}

hash_of() {
    "$NFOLD" "$@" --json | grep -o '"hash": "[0-9a-f]*"'
}

@test "a work that is done is answered from the file, by any backend, however it is written" {
    local expected backend
    expected=$(hash_of integrate 'sin(x)*k' 0 1 1e6 --set k=3 -b serial)
    [ "$(hash_of integrate 'sin(x)*k' 0 1 1e6 --set k=3 --checkpoint c)" = "$expected" ]
    cp c before
    for backend in serial threads processes; do
        [ "$(hash_of integrate '(sin((x)) * k)' 0 1 1000000 --set k=3.0 -b $backend -j 3 \
            --checkpoint c)" = "$expected" ]
    done
    "$NFOLD" integrate 'sin(x)*k' 0 1 1e6 --set k=3 --checkpoint c --report 2>report
    cat report
    grep -q '^checkpoint all of it is from c$' report
    cmp -n "$(stat -c %s before)" before c # appended to, never rewritten
}

@test "a checkpoint of another computation is refused with what differs, and kept" {
    local words
    "$NFOLD" integrate 'k*x' 0 1 1e6 --set k=3 --checkpoint c
    cp c before
    while read -r words; do
        run -2 "$NFOLD" ${words%%=>*} --checkpoint c
        echo "$output"
        [[ $output == *"c is the checkpoint of another computation: ${words##*=> }"* ]]
        cmp before c
    done <<'END'
integrate k*x 0 1 2e6 --set k=3 => n 1000000 there, 2000000 here
integrate k*x 0 2 1e6 --set k=3 => b 1.0 there, 2.0 here
integrate k*x 1 0 1e6 --set k=3 => a 0.0 there, 1.0 here
integrate k*x 0 1 1e6 --set k=4 => 'k*x' is another function by now
integrate k*x+1 0 1 1e6 --set k=3 => 'k*x' there, 'k*x+1' here
integrate k*x 0 1 1e6 --set k=3 --rule simpson => rule trapezoid there, simpson here
integrate k*x 0 1 1e6 --set k=3 --nonfinite allow => nonfinite error there, allow here
reduce sum k*i 1e6 --set k=3 => kind integrate there, reduce here
END
}

@test "what is no checkpoint is refused and never written to" {
    echo "my thesis" >c
    cp c before
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint c
    [[ $output == *"c is no checkpoint of nfold; it is left as it is"* ]]
    cmp before c
    mkfifo pipe
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint pipe
    [[ $output == *"the checkpoint pipe is no regular file"* ]]
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint /dev/null
    [[ $output == *"no regular file"* ]]
    run -3 "$NFOLD" integrate x 0 1 1e6 --checkpoint .
    [[ $output == *"cannot write the checkpoint .: Is a directory"* ]]
    run -3 "$NFOLD" integrate x 0 1 1e6 --checkpoint nowhere/c
    [[ $output == *"cannot write the checkpoint nowhere/c: No such file or directory"* ]]
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint ''
    [[ $output == *"the name of the file is empty"* ]]
    run -2 "$NFOLD" compare integrate x 0 1 1e6 --checkpoint d
    [[ $output == *"compare does a work again and again"* && ! -e d ]]
}

# 2000 items of 4 ms that need no processor, and the hash of their sum.
slow_function() {
    cat >slow.c <<'END'
#include <time.h>
double slow(double x)
{
    const struct timespec pause = {.tv_nsec = 4000000};
    nanosleep(&pause, 0);
    return x * x;
}
END
    slow=(integrate slow.c:slow 0 1 2000)
    slow_hash=$(hash_of integrate 'x*x' 0 1 2000)
}

# Starts the command with these arguments in the background, waits as long as until the file c has
# grown by a record of fragments, and ends it with a signal.
end_by() {
    local signal=$1 size pid
    shift
    size=$(stat -c %s c 2>/dev/null || echo 0)
    "$NFOLD" "$@" >out 2>err 3>&- &
    pid=$!
    # A head and a signature are less than 600 bytes, a signature alone less than 200.
    while kill -0 $pid 2>/dev/null &&
        (($(stat -c %s c 2>/dev/null || echo 0) < (size ? size + 200 : 600))); do
        sleep 0.02
    done
    sleep 0.0$((RANDOM % 10))
    kill -s "$signal" $pid 2>/dev/null || true
    wait $pid 2>/dev/null || status=$?
}

@test "a run that is killed again and again is continued by other workers and backends" {
    slow_function
    local continued
    end_by KILL "${slow[@]}" -b threads -j 3 --checkpoint c
    end_by KILL "${slow[@]}" -b processes -j 2 --checkpoint c
    end_by KILL "${slow[@]}" -b serial --checkpoint c
    "$NFOLD" "${slow[@]}" -j 8 --checkpoint c --json >answer
    cat answer
    grep -qF "$slow_hash" answer
    continued=$(grep -o '"items_continued": [0-9]*' answer | tr -dc 0-9)
    ((continued > 0))
}

@test "a stop says how to go on, and the same command does" {
    slow_function
    end_by TERM "${slow[@]}" -j 1 --checkpoint c
    cat err
    ((status == 128 + 15))
    grep -q 'stopped by SIGTERM at .* items in .*; the same command continues from c$' err
    [ "$(hash_of "${slow[@]}" -j 8 --checkpoint c)" = "$slow_hash" ]
}

@test "two runs on one file: the second is refused and the first goes on" {
    slow_function
    "$NFOLD" "${slow[@]}" -j 1 --checkpoint c --json >first 3>&- &
    local pid=$!
    while [ ! -s c ]; do sleep 0.01; done
    run -2 "$NFOLD" "${slow[@]}" -j 2 --checkpoint c
    echo "$output"
    [[ $output == *"the checkpoint c is in use by another run (process $pid on "* ]]
    wait $pid
    grep -qF "$slow_hash" first
}

@test "a function that changes is another one, with all that it includes" {
    echo 'double f(double x) { return K * x; }' >f.c
    "$NFOLD" integrate f.c:f 0 1 1e4 --cflags -DK=2 --checkpoint c
    run -2 "$NFOLD" integrate f.c:f 0 1 1e4 --cflags -DK=3 --checkpoint c
    [[ $output == *"'f.c:f' is another function by now"* ]]
    echo '#include "k.h"' | cat - f.c >g.c
    echo '#define K 2' >k.h
    "$NFOLD" integrate g.c:f 0 1 1e4 --checkpoint d
    echo '#define K 2 /* no change */' >k.h
    "$NFOLD" integrate g.c:f 0 1 1e4 --checkpoint d
    echo '#define K 3' >k.h
    run -2 "$NFOLD" integrate g.c:f 0 1 1e4 --checkpoint d
    [[ $output == *"'g.c:f' is another function by now"* ]]
    cc -shared -fPIC -DK=2 -o lib.so f.c
    "$NFOLD" integrate ./lib.so:f 0 1 1e4 --checkpoint e
    "$NFOLD" integrate ./lib.so:f 0 1 1e4 --checkpoint e -b processes
    cc -shared -fPIC -DK=3 -o lib.so f.c
    run -2 "$NFOLD" integrate ./lib.so:f 0 1 1e4 --checkpoint e
    [[ $output == *"'./lib.so:f' is another function by now"* ]]
}

@test "damage is refused with advice that helps" {
    slow_function
    end_by KILL "${slow[@]}" -j 2 --checkpoint c
    cp c good
    printf 'ten bytes.' | dd of=c bs=1 seek=$(($(stat -c %s c) - 100)) conv=notrunc status=none
    cp c damaged
    run -2 "$NFOLD" "${slow[@]}" -j 8 --checkpoint c
    echo "$output"
    [[ $output == *"the checkpoint c is damaged at byte "*"; it is left as it is"* ]]
    cmp damaged c
    [[ $output == *'delete it to begin anew'* || $output == *'`head -c '*' c >NEW` makes a good one'* ]]
    rm c
    cp good c
    [ "$(hash_of "${slow[@]}" -j 8 --checkpoint c)" = "$slow_hash" ]
}

# The one page that the file has on this disk is left with less room than a record needs: each run
# that ends before it computes anything adds its name.
nearly_fill() {
    while (($(stat -c %s "$1" 2>/dev/null || echo 0) < 3940)); do
        "$NFOLD" integrate x 0 1 1e6 --checkpoint "$1" --native on --cc /bin/false 2>/dev/null &&
            return 1
    done
}

@test "a disk that is full before the start is refused, and later ends no run" {
    local expected
    expected=$(hash_of integrate x 0 1 1e6)
    mkdir full
    mount -t tmpfs -o size=16k tmpfs full 2>/dev/null || skip "no file system can be mounted here"
    {
        nearly_fill full/c
        dd if=/dev/zero of=full/rest bs=1k status=none || true
        "$NFOLD" integrate x 0 1 1e6 --checkpoint full/new && echo "not refused"
        "$NFOLD" integrate x 0 1 1e6 --checkpoint full/c --json >answer
        rm full/rest
        "$NFOLD" integrate x 0 1 1e6 --checkpoint full/c --json >again
        "$NFOLD" integrate x 0 1 1e6 --checkpoint full/c --report
    } >said 2>&1 || true
    umount full
    cat said answer
    grep -q 'cannot write the checkpoint full/new: No space left on device' said
    grep -q 'the checkpoint full/c could not be written to the end: No space left on device; the' said
    grep -q '"failure": "No space left on device"' answer
    grep -qF "$expected" answer
    grep -qF "$expected" again
    grep -q '^checkpoint all of it is from full/c$' said
}

@test "a file that may not grow is said at once, and the run goes on" {
    slow_function
    cc -shared -fPIC -o slow.so slow.c
    # Room for the beginning (about 210 bytes), and for no record of fragments.
    prlimit --fsize=310 "$NFOLD" integrate ./slow.so:slow 0 1 2000 -j 6 --checkpoint c --json \
        2>&1 | cat >answer
    cat answer
    grep -q 'the checkpoint c cannot be written: File too large; the run goes on and tries again' answer
    grep -q 'the checkpoint c could not be written to the end: File too large; the answer' answer
    grep -qF "$slow_hash" answer
    grep -q '"writes": 0' answer
    # What is there is whole.
    [ "$(hash_of integrate ./slow.so:slow 0 1 2000 -j 8 --checkpoint c)" = "$slow_hash" ]
}

@test "where a file system has no locks the run says so, and stops writing when others do" {
    slow_function
    cat >no_locks.c <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
int fcntl(int fd, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (command == F_OFD_SETLK) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}
int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
END
    cc -shared -fPIC -o no_locks.so no_locks.c
    ! ldd "$NFOLD" | grep -q 'asan\|tsan\|ubsan' || skip "a sanitizer wants to be loaded first"
    LD_PRELOAD=$PWD/no_locks.so "$NFOLD" "${slow[@]}" -j 1 --checkpoint c --json >first 2>said 3>&- &
    local pid=$!
    timeout 200 bash -c 'until [ -s c ]; do sleep 0.01; done'
    LD_PRELOAD=$PWD/no_locks.so "$NFOLD" "${slow[@]}" -j 7 --checkpoint c --json >second
    wait $pid
    cat first second said
    grep -q "file system has no locks: do not run this twice at once" second
    grep -q 'the checkpoint c .* be written.*: something else has changed it' said
    grep -qF "$slow_hash" first
    grep -qF "$slow_hash" second
    # What both have left is right.
    [ "$(hash_of "${slow[@]}" -j 8 --checkpoint c)" = "$slow_hash" ]
}

@test "no instant is a bad one to be killed at" {
    slow_function
    local k
    for k in {1..12}; do
        "$NFOLD" "${slow[@]}" -j 3 --checkpoint c >out 2>err 3>&- &
        sleep 0.$((RANDOM % 5))$((RANDOM % 10))
        kill -KILL $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        ! grep damaged err
    done
    [ "$(hash_of "${slow[@]}" -j 8 --checkpoint c)" = "$slow_hash" ]
}

@test "a folder that may not be written to is refused before work starts" {
    mkdir closed
    chmod a-w closed
    local as=()
    if ((EUID == 0)); then
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        "${as[@]}" "$NFOLD" --version >/dev/null 2>&1 || skip "no other user can run the command here"
    fi
    run -3 "${as[@]}" "$NFOLD" integrate x 0 1 1e12 --checkpoint closed/c
    echo "$output"
    [[ $output == *"cannot write the checkpoint closed/c: Permission denied"* ]]
}
