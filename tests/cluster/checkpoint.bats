#!/usr/bin/env bats
# --checkpoint with ranks of MPI: killed at any instant, continued by any number of any kind.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    begin_ranks
    write_slow_function
    job=(integrate slow.c:f 0 100 4e4)
}

teardown() {
    end_ranks
}

has_grown() { # has_grown SIZE: what is kept, by more than the name of who takes it
    (($(stat -c %s kept 2>/dev/null || echo 0) >= ($1 ? $1 + 200 : 600)))
}

# Ranks of one thread each, whose mpirun is killed some time after they have kept something more; what
# is kept is in `kept`.
kill_mpirun() { # kill_mpirun openmpi 3
    local size
    size=$(stat -c %s kept 2>/dev/null || echo 0)
    "$(mpi_command "$1" mpirun)" -n "$2" "$NFOLD" "${job[@]}" --threads 1 --checkpoint kept \
        >out 2>&1 </dev/null 3>&- &
    local launcher=$!
    wait_until has_grown "$size"
    sleep 0.$((RANDOM % 10))
    kill -KILL $launcher
    wait $launcher || true
    wait_until nothing_is_left
}

continue_with() { # continue_with HASH COMMAND...: from a copy of what is kept
    local serial=$1
    shift
    cp kept copy
    continued=$(hash_of "$@" --checkpoint copy)
    echo "$*: '$continued', not '$serial'"
    [[ $continued == "$serial" ]]
}

@test "mpirun killed at any instant: other ranks, another MPI and other backends give the same bits" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
    done
    serial=$(hash_of "$NFOLD" "${job[@]}" -b threads -j 64)
    rm -f kept
    for round in 1 2; do
        kill_mpirun openmpi $((2 + round))
        kill_mpirun mpich $((1 + round))
    done
    ls -l kept
    continue_with "$serial" ranks openmpi 4 "$NFOLD" "${job[@]}" --threads 8
    continue_with "$serial" ranks mpich 3 "$NFOLD" "${job[@]}" --threads 8
    continue_with "$serial" ranks mpich 2 "$NFOLD" "${job[@]}" --threads 8 --schedule dynamic
    continue_with "$serial" "$NFOLD" "${job[@]}" -b threads -j 32
    continue_with "$serial" "$NFOLD" "${job[@]}" -b processes -j 16
    # And all of it is done.
    ranks openmpi 2 "$NFOLD" "${job[@]}" --json --checkpoint copy >whole
    grep "\"hash\": \"$serial\"" whole
    grep '"items_continued": 40001' whole
}

@test "the file of another computation, or a damaged one, is refused once and kept" {
    job=(integrate 'sin(x)' 0 10 1e7)
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        rm -f kept
        ranks $implementation 3 "$NFOLD" "${job[@]}" --checkpoint kept
        cp kept before
        run ranks $implementation 2 "$NFOLD" integrate 'cos(x)' 0 10 1e7 --checkpoint kept
        echo "$output"
        [[ $status == 2 && $(grep -c 'kept is the checkpoint of another computation' <<<"$output") == 1 ]]
        cmp kept before
        # A byte in the middle, behind which there is more.
        printf '\xff' | dd of=kept bs=1 seek=$(($(stat -c %s kept) - 60)) conv=notrunc 2>/dev/null
        cp kept before
        run ranks $implementation 2 "$NFOLD" "${job[@]}" --checkpoint kept
        echo "$output"
        [[ $status == 2 && $(grep -c 'the checkpoint kept is damaged at byte' <<<"$output") == 1 ]]
        cmp kept before
    done
}
