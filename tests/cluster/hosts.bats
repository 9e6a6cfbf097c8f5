#!/usr/bin/env bats
# The ground that the other tests of this folder stand on: hosts, and MPI between them.

load hosts
load mpi
load slurm

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

teardown() {
    stop_slurm
    stop_hosts
}

# Each rank says where it is; then all hear of all others. Between hosts MPI_Finalize of Debian's MPICH
# waits for ever where one rank comes to it much later than another: so its status is not asked for.
write_hello() {
    cat >hello.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int rank, size, sum;
    char name[64];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    gethostname(name, sizeof name);
    printf("rank %d of %d on %s, sum %d\n", rank, size, name, sum);
    fflush(stdout);
    alarm(20);
    MPI_Finalize();
    return 0;
}
C
}

@test "hosts have names, addresses and shared memory of their own; nothing of them stays" {
    needs_hosts
    start_hosts 2
    [[ $(on_host h2 hostname) == h2 && $(on_head hostname) == head ]]
    on_host h1 sh -c 'echo secret >/dev/shm/nfold-test'
    on_host h2 test ! -e /dev/shm/nfold-test
    [[ $(on_host h2 getent ahostsv4 h1) == 10.78.0.1* && ! -e /dev/shm/nfold-test ]]
    [[ $(processes_on h2) == "" ]]
    on_host h2 sleep 1234 &
    until [[ -n $(processes_on h2 sleep) ]]; do sleep 0.05; done
    local sleeper
    sleeper=$(processes_on h2 sleep)
    stop_hosts
    wait || true
    [[ ! -e /proc/$sleeper ]]
}

@test "Open MPI: three hosts hear of each other" {
    needs_hosts
    needs_mpi openmpi
    write_hello
    compile_mpi openmpi hello.c hello
    start_hosts 3
    run ranks_on_hosts openmpi 2 h1,h2,h3 ./hello
    echo "$output"
    [[ $status == 0 && $output == *"rank 5 of 6 on h3, sum 15"* ]]
    [[ $output == *"rank 0 of 6 on h1"* ]]
}

@test "MPICH: two hosts hear of each other" {
    needs_hosts
    needs_mpi mpich
    write_hello
    compile_mpi mpich hello.c hello
    start_hosts 2
    run ranks_on_hosts mpich 1 h1,h2 ./hello
    echo "$output"
    [[ $output == *"rank 1 of 2 on h2, sum 1"* && $output == *"rank 0 of 2 on h1"* ]]
}

@test "a cut link is silent, a mended one goes on" {
    needs_hosts
    start_hosts 2
    # Not `ping`: not every machine has it.
    hear() { # hear SECONDS
        on_host h1 timeout "$1" bash -c 'exec 5<>/dev/tcp/h2/9' 2>&1 || true
    }
    is_heard() { [[ $(hear 5) == *refused* ]]; }
    wait_until is_heard
    cut_link h2
    [[ $(hear 1) != *refused* ]]
    restore_link h2
    wait_until is_heard
}

@test "Slurm on this machine: four tasks of two processors each" {
    needs_slurm
    start_slurm 2
    run slurm timeout 300 srun -n 4 -c 2 sh -c \
        'echo "$SLURM_PROCID of $SLURM_NTASKS, $SLURM_CPUS_PER_TASK each"'
    echo "$output"
    [[ $status == 0 && $output == *"3 of 4, 2 each"* ]]
}

@test "Slurm on virtual hosts starts Open MPI by pmix and MPICH by pmi2" {
    needs_hosts
    needs_slurm
    needs_mpi openmpi
    needs_mpi mpich
    write_hello
    compile_mpi openmpi hello.c hello-openmpi
    compile_mpi mpich hello.c hello-mpich
    start_slurm_on_hosts 2
    run slurm timeout 300 srun --mpi=pmix -N 2 -n 4 ./hello-openmpi
    echo "$output"
    [[ $status == 0 && $output == *"rank 3 of 4 on h2, sum 6"* ]]
    run slurm timeout 300 srun --mpi=pmi2 -N 2 -n 2 ./hello-mpich
    echo "$output"
    [[ $output == *"rank 1 of 2 on h2, sum 1"* ]]
}
