#!/usr/bin/env bats
# Ranks of MPI on this machine: one answer, whoever starts them, and errors that say what to do.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    begin_ranks
}

teardown() {
    end_ranks
}

@test "Open MPI: the bits of serial by 1 to 5 ranks" {
    needs_module openmpi
    for count in 1 2 3 5; do
        same_bits openmpi $count 1
    done
    same_bits openmpi 2 2
}

@test "MPICH: the bits of serial by 1 to 5 ranks" {
    needs_module mpich
    for count in 1 2 3 5; do
        same_bits mpich $count 1
    done
    same_bits mpich 2 2
}

@test "uneven shares and a dynamic schedule change no bit" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        same_bits $implementation 3 1 --split 1,5,2
        same_bits $implementation 3 1 --split 0,1,0
        same_bits $implementation 4 1 --schedule dynamic
        same_bits $implementation 2 2 --schedule dynamic --native off
    done
}

@test "nfold starts the ranks itself, of either MPI, in any number" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        serial=$(hash_of "$NFOLD" "${job[@]}" -b serial)
        for count in 1 2 5; do
            run within 300 "$NFOLD" "${job[@]}" -b mpi -j $count --mpi $implementation --json
            echo "$output"
            [[ $status == 0 && $output == *"\"hash\": \"$serial\""* ]]
            [[ $output == *'"backend": "mpi"'* && $output == *"\"workers\": $count,"* ]]
        done
    done
}

@test "only rank 0 prints: the answer once, the report once" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        ranks $implementation 4 "$NFOLD" "${job[@]}" >out 2>err
        cat out err
        [[ $(<out) == "$("$NFOLD" "${job[@]}" -b serial)" && ! -s err ]]
        ranks $implementation 4 "$NFOLD" "${job[@]}" --report --threads 1 >out 2>err
        cat err
        [[ $(wc -l <out) == 1 && $(grep -c '^workers ' err) == 1 ]]
        grep -q '4 ranks of 1 thread on 1 host (mpi' err
        grep -q '^sharing .*slowest rank' err
        grep -q '^messages ' err
    done
}

@test "a launcher and a module of different MPIs are named, and nobody computes alone" {
    needs_module openmpi
    needs_module mpich
    run ranks openmpi 2 "$NFOLD" "${job[@]}" --mpi mpich
    echo "$output"
    [[ $status == 2 && $output == *"Open MPI"*"--mpi openmpi"* ]]
    [[ $output != *"$("$NFOLD" "${job[@]}" -b serial)"* ]]
    run ranks mpich 2 "$NFOLD" "${job[@]}" --mpi openmpi
    echo "$output"
    [[ $status == 2 && $output == *"MPICH"*"--mpi mpich"* ]]
    [[ $output != *"$("$NFOLD" "${job[@]}" -b serial)"* ]]
}
