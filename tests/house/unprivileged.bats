#!/usr/bin/env bats
# A cluster: no root, no Meson, no Ninja, no test libraries, no pkg-config; a C compiler and Python.

load house

NOBODY=65534

setup_file() {
    [ "$(id -u)" -eq 0 ] || skip "only root can become another user here"
    command -v setpriv >/dev/null || skip "no setpriv on this machine"
    /usr/bin/python3 -c 'import ensurepip, venv' || skip "python3-venv is not installed"
    local place=$BATS_FILE_TMPDIR
    /usr/bin/python3 "$NFOLD_SOURCE_ROOT/tests/house/make_wheels.py" "$place/wheels" ||
        skip "the distribution's Meson and Ninja are not installed"
    copy_source "$place/source"
    commands_without "$place/bin" meson ninja ninja-build pkg-config cmake bats clang mandoc \
        sudo apt-get
    mkdir "$place/home"
    chown -R "$NOBODY:$NOBODY" "$place"
    # The folders above belong to the test runner and are closed to others.
    local above=$place
    while [ "$above" != / ] && [ "$above" != /tmp ]; do
        chmod a+x "$above"
        above=$(dirname "$above")
    done
}

# Runs words in the copy as a user without rights, who can reach no package index.
as_nobody() {
    cd "$BATS_FILE_TMPDIR/source"
    setpriv --reuid="$NOBODY" --regid="$NOBODY" --clear-groups --inh-caps=-all --no-new-privs \
        env -i HOME="$BATS_FILE_TMPDIR/home" PATH="$BATS_FILE_TMPDIR/bin" \
        PIP_NO_INDEX=1 PIP_FIND_LINKS="$BATS_FILE_TMPDIR/wheels" "$@" </dev/null
}

@test "make PREFIX=~/.local install works for a user with only cc and python3" {
    run as_nobody bash -c 'make PREFIX=~/.local install'
    echo "$output"
    [ "$status" -eq 0 ]
    [ -x "$BATS_FILE_TMPDIR/source/.venv/bin/meson" ]
    run as_nobody bash -c "~/.local/bin/nfold integrate 'x*x' 0 100 1e8"
    [ "$output" = 333333.3333333334 ]
}

@test "a second make install has nothing to build" {
    run as_nobody bash -c 'make PREFIX=~/.local install'
    [ "$status" -eq 0 ]
    [[ "$output" == *"no work to do"* ]]
}
