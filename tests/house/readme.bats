#!/usr/bin/env bats
# The README's commands do what it says: its sh blocks run as written, from a fresh copy of the
# source with a fresh home; its console blocks print what they show.

load house

setup_file() {
    copy_source "$BATS_FILE_TMPDIR/source"
    mkdir "$BATS_FILE_TMPDIR/home"
}

# The text of the README's blocks of one kind: blocks KIND
blocks() {
    awk -v kind="\`\`\`$1" '$0 == "```" { inside = 0 } inside { print } $0 == kind { inside = 1 }' \
        "$NFOLD_SOURCE_ROOT/README.md"
}

in_fresh_home() {
    cd "$BATS_FILE_TMPDIR/source"
    HOME=$BATS_FILE_TMPDIR/home PATH=$BATS_FILE_TMPDIR/home/.local/bin:$PATH "$@" </dev/null
}

@test "the commands of the README run as written" {
    # `make test` is what runs this test, and `make bench` is for quiet machines.
    blocks sh | grep -vE '^make (test|test-all|bench)( |$)' >"$BATS_TEST_TMPDIR/commands"
    [ -s "$BATS_TEST_TMPDIR/commands" ]
    run in_fresh_home bash -e -x "$BATS_TEST_TMPDIR/commands"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "the README's screens are what the commands print" {
    # Times, rates, hashes and what depends on the machine are shown as they came out once; numbers
    # are compared on the lines of stdout only.
    blocks console >"$BATS_TEST_TMPDIR/screens"
    [ -s "$BATS_TEST_TMPDIR/screens" ]
    run in_fresh_home /usr/bin/python3 "$NFOLD_SOURCE_ROOT/tests/house/screens.py" \
        "$BATS_TEST_TMPDIR/screens"
    echo "$output"
    [ "$status" -eq 0 ]
}
