#!/usr/bin/env bats
# Ranks that a real Slurm starts: srun with pmix for Open MPI, with pmi2 for MPICH.

load hosts
load mpi
load slurm

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    forget_launchers
    needs_slurm
    cd "$BATS_TEST_TMPDIR" || exit
    job=(integrate 'sin(x)*exp(-x)' 0 10 1e6)
}

teardown() {
    stop_slurm
    stop_hosts
}

# Slurm's nodes here have eight processors; this machine, or the container that it is, may have one.
processors_allowed() {
    "$NFOLD" info --json | sed -n 's/^ *"allowed": \([0-9]*\),*$/\1/p'
}

mpirun_path() {
    command -v "$(mpi_command "$1" mpirun)"
}

way() { # way openmpi: how srun meets it
    case $1 in openmpi) echo --mpi=pmix ;; mpich) echo --mpi=pmi2 ;; esac
}

@test "srun -n 4 -c 2 on one node: four ranks of two threads, the bits of serial" {
    serial=$(hash_of "$NFOLD" "${job[@]}" -b serial)
    threads="2 threads"
    [[ $(processors_allowed) -gt 1 ]] || threads="1 thread"
    start_slurm 1
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run slurm timeout 300 srun "$(way $implementation)" -n 4 -c 2 "$NFOLD" "${job[@]}" --json
        echo "$output"
        [[ $status == 0 && $output == *"\"hash\": \"$serial\""* && $output == *'"workers": 4,'* ]]
        run slurm timeout 300 srun "$(way $implementation)" -n 4 -c 2 "$NFOLD" "${job[@]}" --report
        echo "$output"
        [[ $status == 0 && $output == *"4 ranks of $threads on 1 host"* ]]
    done
}

@test "srun on two nodes" {
    needs_hosts
    needs_module openmpi
    needs_module mpich
    serial=$(hash_of "$NFOLD" "${job[@]}" -b serial)
    start_slurm_on_hosts 2
    run slurm timeout 300 srun --mpi=pmix -N 2 -n 4 -c 2 "$NFOLD" "${job[@]}" --json
    echo "$output"
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* && $output == *'"hosts": 2,'* ]]
    run slurm timeout 300 srun --mpi=pmi2 -N 2 -n 2 "$NFOLD" "${job[@]}" --json
    echo "$output"
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* && $output == *'"hosts": 2,'* ]]
}

@test "srun without a way to meet is refused: which one to take" {
    needs_module openmpi
    start_slurm 1
    run slurm timeout 300 srun --mpi=none -n 2 "$NFOLD" "${job[@]}"
    echo "$output"
    [[ $status != 0 && $output == *"--mpi=pmix"*"--mpi=pmi2"* ]]
    [[ $output != *"$("$NFOLD" "${job[@]}" -b serial)"* ]]
}

@test "srun with the other MPI's way is named" {
    needs_module openmpi
    needs_module mpich
    start_slurm 1
    run slurm timeout 300 srun --mpi=pmi2 -n 2 "$NFOLD" "${job[@]}" --mpi openmpi
    echo "$output"
    [[ $status != 0 && $output == *"MPICH"* ]]
    run slurm timeout 300 srun --mpi=pmix -n 2 "$NFOLD" "${job[@]}" --mpi mpich
    echo "$output"
    [[ $status != 0 && $output == *"Open MPI"* ]]
}

@test "one task of srun is one command, and a batch script is no launcher" {
    needs_module openmpi
    start_slurm 1
    answer=$("$NFOLD" "${job[@]}" -b serial)
    run slurm timeout 300 srun -n 1 -c 2 "$NFOLD" "${job[@]}"
    [[ $status == 0 && $output == *"$answer"* ]]
    printf '#!/bin/sh\nexec "$@"\n' >script
    run slurm timeout 300 sbatch --wait -n 2 -o "$PWD/out" script "$NFOLD" "${job[@]}"
    echo "$output"
    cat out
    [[ $status == 0 && $(grep -c -F "$answer" out) == 1 ]]
}

@test "mpirun inside the tasks of srun is refused: a launch inside a launch" {
    needs_module openmpi
    start_slurm 1
    answer=$("$NFOLD" "${job[@]}" -b serial)
    # Left to itself this mpirun would wait for ever for srun to give it processors.
    run slurm timeout 300 srun -n 2 "$(mpirun_path openmpi)" --mca plm rsh --mca ras ^slurm -n 2 \
        "$NFOLD" "${job[@]}"
    echo "$output"
    [[ $status != 0 && $output == *srun*mpirun* && $output != *"$answer"* ]]
}

@test "-b mpi -j inside a step of srun starts nothing: srun is to be told the number" {
    needs_module openmpi
    start_slurm 1
    for count in 1 2; do
        run slurm timeout 300 srun --mpi=pmix -n $count "$NFOLD" "${job[@]}" -b mpi -j 4
        echo "$output"
        [[ $status != 0 && $output == *"srun started"*"-j asks for 4"* ]]
    done
    run slurm timeout 300 srun -n 1 "$NFOLD" "${job[@]}" -b mpi
    echo "$output"
    [[ $status != 0 && $output == *"--mpi=pmix"* ]]
}

@test "mpirun in a batch script starts the ranks of the allocation" {
    needs_hosts
    serial=$("$NFOLD" "${job[@]}" -b serial)
    start_slurm_on_hosts 2
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        printf '#!/bin/sh\nexec timeout 200 "$@"\n' >script
        run slurm timeout 300 sbatch --wait -N 2 -n 2 -o "$PWD/out" script \
            "$(mpirun_path $implementation)" "$NFOLD" "${job[@]}" --report
        echo "$output"
        cat out
        [[ $status == 0 ]]
        grep -qxF "$serial" out
        grep -q '2 ranks of .* on 2 hosts' out
    done
}

@test "mpirun under salloc, on a host of no rank" {
    needs_hosts
    serial=$("$NFOLD" "${job[@]}" -b serial)
    start_slurm_on_hosts 2
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run slurm timeout 300 salloc -Q -N 2 -n 2 "$(mpirun_path $implementation)" \
            "$NFOLD" "${job[@]}" --report
        echo "$output"
        [[ $status == 0 && $output == *"$serial"*"2 ranks of "*" on 2 hosts"* ]]
    done
}

@test "-b mpi in a batch script starts as many ranks as the job has tasks" {
    needs_module openmpi
    serial=$("$NFOLD" "${job[@]}" -b serial)
    start_slurm 1
    printf '#!/bin/sh\nexec timeout 200 "$@"\n' >script
    run slurm timeout 300 sbatch --wait -n 3 -o "$PWD/out" script "$NFOLD" "${job[@]}" -b mpi \
        --mpi openmpi --report
    echo "$output"
    cat out
    [[ $status == 0 ]]
    grep -qxF "$serial" out
    grep -q '3 ranks of ' out
}

@test "more threads than the allocation are refused with its numbers" {
    needs_module openmpi
    start_slurm 1
    run slurm timeout 300 srun --mpi=pmix -n 2 -c 2 "$NFOLD" "${job[@]}" --threads 3
    echo "$output"
    [[ $status != 0 && $output == *"--threads 3, but the allocation has 2 processors"* ]]
}

@test "with -K1 a killed rank ends the step, and nobody is left on any node" {
    needs_hosts
    write_slow_function
    start_slurm_on_hosts 2
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        forget_work
        slurm timeout 300 srun "$(way $implementation)" -K1 -N 2 -n 2 \
            "$NFOLD" integrate slow.c:f 0 1 1e8 --threads 1 >out 2>&1 &
        job=$!
        wait_for_work 2
        kill -KILL $(processes_on h2 nfold)
        status=0
        wait $job || status=$?
        cat out
        [[ $status != 0 && $status != 124 ]]
        wait_until eval '[[ -z $(processes_on h1 nfold) && -z $(processes_on h2 nfold) ]]'
    done
}

@test "Slurm's warning, SIGTERM, says how far it came" {
    needs_module openmpi
    write_slow_function
    start_slurm 1
    slurm timeout 300 srun --mpi=pmix -n 2 \
        "$NFOLD" integrate slow.c:f 0 1 1e8 --threads 1 >out 2>&1 &
    job=$!
    wait_for_work 2
    slurm scancel --signal=TERM -u "$(id -un)"
    status=0
    wait $job || status=$?
    cat out
    [[ $status != 0 && $(grep -c 'stopped by SIGTERM at ' out) == 1 ]]
}
