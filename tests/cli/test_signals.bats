#!/usr/bin/env bats
# A run that is stopped says how far it came and ends by the signal; a crash names the items.

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    cd "$BATS_TEST_TMPDIR"
    long=(integrate 'sin(x)*x' 0 100 1e13)
}

interrupt() {
    python3 "$BATS_TEST_DIRNAME/interrupt.py" "$@"
}

# A compiler that nobody waits for; its process is named in the file "compiler".
slow_compiler() {
    printf '#!/bin/sh\necho $$ >%s/compiler\nsleep 600\n' "$PWD" >slow-cc
    chmod +x slow-cc
}

# A process that has ended may not have been collected yet.
has_ended() {
    [[ -n $1 && (! -r /proc/$1/stat || $(<"/proc/$1/stat") == *') Z '*) ]]
}

@test "Ctrl-C stops, says how far it came, ends by the signal" {
    run interrupt 0.7 SIGINT "$NFOLD" "${long[@]}"
    echo "$output"
    [[ $output == *"nfold integrate: stopped by SIGINT at 0 %: "*" of 10 T items in "* ]]
    [[ $output == *"signal SIGINT"* ]]
}

@test "SIGTERM too" {
    run interrupt 0.5 SIGTERM "$NFOLD" "${long[@]}" -j 1
    [[ $output == *"stopped by SIGTERM"* && $output == *"signal SIGTERM"* ]]
}

@test "a second Ctrl-C ends a function that does not return" {
    if grep -q __tsan_init "$NFOLD"; then
        skip "the thread sanitizer keeps signals until the function returns"
    fi
    cat >hang.c <<'END'
#include <unistd.h>
double f(double x)
{
    if (write(2, "in f\n", 5) == 5)
        for (;;)
            __asm__ volatile("" : "+x"(x));
    return x;
}
END
    run interrupt 0 "until:in f,SIGINT,SIGTERM,SIGINT" "$NFOLD" integrate hang.c:f 0 1 100 -j 1
    echo "$output"
    [[ $output == *"signal SIGINT"* || $output == *"signal SIGTERM"* ]]
    # One alone says what it waits for.
    run interrupt 0 "until:in f,SIGINT,until:second signal,SIGTERM" "$NFOLD" integrate hang.c:f 0 1 100 -j 1
    echo "$output"
    [[ $output == *"nfold: SIGINT: waiting for the items at work; 0 of 101 are done; "* ]]
    [[ $output == *"signal SIGTERM"* ]]
}

@test "a stopped comparison ends by the signal" {
    run interrupt 0.5 SIGINT "$NFOLD" compare "${long[@]}"
    [[ $output == *"signal SIGINT"* ]]
}

@test "ignored signals stay ignored" {
    run bash -c 'trap "" INT; exec "$@"' _ "$NFOLD" integrate x 0 1 1000
    [[ $status == 0 && $output == 0.5 ]]
}

@test "a function that crashes is named with its items" {
    echo 'double f(double x) { return x > 2 && x < 3 ? *(volatile double *)8 : x; }' >crash.c
    for workers in 1 2; do
        run "$NFOLD" integrate crash.c:f 0 4 100000 -b threads -j $workers
        echo "$output"
        ((status == 128 + 11))
        [[ $output == *"crashed: SIGSEGV"*"in crash.c:f, on items "*" of chunk"*", worker "* ]]
        [[ $output =~ items\ ([0-9]+)\ to\ ([0-9]+) ]]
        ((BASH_REMATCH[1] <= 75000 && BASH_REMATCH[2] >= 50000))
    done
    run "$NFOLD" integrate crash.c:f 0 2.5 1000 -j 1
    [[ $output == *"on the ends, items 0 and 1000, worker "* ]]
}

@test "a signal of a crash has the same words whoever sees it" {
    local name words
    while read -r name words; do
        echo "#include <signal.h>
              double f(double x) { if (x == 0.5) raise($name); return x; }" >f.c
        run "$NFOLD" integrate f.c:f 0 1 1000 -b threads -j 2
        echo "$output"
        [[ $status == $((128 + $(kill -l "$name"))) && $output == *"crashed: $name, $words"* ]]
        run "$NFOLD" integrate f.c:f 0 1 1000 -b processes -j 2
        echo "$output"
        [[ $status == 1 && $output == *"killed by $name, $words"*"item 500 of 1001"* ]]
    done <<<"SIGABRT a call of abort
SIGTRAP a breakpoint
SIGSYS a system call that is not allowed"
}

@test "workers that crash or exit at the same time do not silence each other" {
    cat >together.c <<'END'
#include <stdatomic.h>
#include <stdlib.h>
#include <sched.h>
static atomic_int waiting;
static void wait_for_others(void)
{
    atomic_fetch_add(&waiting, 1);
    for (int i = 0; i < 100000 && atomic_load(&waiting) < 4; i++)
        sched_yield();
}
double f(double x)
{
    wait_for_others();
    return *(volatile double *)8 + x;
}
double leave(double x)
{
    wait_for_others();
    exit(x < 0);
}
END
    cc -shared -fPIC -O1 -o libtogether.so together.c
    for _ in {1..30}; do
        run "$NFOLD" reduce sum ./libtogether.so:f 1e6 -j 4
        ((status == 128 + 11))
        [[ $output == *"crashed: SIGSEGV"*"worker "[0-3]* ]]
        run "$NFOLD" reduce sum ./libtogether.so:leave 1e6 -j 4
        ((status == 2))
        [[ $output == *"exit was called"*"worker "[0-3]* ]]
    done
}

@test "a stack that overflows is named, in the first thread and in others" {
    cat >deep.c <<'END'
#include <unistd.h>
#include <sys/syscall.h>
static double dig(double x, long left)
{
    volatile char room[4096] = {0};
    room[left % 4096] = 1;
    return left > 0 ? dig(x, left - 1) + room[0] : x;
}
double f(double x) { return (syscall(SYS_gettid) == getpid()) == IN_FIRST ? dig(x, 1L << 30) : x; }
END
    for first in 0 1; do
        run "$NFOLD" integrate deep.c:f 0 1 1e8 -j 2 -b threads --cflags "-D_GNU_SOURCE -DIN_FIRST=$first"
        echo "$output"
        ((status == 128 + 11))
        [[ $output == *"crashed: SIGSEGV"*"worker $((1 - first))"* ]]
    done
}

@test "a function that ends the process or its thread is no success" {
    cat >leave.c <<'END'
#include <stdlib.h>
#include <pthread.h>
double leave(double x) { if (x > 0.5) exit(0); return x; }
double leave_with_7(double x) { if (x > 0.5) exit(7); return x; }
double end(double x) { if (x > 0.5) pthread_exit(0); return x; }
END
    for function in leave leave_with_7 end; do
        for command in integrate "compare integrate"; do
            for workers in 1 2; do
                run timeout 200 "$NFOLD" $command leave.c:$function 0 1 1000000 -j $workers
                echo "$output"
                ((status == 2))
                [[ $output == *"exit was called: there is no answer"* ]]
                [[ $output == *"in leave.c:$function, on "*"item"*", worker "* ]]
            done
        done
    done
}

@test "nothing stays behind after a stop" {
    mkdir empty
    TMPDIR=$PWD/empty run interrupt 0.5 SIGINT "$NFOLD" "${long[@]}"
    [[ $output == *"signal SIGINT"* && -z $(ls -A empty) ]]
}

@test "a stop while native code is waited for kills the compiler and is no time travel" {
    mkdir empty
    slow_compiler
    TMPDIR=$PWD/empty run interrupt 0 file:compiler,SIGINT "$NFOLD" integrate x 0 1 1e9 --native on --cc ./slow-cc
    echo "$output"
    [[ $output == *"at 0 %: 0 of 1 G items in "*"signal SIGINT"* && $output != *"in -"* ]]
    has_ended "$(cat compiler)"
    [[ -z $(ls -A empty) ]]
}

@test "nothing stays behind after a stop while a function is compiled" {
    mkdir empty
    echo 'double f(double x) { return x; }' >f.c
    slow_compiler
    TMPDIR=$PWD/empty run interrupt 0 file:compiler,SIGINT "$NFOLD" integrate f.c:f 0 1 1000 --cc ./slow-cc
    echo "$output"
    [[ $output == *"stopped by SIGINT before the run"*"signal SIGINT"* && -z $(ls -A empty) ]]
    has_ended "$(cat compiler)"
}

@test "two signals at once leave neither a compiler nor its files" {
    mkdir empty
    echo 'double f(double x) { for (int i = 0; i < 99; i++) x += 1e-9 * x; return x; }' >f.c
    slow_compiler
    # A function that is compiled, and an expression that is compiled beside its run.
    for operand in f.c:f 'sin(x)*x'; do
        rm -f compiler
        TMPDIR=$PWD/empty run interrupt 0 file:compiler,SIGINT,SIGTERM,SIGINT \
            "$NFOLD" integrate "$operand" 0 1 1e12 --cc ./slow-cc
        echo "$output"
        [[ $output == *"signal SIGINT"* || $output == *"signal SIGTERM"* ]]
        [[ -z $(ls -A empty) ]]
        has_ended "$(cat compiler)"
    done
}
