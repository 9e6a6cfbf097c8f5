#!/usr/bin/env bats
# The bits of serial by 1 to 9 ranks of 1 to 3 threads, of each MPI, shared in every way.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    forget_launchers
    cd "$BATS_TEST_TMPDIR" || exit
    works=("integrate sin(x)*exp(-x) 0 10 3e6" "reduce sum 1/(i+1)^2 1e6"
        "integrate 1/(1+x*x) -3 5 54322 --rule simpson")
}

# All counts of ranks and threads, with more options.
all_bits() { # all_bits IMPLEMENTATION WORDS-OF-A-WORK [OPTIONS...]
    local implementation=$1 work serial parallel count threads
    read -r -a work <<<"$2"
    shift 2
    serial=$(hash_of "$NFOLD" "${work[@]}" -b serial)
    [[ -n $serial ]]
    for count in 1 2 3 4 5 6 7 8 9; do
        for threads in 1 2 3; do
            parallel=$(hash_of ranks "$implementation" $count "$NFOLD" "${work[@]}" \
                --threads $threads "$@")
            echo "${work[*]} by $count ranks of $threads threads $*: '$parallel', serial '$serial'"
            [[ $parallel == "$serial" ]]
        done
    done
}

@test "Open MPI, static" {
    needs_module openmpi
    for work in "${works[@]}"; do all_bits openmpi "$work"; done
}

@test "Open MPI, dynamic" {
    needs_module openmpi
    all_bits openmpi "${works[0]}" --schedule dynamic
}

@test "MPICH, static" {
    needs_module mpich
    for work in "${works[@]}"; do all_bits mpich "$work"; done
}

@test "MPICH, dynamic" {
    needs_module mpich
    all_bits mpich "${works[0]}" --schedule dynamic
}

@test "shares of any kind" {
    work=(integrate 'sin(x)' 0 10 3e6)
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        serial=$(hash_of "$NFOLD" "${work[@]}" -b serial)
        for split in 1,1,1 1,0,0 0,0,1 1,1000,1 3,2,1 0.5,0.25,0.25; do
            parallel=$(hash_of ranks $implementation 3 "$NFOLD" "${work[@]}" --split $split)
            echo "$split: '$parallel', serial '$serial'"
            [[ $parallel == "$serial" ]]
        done
    done
}

@test "every C function and instruction set" {
    needs_module openmpi
    echo 'double f(double x) { return x / (1 + x * x); }' >f.c
    work=(integrate f.c:f 0 10 3e6)
    serial=$(hash_of "$NFOLD" "${work[@]}" -b serial)
    for schedule in static dynamic; do
        parallel=$(hash_of ranks openmpi 3 "$NFOLD" "${work[@]}" --schedule $schedule)
        [[ $parallel == "$serial" ]]
    done
    work=(integrate 'sin(x)' 0 10 3e6)
    serial=$(hash_of "$NFOLD" "${work[@]}" -b serial)
    for isa in scalar auto; do
        for native in on off; do
            parallel=$(hash_of ranks openmpi 3 "$NFOLD" "${work[@]}" --isa $isa --native $native)
            [[ $parallel == "$serial" ]]
        done
    done
    # Ranks of one run on different instruction sets.
    parallel=$(ranks openmpi 1 "$NFOLD" "${work[@]}" --json : \
        -n 2 env NFOLD_ISA=scalar "$NFOLD" "${work[@]}" --json |
        sed -n 's/^ *"hash": "\([0-9a-f]*\)",*$/\1/p')
    [[ $parallel == "$serial" ]]
}
