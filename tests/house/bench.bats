#!/usr/bin/env bats
# The benchmarks run. Their figures are made of few items here and mean nothing.

setup() {
    BENCH=$NFOLD_SOURCE_ROOT/bench/run.py
}

# Claims that need no package; a peer that is missing is left out.
@test "the benchmarks run and print figures" {
    local claims=integral,expression,command,vm,memory,tasks
    [ "$(nproc)" -lt 2 ] || claims+=,workers,fork_join
    run /usr/bin/python3 "$BENCH" --quick --rounds 1 --only "$claims" --build "$NFOLD_BUILD_ROOT"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"| x*x, faster than gcc loop"* ]]
    [[ "$output" == *"| nfold --version |"* ]]
    [[ "$output" == *"| tasks: memory, 100000 tasks, not started |"* ]]
    [[ "$output" != *DIFFERENT* ]]
}

@test "the benchmarks of MPI run" {
    command -v mpicc.openmpi mpirun.mpich >/dev/null || skip "Open MPI and MPICH are not both here"
    [ -e "$NFOLD_BUILD_ROOT/src/backends/mpi/nfold-mpi-mpich.so" ] || skip "built without MPI"
    [ "$(nproc)" -ge 2 ] || skip "two processors are needed"
    run /usr/bin/python3 "$BENCH" --quick --rounds 1 --only mpi --build "$NFOLD_BUILD_ROOT"
    echo "$output"
    [[ "$output" == *"| MPICH: parallel part, over plain C MPI, same kernel |"* ]]
    [[ "$output" == *"| mpi: a static rank's fragment, "*"| yes |"* ]]
}

@test "an unknown claim is refused, and figures of a few items are never kept" {
    run /usr/bin/python3 "$BENCH" --only nonsense
    [ "$status" -eq 2 ]
    run /usr/bin/python3 "$BENCH" --quick --write
    [ "$status" -eq 2 ]
}
