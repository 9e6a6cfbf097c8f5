#!/usr/bin/env bats
# What is here of MPI, and building a module for one that nfold was not built with.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    begin_ranks
}

teardown() {
    end_ranks
}

@test "without any MPI it is said what to install" {
    mkdir -p alone/bin home
    cp "$NFOLD" alone/bin/nfold
    run env HOME="$PWD/home" XDG_DATA_HOME= alone/bin/nfold "${job[@]}" -b mpi
    echo "$output"
    [[ $status == 3 && $output == *"openmpi-bin"*"mpich"*"--build-mpi"* ]]
    run env HOME="$PWD/home" XDG_DATA_HOME= alone/bin/nfold info mpi
    echo "$output"
    [[ $output == *"openmpi-bin"* || $output == *"--build-mpi"* ]]
}

@test "a module can be built for the mpicc in PATH, and is looked at first" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        mkdir -p "$implementation/alone/bin" "$implementation/bin" "$implementation/data"
        cp "$NFOLD" "$implementation/alone/bin/nfold"
        for tool in mpicc mpirun; do
            ln -s "$(command -v "$(mpi_command $implementation $tool)")" "$implementation/bin/$tool"
        done
        run env PATH="$PWD/$implementation/bin:$PATH" XDG_DATA_HOME="$PWD/$implementation/data" \
            "$implementation/alone/bin/nfold" info --build-mpi
        echo "$output"
        [[ $status == 0 && -e $implementation/data/nfold/nfold-mpi-$implementation.so ]]
        run env XDG_DATA_HOME="$PWD/$implementation/data" PATH="$PWD/$implementation/bin:$PATH" \
            timeout 300 "$implementation/alone/bin/nfold" "${job[@]}" -b mpi -j 2
        echo "$output"
        [[ $status == 0 && $output == "$("$NFOLD" "${job[@]}" -b serial)" ]]
    done
}

@test "info says which MPIs are here" {
    needs_module openmpi
    needs_module mpich
    run "$NFOLD" info mpi
    echo "$output"
    [[ $status == 0 && $output == *"Open MPI"* && $output == *"MPICH"* ]]
}
