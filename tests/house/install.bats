#!/usr/bin/env bats
# What `make install` leaves: a tree that can be moved, headers that stand alone, a library that
# shows its promised names only, examples that build against it.

load house

setup_file() {
    install_tree "$BATS_FILE_TMPDIR/first"
    mv "$tree" "$BATS_FILE_TMPDIR/moved"
    export TREE=$BATS_FILE_TMPDIR/moved
    export PKG_CONFIG_PATH=$TREE/lib/pkgconfig
}

# Compiles against the installed library: build_with_library SOURCE PROGRAM
build_with_library() {
    # shellcheck disable=SC2046 # flags are words
    cc -std=c11 -Wall -Wextra -Werror "$1" $(pkg-config --cflags --libs nfold) -o "$2"
}

need_pkg_config() {
    command -v pkg-config >/dev/null || skip "no pkg-config on this machine"
}

@test "the moved command gives the main job's answer" {
    run "$TREE/bin/nfold" integrate 'x*x' 0 100 1e8
    [ "$status" -eq 0 ]
    [ "$output" = 333333.3333333334 ]
}

@test "command, library, header, pkg-config file and news have one version" {
    local header=$TREE/include/nfold/nfold.h version promised
    version=$("$TREE/bin/nfold" --version | sed 's/^nfold //')
    promised=$(awk '/define NFOLD_VERSION_[MP]/ { print $3 }' "$header" | paste -sd.)
    [ "$version" = "$promised" ]
    grep -q "^Version: $version$" "$TREE/lib/pkgconfig/nfold.pc"
    grep -q "^## $version" "$NFOLD_SOURCE_ROOT/NEWS.md"
}

@test "nothing installed names the build folder" {
    run grep -rlaF "$NFOLD_BUILD_ROOT/" "$TREE" --include='*.pc' --include='*.h' --include=nfold
    [ "$output" = "" ]
    run readelf -d "$TREE/bin/nfold" "$TREE/lib/libnfold.so"
    [ "$status" -eq 0 ]
    [[ "$output" != *"$NFOLD_BUILD_ROOT"* ]]
}

@test "the shared library exports exactly what the headers promise" {
    local promised exported
    promised=$(cat "$TREE"/include/nfold/*.h | grep '^NFOLD_API ' | grep -o '\bnfold_[a-z_]*(' |
        tr -d '(' | sort -u)
    exported=$(nm -D --defined-only "$TREE/lib/libnfold.so" | awk '{ print $3 }' | sed 's/@.*//' |
        sort -u)
    [ -n "$promised" ]
    diff <(echo "$promised") <(echo "$exported")
}

@test "each header compiles alone as C11 and as C++17" {
    local header include
    local flags=(-pedantic-errors -Wall -Wextra -Werror -I"$TREE/include" -fsyntax-only)
    command -v c++ >/dev/null || skip "no C++ compiler on this machine"
    for header in "$TREE"/include/nfold/*.h; do
        include="#include <nfold/$(basename "$header")>"
        echo "$include"
        cc -std=c11 "${flags[@]}" -x c - <<<"$include"
        c++ -std=c++17 "${flags[@]}" -x c++ - <<<"$include"
    done
}

@test "a program compiled with -ffast-math is refused" {
    run cc -ffast-math -I"$TREE/include" -fsyntax-only -x c - <<<'#include <nfold/nfold.h>'
    [ "$status" -ne 0 ]
    [[ "$output" == *"IEEE arithmetic"* ]]
}

@test "the program on the first page of nfold.h works" {
    need_pkg_config
    local source=$BATS_TEST_TMPDIR/first.c
    sed -n '/^ \*     #include <nfold/,/^ \*     }$/s/^ \*     //p' \
        "$TREE/include/nfold/nfold.h" >"$source"
    build_with_library "$source" "$BATS_TEST_TMPDIR/first"
    run "$BATS_TEST_TMPDIR/first"
    [ "$output" = 333333.33333333337 ]
}

@test "pkg-config names the moved tree" {
    need_pkg_config
    [ "$(realpath "$(pkg-config --variable=prefix nfold)")" = "$(realpath "$TREE")" ]
}

@test "examples/one_call.c works against the installed library" {
    need_pkg_config
    build_with_library "$NFOLD_SOURCE_ROOT/examples/one_call.c" "$BATS_TEST_TMPDIR/one_call"
    run "$BATS_TEST_TMPDIR/one_call"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "the integral of x*x from 0 to 100: 333333.33333333337" ]
    [[ "${lines[1]}" == *": 1.6449340568482"* ]]
    [ "${lines[2]}" = "the last square: 999998000001" ]
}

@test "examples/contexts.c gives the same bits with 1, 2 and 4 workers" {
    need_pkg_config
    build_with_library "$NFOLD_SOURCE_ROOT/examples/contexts.c" "$BATS_TEST_TMPDIR/contexts"
    run "$BATS_TEST_TMPDIR/contexts"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
    [[ "${lines[0]}" == "1 workers: 1.10714871779"* ]]
    [ "$(printf '%s\n' "${lines[@]}" | awk '{ print $3 }' | sort -u | wc -l)" -eq 1 ]
}

@test "examples/processes.c loses nothing with a worker" {
    need_pkg_config
    build_with_library "$NFOLD_SOURCE_ROOT/examples/processes.c" "$BATS_TEST_TMPDIR/processes"
    run "$BATS_TEST_TMPDIR/processes"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "the last one: 9.9999999999999995e-07" ]
    [[ "${lines[1]}" == "1 worker died and its range was run again"* ]]
}

# The MPIs that this build has modules for and this machine compilers and launchers.
installed_mpis() {
    local name
    for name in openmpi mpich; do
        [ -e "$TREE/lib/nfold/nfold-mpi-$name.so" ] && command -v "mpicc.$name" >/dev/null &&
            command -v "mpirun.$name" >/dev/null && echo $name
    done
    return 0
}

@test "ranks are started by the moved command, with the modules beside it" {
    [ -n "$(installed_mpis)" ] || skip "no MPI on this machine"
    local name
    for name in $(installed_mpis); do
        run timeout 300 env XDG_DATA_HOME="$BATS_TEST_TMPDIR" \
            "$TREE/bin/nfold" integrate 'x*x' 0 100 1e8 -b mpi -j 2 --mpi $name
        echo "$output"
        [ "$status" -eq 0 ]
        [ "$output" = 333333.3333333334 ]
    done
}

@test "examples/ranks.c gives every rank the answer" {
    need_pkg_config
    [ -n "$(installed_mpis)" ] || skip "no MPI on this machine"
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1
    local name
    for name in $(installed_mpis); do
        mpicc.$name "$NFOLD_SOURCE_ROOT/examples/ranks.c" $(pkg-config --cflags --libs nfold) \
            -o "$BATS_TEST_TMPDIR/ranks"
        run timeout 300 mpirun.$name -n 3 "$BATS_TEST_TMPDIR/ranks"
        echo "$output"
        [ "$status" -eq 0 ]
        [ "$(grep -c '^rank [0-2] of 3 has 1.10714871779407' <<<"$output")" -eq 3 ]
    done
}

@test "a program with threads finds the command beside the library" {
    need_pkg_config
    build_with_library "$NFOLD_SOURCE_ROOT/tests/house/threaded.c" "$BATS_TEST_TMPDIR/threaded"
    run "$BATS_TEST_TMPDIR/threaded"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "333333.33333333337 processes 2" ]
}

@test "examples link with the static library too" {
    cc -std=c11 -I"$TREE/include" "$NFOLD_SOURCE_ROOT/examples/one_call.c" "$TREE/lib/libnfold.a" \
        -lm -ldl -lpthread -o "$BATS_TEST_TMPDIR/static"
    run "$BATS_TEST_TMPDIR/static"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "the integral of x*x from 0 to 100: 333333.33333333337" ]
}

@test "examples/gauss.c is a body of the installed command" {
    run "$TREE/bin/nfold" integrate "$NFOLD_SOURCE_ROOT/examples/gauss.c:f" -6 6 1e7
    [ "$status" -eq 0 ]
    [[ "$output" == 1.77245385090551* ]]
}

@test "every C file is compiled without contraction or fast mathematics" {
    run /usr/bin/python3 - "$NFOLD_BUILD_ROOT/compile_commands.json" <<'PYTHON'
import json, sys
commands = json.load(open(sys.argv[1]))
assert commands
unsafe = {"-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-ffp-contract=fast"}
for entry in commands:
    words = set(entry["command"].split())
    assert "-ffp-contract=off" in words and not unsafe & words, entry["file"]
PYTHON
    [ "$status" -eq 0 ] || { echo "$output"; false; }
}
