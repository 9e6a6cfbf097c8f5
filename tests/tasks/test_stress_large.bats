#!/usr/bin/env bats
# The larger of the stress tests of parallel_alternatives(7), "TESTING OTHER TOOLS": gigabytes of
# output, a disk that is full.

load running

setup() {
    setup_run
}

# needs_free KIB: of the disk that the test writes to
needs_free() {
    (($(df --output=avail -k . | tail -n 1) > $1)) || skip "needs $(($1 / 1048576)) GB of free disk"
}

# Its arguments as a command; prints the largest memory, in KiB, of any process of it.
largest_memory() {
    python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

small_disk() {
    mkdir disk
    mount -t tmpfs -o size="$1" tmpfs disk 2>/dev/null || skip "may not mount a small disk"
}

teardown() {
    end_run
    umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true
}

@test "RAM: much more output than nfold takes memory, in any order" {
    needs_free 4000000
    # The first one ends last, so that with -k all the others wait on disk.
    read -r status kib < <(largest_memory "$NFOLD" tasks -k -j 4 \
        'head -c 600M /dev/zero; [ {} = 1 ] || : >on-{}; [ {} != 1 ] ||
            until [ -e on-2 ] && [ -e on-3 ] && [ -e on-4 ]; do sleep 0.1; done' ::: 1 2 3 4)
    echo "exit $status, $kib KiB"
    ((status == 0 && kib < 24 * 1024))
}

@test "DISKFULL: output that could not be kept is never passed off as whole" {
    small_disk 4m
    status_of_tasks=0
    "$NFOLD" tasks --run-dir disk/other -k -j 2 'head -c 10000000 /dev/zero | tr "\0" {}; echo end {}' \
        ::: a b c >out 2>err || status_of_tasks=$?
    cat err
    echo "exit $status_of_tasks, $(wc -c <out) bytes"
    # Either all of it is there, or the exit and a sentence say that it is not.
    if ((status_of_tasks == 0)); then
        [[ $(wc -c <out) == $((3 * 10000006)) ]]
    else
        grep -q "disk\|space" err
    fi
}

@test "NUMWORDS: thirty tasks of many words" {
    needs_free 2000000
    cat >words <<'EOT'
#!/bin/sh
yes "$(seq 1000 | xargs)" | head -c 10000000
EOT
    chmod +x words
    [[ $(seq 30 | tasks -j 0 ./words | wc -c) == 300000000 ]]
}

@test "MIX: thirty tasks of nine megabytes a stream" {
    needs_free 2000000
    cat >letters <<'EOT'
#!/bin/sh
for letter in a c e; do
    head -c 3000000 /dev/zero | tr '\0' $letter
    head -c 3000000 /dev/zero | tr '\0' $(echo $letter | tr ace bdf) >&2
done
echo; echo >&2
EOT
    chmod +x letters
    seq 30 | tasks -j 0 ./letters > >(tr -s abcdef >out; : >out.done) 2> >(tr -s abcdef >err; : >err.done)
    until_true test -e out.done -a -e err.done
    [[ $(sort out | uniq -c | xargs) == "30 ace" && $(sort err | uniq -c | xargs) == "30 bdf" ]]
}

@test "4GB: one line of more than four gigabytes" {
    needs_free 12000000
    read -r lines words bytes < <(tasks 'head -c 4400M /dev/zero | tr "\0" a #' ::: 1 | LC_ALL=C wc)
    echo "$lines $words $bytes"
    [[ "$lines $words $bytes" == "0 1 $((4400 * 1048576))" ]]
}
