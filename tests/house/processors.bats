#!/usr/bin/env bats
# Processors that this machine is not, played by QEMU: without FMA and AVX2, and of another kind.
# The bits are the same.

bats_require_minimum_version 1.5.0
load house

setup_file() {
    command -v qemu-x86_64 >/dev/null || skip "no qemu-x86_64 on this machine (qemu-user)"
    export NFOLD=$NFOLD_BUILD_ROOT/src/cli/nfold
}

EXPRESSIONS=('x*x' 'sin(x)*exp(-x)+x^3' '(x+1)^0.3*log(x+1)' 'tan(x)/cosh(x)' 'x%0.37+cbrt(x)'
    'atan2(x,2)*asin(x/10)' 'expm1(x/10)*log1p(x)+hypot(x,1)' 'fma(x,x,-1)*sinh(x/10)'
    'sin(1e300*x)+log2(x+1)')

# hashes WORDS...: the hash of each expression as the command so begun finds it.
hashes() {
    local expression
    for expression in "${EXPRESSIONS[@]}"; do
        "$@" integrate "$expression" 0 10 20000 -b serial --report 2>&1 >/dev/null |
            grep -o 'hash [0-9a-f]*'
    done
}

@test "an x86-64 processor without FMA and AVX2 gives the same bits" {
    [ "$(uname -m)" = x86_64 ] || skip "this machine is no x86-64"
    own=$(hashes "$NFOLD")
    [ "$(wc -l <<<"$own")" -eq "${#EXPRESSIONS[@]}" ]
    [ "$(hashes qemu-x86_64 -cpu Nehalem "$NFOLD")" = "$own" ]
    run qemu-x86_64 -cpu Nehalem "$NFOLD" info
    [[ "$output" == *"no avx2 here"* ]]
}

@test "its native code gives the same bits, too" {
    [ "$(uname -m)" = x86_64 ] || skip "this machine is no x86-64"
    for e in 'x*x' 'sin(x)*exp(-x)'; do
        own=$("$NFOLD" integrate "$e" 0 10 3e6 -b serial --native off)
        run --separate-stderr qemu-x86_64 -cpu Nehalem "$NFOLD" integrate "$e" 0 10 3e6 -b serial \
            --native on --report
        [ "$output" = "$own" ]
        [[ "$stderr" == *"native (scalar"* ]]
    done
}

@test "an aarch64 processor gives the same bits" {
    command -v aarch64-linux-gnu-gcc >/dev/null || skip "no compiler for aarch64 on this machine"
    command -v qemu-aarch64 >/dev/null || skip "no qemu-aarch64 on this machine"
    cd "$BATS_TEST_TMPDIR"
    cat >aarch64.ini <<'END'
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
    "$NFOLD_SOURCE_ROOT/tools/meson" setup --cross-file aarch64.ini -Dtests=disabled built \
        "$NFOLD_SOURCE_ROOT" >log || { cat log; false; }
    "$NFOLD_SOURCE_ROOT/tools/meson" compile -C built >log || { cat log; false; }
    own=$(hashes "$NFOLD")
    [ "$(hashes qemu-aarch64 -L /usr/aarch64-linux-gnu built/src/cli/nfold)" = "$own" ]
    run qemu-aarch64 -L /usr/aarch64-linux-gnu built/src/cli/nfold tasks -k 'echo {}' ::: 1 2 3
    [ "$output" = $'1\n2\n3' ]
}
