#!/usr/bin/env bats
# Ranks of MPI on this machine: the report, functions, ranks that differ, wrong use, the end.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    begin_ranks
}

teardown() {
    end_ranks
}

@test "other works: fewer chunks than ranks, one item, an empty interval, simpson, reductions" {
    needs_module openmpi
    job=(integrate 'x*x' 0 100 1) && same_bits openmpi 4 1
    job=(integrate 'x*x' 0 100 10) && same_bits openmpi 4 1
    job=(integrate 'x*x' 3 3 1000) && same_bits openmpi 3 1
    job=(integrate 'exp(x)' 0 1 1e5 --rule simpson) && same_bits openmpi 3 1
    job=(reduce sum '1/(i+1)^2' 1e6) && same_bits openmpi 3 1
    job=(reduce prod '1+1/(i+1)' 1e5) && same_bits openmpi 3 1
    job=(reduce min 'cos(i)' 1e5) && same_bits openmpi 3 1
}

@test "each rank and host has its row in the report" {
    needs_module openmpi
    ranks openmpi 3 "$NFOLD" "${job[@]}" -v --threads 1 >out 2>err
    cat err
    for rank in 0 1 2; do
        [[ $(grep -c "^rank $rank .*busy.*communication.*waiting.*chunks" err) == 1 ]]
    done
    [[ $(grep -c "^host $(uname -n) .*3 ranks" err) == 1 ]]
}

@test "the report of ranks in JSON" {
    needs_module openmpi
    ranks openmpi 3 "$NFOLD" "${job[@]}" --json --threads 2 >out
    cat out
    run python3 - <<'PYTHON'
import json
report = json.load(open("out"))["report"]
assert report["backend"] == "mpi" and report["workers"] == 3 and report["threads"] == 6, report
assert report["hosts"] == 1 and report["communication"] >= 0 and report["waiting"] >= 0
assert len(report["worker"]) == 3 and report["items_done"] == report["items"]
assert sum(rank["chunks"] for rank in report["worker"]) >= report["chunks"]
assert all(rank["host"] and rank["threads"] == 2 and rank["busy"] > 0 for rank in report["worker"])
PYTHON
    echo "$output"
    [[ $status == 0 ]]
}

@test "shares by weight: chunks go by them, and a rank of weight 0 only listens" {
    needs_module openmpi
    ranks openmpi 3 "$NFOLD" "${job[@]}" --json --threads 1 --split 3,0,1 >out
    run python3 - <<'PYTHON'
import json
chunks = [rank["chunks"] for rank in json.load(open("out"))["report"]["worker"]]
print(chunks)
assert chunks[1] <= 1 and abs(chunks[0] - 3 * chunks[2]) <= 8, chunks
PYTHON
    echo "$output"
    [[ $status == 0 ]]
}

@test "dynamic: a function whose items cost unevenly keeps every rank at work" {
    needs_module openmpi
    echo '#include <unistd.h>
          double f(double x) { if (x < 0.1) usleep(500); return x; }' >f.c
    job=(integrate f.c:f 0 1 2e4)
    same_bits openmpi 3 1 --schedule dynamic
    ranks openmpi 3 "$NFOLD" "${job[@]}" --json --threads 1 --schedule dynamic >out
    run python3 - <<'PYTHON'
import json
report = json.load(open("out"))["report"]
print([(rank["chunks"], rank["busy"]) for rank in report["worker"]])
assert all(rank["chunks"] > 0 for rank in report["worker"])
PYTHON
    echo "$output"
    [[ $status == 0 ]]
}

@test "a C function is compiled once, on rank 0, and its file is read on no other" {
    echo 'double f(double x) { return x * x / (1 + x); }' >f.c
    printf '#!/bin/sh\necho once >>%s/compilations\nexec cc "$@"\n' "$PWD" >counting-cc
    chmod +x counting-cc
    mkdir elsewhere
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        rm -f compilations
        serial=$(hash_of "$NFOLD" integrate f.c:f 0 1 1e6 -b serial)
        once=$(hash_of "$NFOLD" integrate f.c:f 0 1 1e6 -b serial --cc ./counting-cc)
        alone=$(wc -l <compilations)
        rm -f compilations
        parallel=$(hash_of ranks $implementation 3 "$NFOLD" integrate f.c:f 0 1 1e6 \
            --cc ./counting-cc)
        echo "$serial $once $parallel, compiled $alone and $(wc -l <compilations) times"
        [[ -n $serial && $parallel == "$serial" && $(wc -l <compilations) == "$alone" ]]
        # Rank 1 cannot read the file.
        parallel=$(ranks $implementation 1 "$NFOLD" integrate f.c:f 0 1 1e6 --json : \
            -n 1 sh -c 'cd elsewhere && exec "$@"' sh "$NFOLD" integrate f.c:f 0 1 1e6 --json |
            sed -n 's/^ *"hash": "\([0-9a-f]*\)",*$/\1/p')
        [[ $parallel == "$serial" ]]
    done
}

@test "a C file that rank 0 cannot read is one error" {
    needs_module openmpi
    run ranks openmpi 3 "$NFOLD" integrate none.c:f 0 1 1e6
    echo "$output"
    [[ $status != 0 && $(grep -c 'none.c' <<<"$output") == 1 ]]
}

@test "a function of a library, and one that fails: its lowest item, by any number of ranks" {
    echo '#include <math.h>
          double f(double x) { return x > 0.5 ? NAN : x; }
          double g(double x) { return x; }' >f.c
    cc -shared -fPIC -O1 -o libf.so f.c
    needs_module openmpi
    job=(integrate ./libf.so:g 0 1 1e5) && same_bits openmpi 3 1
    run "$NFOLD" integrate ./libf.so:f 0 1 1e5 -b serial
    serial=${lines[0]}
    [[ $status == 2 && $serial == *"(item 50001 of 100001)"* ]]
    for count in 1 2 3; do
        run ranks openmpi $count "$NFOLD" integrate ./libf.so:f 0 1 1e5
        echo "$output"
        [[ $status == 2 && $output == *"$serial"* ]]
    done
}

# ---- ranks that differ --------------------------------------------------------------------------

@test "ranks with another expression, another n, another variable are named" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run ranks $implementation 1 "$NFOLD" integrate 'x*x' 0 100 1e6 : \
            -n 1 "$NFOLD" integrate 'x*x*x' 0 100 1e6
        echo "$output"
        [[ $status == 2 && $output != *333333* ]]
        [[ $(grep -c "rank 1 on $(uname -n) has another .*x\*x\*x" <<<"$output") == 1 ]]
        run ranks $implementation 2 "$NFOLD" integrate 'x*x' 0 100 1e6 : \
            -n 1 "$NFOLD" integrate 'x*x' 0 100 1e7
        echo "$output"
        [[ $status == 2 && $output == *"rank 2 on $(uname -n) has another "*" than rank 0: "*1e7* ]]
        run ranks $implementation 1 "$NFOLD" integrate 'x*x' 0 100 1e6 : \
            -n 1 env NFOLD_ISA=fast "$NFOLD" integrate 'x*x' 0 100 1e6
        echo "$output"
        [[ $status == 2 && $(grep -c "rank 1 on $(uname -n).*NFOLD_ISA" <<<"$output") == 1 ]]
    done
}

@test "a rank of another version is named" {
    copy_nfold other 9.8.7
    [[ $(other/bin/nfold --version) == *9.8.7* ]] || skip "the version could not be changed"
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run ranks $implementation 1 "$NFOLD" "${job[@]}" : -n 1 other/bin/nfold "${job[@]}"
        echo "$output"
        [[ $status == 2 && $output == *"rank 1 on $(uname -n) has another nfold: 9.8.7, not"* ]]
    done
}

@test "ranks may have different numbers of threads, and share the work by them" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        ranks $implementation 1 "$NFOLD" "${job[@]}" --json --threads 1 : \
            -n 1 "$NFOLD" "${job[@]}" --json --threads=3 >out
        serial=$(hash_of "$NFOLD" "${job[@]}" -b serial)
        grep "\"hash\": \"$serial\"" out
        run python3 - <<'PYTHON'
import json
ranks = json.load(open("out"))["report"]["worker"]
print(ranks)
assert [rank["threads"] for rank in ranks] == [1, 3]
assert abs(3 * ranks[0]["chunks"] - ranks[1]["chunks"]) <= 8
PYTHON
        echo "$output"
        [[ $status == 0 ]]
    done
}

# ---- wrong use ----------------------------------------------------------------------------------

@test "-j and the launcher's number of ranks are compared" {
    needs_module openmpi
    run ranks openmpi 3 "$NFOLD" "${job[@]}" -j 2
    echo "$output"
    [[ $status == 2 && $output == *"mpirun started 3 ranks, but -j asks for 2"* ]]
    run ranks openmpi 2 "$NFOLD" "${job[@]}" -j 2
    [[ $status == 0 ]]
}

@test "verbs and backends that are not for ranks refuse, once" {
    needs_module openmpi
    run ranks openmpi 3 "$NFOLD" compare "${job[@]}"
    echo "$output"
    [[ $status == 2 && $(grep -c 'mpirun started this 3 times; start it once' <<<"$output") == 1 ]]
    run ranks openmpi 3 "$NFOLD" "${job[@]}" -b threads
    echo "$output"
    [[ $status == 2 && $(grep -c 'mpirun started this 3 times' <<<"$output") == 1 ]]
    # One that refuses by itself is named, and nobody waits for it.
    run ranks openmpi 1 "$NFOLD" "${job[@]}" : -n 1 "$NFOLD" "${job[@]}" -b threads
    echo "$output"
    [[ $status == 2 && $(grep -c 'rank 1 on .* has another command.*-b threads' <<<"$output") == 1 ]]
}

@test "compare: the rate of ranks is that of its time, in every run" {
    needs_module openmpi
    within 300 "$NFOLD" compare integrate x*x 0 100 1e6 -j 2 --budget 0.5 --json >out
    run python3 - <<'PYTHON'
import json
for row in json.load(open("out"))["rows"]:
    print(row["backend"], row["workers"], row["runs"], row["rate"] * row["wall"])
    assert abs(row["rate"] * row["wall"] / 1e6 - 1) < 0.01
PYTHON
    echo "$output"
    [[ $status == 0 && $output == *"mpi 2 "* ]]
}

@test "more threads than the allocation has are refused with the numbers" {
    needs_module openmpi
    export SLURM_JOB_ID=1 SLURM_CPUS_PER_TASK=2
    run ranks openmpi 2 "$NFOLD" "${job[@]}" --threads 4
    echo "$output"
    [[ $status == 2 ]]
    [[ $output == *"--threads 4, but the allocation has 2 processors for each rank "* ]]
    [[ $output == *"(SLURM_CPUS_PER_TASK)"* ]]
    run ranks openmpi 2 "$NFOLD" "${job[@]}" --report
    echo "$output"
    [[ $status == 0 && $output == *"2 ranks of 2 threads"* ]]
}

@test "a module without its mpirun in PATH: what to install" {
    needs_module openmpi
    mkdir bin
    run env PATH="$PWD/bin" "$NFOLD" "${job[@]}" -b mpi -j 2 --mpi openmpi
    echo "$output"
    [[ $status == 3 && $output == *"mpirun"*"openmpi-bin"* ]]
}

@test "an mpirun that nfold starts and that refuses: its words, and what they mean" {
    needs_module openmpi
    unset OMPI_MCA_rmaps_base_oversubscribe
    echo 'localhost slots=2' >hosts
    run env OMPI_MCA_orte_default_hostfile="$PWD/hosts" SLURM_JOB_ID=1 SLURM_NTASKS=4 \
        "$NFOLD" "${job[@]}" -b mpi --mpi openmpi
    echo "$output"
    [[ $status == 2 && $output == *"There are not enough slots"* ]]
    [[ $output == *"nfold integrate: mpirun has fewer than 4 slots"*"-j"* ]]
    run env OMPI_MCA_rmaps_base_no_oversubscribe=1 "$NFOLD" "${job[@]}" -b mpi --mpi openmpi -j 4
    echo "$output"
    [[ $status == 3 && $output == *"Conflicting directives"* ]]
    [[ $output == *"nfold integrate: mpirun ended with status 1 and no answer"* ]]
}

@test "an answer of ranks that nobody can read is an error" {
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        status=0
        "$NFOLD" "${job[@]}" -b mpi --mpi $implementation -j 2 >/dev/full 2>err || status=$?
        cat err
        [[ $status == 3 && $(<err) == *"cannot write to standard output"* ]]
    done
}

@test "wrong words: an MPI, a schedule, shares and seconds that there are not" {
    needs_module openmpi
    for words in "--mpi lam" "--schedule guided" "--split 1,x" "--split 1,2,3" "--split 0,0" \
        "--split=-1,2" "--peer-timeout 0" "--threads 0"; do
        run ranks openmpi 2 "$NFOLD" "${job[@]}" $words
        echo "$words: $output"
        # mpirun has its own words about it.
        [[ $status == 2 && $(grep -c '^nfold' <<<"$output") == 1 ]]
        [[ $output == *"${words:2:3}"* ]]
    done
}

# ---- the end ------------------------------------------------------------------------------------

endless=(integrate slow.c:f 0 100 1e8 --threads 1)

@test "Ctrl-C and SIGTERM say how far it came, and leave nothing" {
    write_slow_function
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        for signal in INT TERM; do
            forget_work
            "$(mpi_command $implementation mpirun)" -n 3 "$NFOLD" "${endless[@]}" \
                >out 2>&1 </dev/null 3>&- &
            local launcher=$!
            wait_for_work 3
            kill -$signal $launcher
            status=0
            wait $launcher || status=$?
            cat out
            # MPICH's mpirun, told to end on a busy machine, forgets the ranks' status in 1 of 15 runs.
            [[ $status != 0 || $implementation == mpich ]]
            [[ $(grep -c "stopped by SIG[A-Z]* at [0-9]* %: .* of 100 M items in " out) == 1 ]]
            wait_until nothing_is_left
        done
    done
}

@test "nfold that is killed takes along the ranks that it started" {
    write_slow_function
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        forget_work
        "$NFOLD" "${endless[@]}" -b mpi -j 3 --mpi $implementation \
            >out 2>&1 </dev/null 3>&- &
        local launcher=$!
        wait_for_work 3
        kill -KILL $launcher
        wait $launcher || true
        wait_until nothing_is_left
    done
}

@test "SIGTERM to nfold that started the ranks itself ends them" {
    needs_module openmpi
    write_slow_function
    "$NFOLD" "${endless[@]}" -b mpi -j 3 --mpi openmpi >out 2>&1 </dev/null 3>&- &
    local launcher=$!
    wait_for_work 3
    kill -TERM $launcher
    status=0
    wait $launcher || status=$?
    cat out
    [[ $status != 0 && $(grep -c 'stopped by SIGTERM at ' out) == 1 ]]
    wait_until nothing_is_left
}

@test "a rank that MPI_Finalize holds up for ever ends as it should, and so does mpirun" {
    needs_module mpich
    cat >held.c <<'C'
#include <mpi.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int MPI_Finalize(void)
{
    while (*getenv("PMI_RANK") == '0')
        pause();
    return PMPI_Finalize();
}
/* The ranks lose their patience one after the other. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    const struct timespec turn = {.tv_sec = 1 + atoi(getenv("PMI_RANK"))};
    return clock_nanosleep(CLOCK_REALTIME, 0, time->tv_sec > 1 ? &turn : time, left);
}
C
    "$(mpi_command mpich mpicc)" -shared -fPIC -o held.so held.c
    run ranks mpich 3 env LD_PRELOAD="$PWD/held.so" "$NFOLD" "${job[@]}"
    echo "$output"
    [[ $status == 0 && $output == "$("$NFOLD" "${job[@]}" -b serial)" ]]
}
