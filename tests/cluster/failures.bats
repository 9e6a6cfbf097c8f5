#!/usr/bin/env bats
# Ranks on several hosts that are killed, stopped, cut off: named, and no process is left anywhere.
# Debian's MPICH hangs in MPI_Finalize over TCP from three ranks on, so there it is two hosts.

load hosts
load mpi
load slurm

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    begin_ranks
    write_slow_function
    endless=(integrate slow.c:f 0 100 1e8 --threads 1)
    long=(integrate slow.c:f 0 100 1e6)
    silent=(--peer-timeout 6) # seconds; ranks that a busy machine neglects beat every 0.6
}

teardown() {
    stop_slurm
    stop_hosts
    end_ranks
}

up() { # up openmpi HOSTS: hosts, or a reason to skip
    needs_hosts
    needs_module "$1"
    start_hosts "$2"
}

# Starts a job of one rank on each host in the background; waits until all of them work.
start_job() { # start_job openmpi h1,h2,h3 COMMAND...
    forget_work
    ranks_on_hosts "$1" 1 "$2" "${@:3}" >out 2>&1 &
    job=$!
    wait_for_work "$(wc -w <<<"${2//,/ }")"
}

# nfold starts the mpirun itself, as in a job of several hosts, which mpirun finds by variables.
start_own() { # start_own openmpi h1,h2 COMMAND...
    local hosts=${2//,/ }
    forget_work
    printf '%s slots=1\n' $hosts >hosts-openmpi
    printf '%s:1\n' $hosts >hosts-mpich
    on_head env OMPI_MCA_orte_default_hostfile="$PWD/hosts-openmpi" \
        OMPI_MCA_plm_rsh_agent="$cluster_folder/on-host" HYDRA_HOST_FILE="$PWD/hosts-mpich" \
        HYDRA_LAUNCHER=ssh HYDRA_LAUNCHER_EXEC="$cluster_folder/on-host" HYDRA_IFACE=bridge \
        timeout --foreground 300 "${@:3}" -b mpi --mpi "$1" -j "$(wc -w <<<"$hosts")" >out 2>&1 &
    job=$!
    wait_for_work "$(wc -w <<<"$hosts")"
}

end_job() {
    status=0
    wait $job || status=$?
    cat out
}

signal_rank() { # signal_rank h2 STOP
    kill "-$2" $(processes_on "$1" nfold)
}

nobody_on() {
    local host
    for host in "$@"; do
        [[ -z $(processes_on "$host") ]] || return 1
    done
}

@test "Open MPI, three hosts of two ranks: the bits of serial, a row for each host" {
    up openmpi 3
    serial=$(hash_of "$NFOLD" integrate 'sin(x)' 0 3 1e6 -b serial)
    run ranks_on_hosts openmpi 2 h1,h2,h3 "$NFOLD" integrate 'sin(x)' 0 3 1e6 --json
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* && $output == *'"hosts": 3,'* ]]
    run ranks_on_hosts openmpi 2 h1,h2,h3 "$NFOLD" integrate 'sin(x)' 0 3 1e6 -v --threads 1
    echo "$output"
    [[ $output == *"6 ranks of 1 thread on 3 hosts"* ]]
    for host in h1 h2 h3; do
        [[ $(grep -c "^host $host .*2 ranks" <<<"$output") == 1 ]]
    done
}

@test "MPICH, two hosts over TCP: the bits of serial" {
    up mpich 2
    serial=$(hash_of "$NFOLD" integrate 'sin(x)' 0 3 1e6 -b serial)
    run ranks_on_hosts mpich 1 h1,h2 "$NFOLD" integrate 'sin(x)' 0 3 1e6 --json
    echo "$output"
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* && $output == *'"hosts": 2,'* ]]
}

@test "MPICH, three hosts: the answer and an end, though MPI_Finalize hangs" {
    up mpich 3
    serial=$(hash_of "$NFOLD" integrate 'sin(x)' 0 3 1e6 -b serial)
    run ranks_on_hosts mpich 1 h1,h2,h3 "$NFOLD" integrate 'sin(x)' 0 3 1e6 --json
    echo "$output"
    [[ $output == *"\"hash\": \"$serial\""* && $status != 124 && $status != 137 ]]
    wait_until nobody_on h1 h2 h3
}

@test "a C function whose file is on the first host only" {
    up openmpi 2
    on_host h1 mkdir "$HOSTS_FOLDER/TMP/only-here"
    on_host h1 cp slow.c "$HOSTS_FOLDER/TMP/only-here/"
    ! on_host h2 test -e "$HOSTS_FOLDER/TMP/only-here/slow.c"
    serial=$(hash_of "$NFOLD" integrate slow.c:f 0 1 1e3 -b serial)
    run ranks_on_hosts openmpi 1 h1,h2 "$NFOLD" integrate \
        "$HOSTS_FOLDER/TMP/only-here/slow.c:f" 0 1 1e3 --json
    echo "$output"
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* ]]
}

@test "Open MPI: a killed rank is named, and nobody is left on any host" {
    up openmpi 3
    start_job openmpi h1,h2,h3 "$NFOLD" "${endless[@]}"
    signal_rank h2 KILL
    end_job
    [[ $status != 0 && $(<out) == *"rank 1"*"h2"*"signal 9"* ]]
    wait_until nobody_on h1 h2 h3
}

@test "MPICH: a killed rank's host and process are named, with -v which rank it is, and nobody is left" {
    up mpich 2
    start_job mpich h1,h2 "$NFOLD" "${endless[@]}" -v
    signal_rank h2 KILL
    end_job
    process=$(sed -n 's/.*PID \([0-9]*\) RUNNING AT h2.*/\1/p' out)
    [[ $status != 0 && -n $process ]]
    grep "^nfold: process $process on h2 is rank 1$" out
    wait_until nobody_on h1 h2
}

@test "MPICH, started by nfold: the killed rank itself is named" {
    up mpich 3
    start_own mpich h1,h2,h3 "$NFOLD" "${endless[@]}"
    signal_rank h2 KILL
    end_job
    [[ $status == 3 && $(<out) == *"rank 1 on h2"* && $(<out) != *"is rank"* ]]
    wait_until nobody_on h1 h2 h3
}

@test "a rank that crashes says so itself, with rank and host" {
    up openmpi 3
    cat >crash.c <<'C'
double f(double x) { return x > 0.5 && x < 0.51 ? *(volatile double *)8 : x; }
C
    run ranks_on_hosts openmpi 1 h1,h2,h3 "$NFOLD" integrate crash.c:f 0 1 1e6 --threads 1
    echo "$output"
    [[ $status != 0 && $output == *"rank 1 on h2"*"SIGSEGV"* ]]
    wait_until nobody_on h1 h2 h3
}

@test "a stopped rank is named after --peer-timeout, and nobody is left" {
    for implementation in openmpi mpich; do
        up $implementation 2
        start_job $implementation h1,h2 "$NFOLD" "${endless[@]}" "${silent[@]}"
        signal_rank h2 STOP
        end_job
        [[ $status != 0 && $(<out) == *"rank 1 on h2 has been silent for 6 s"* ]]
        wait_until nobody_on h1 h2
        stop_hosts
    done
}

@test "rank 0 that is stopped is named by the others" {
    up openmpi 3
    start_job openmpi h1,h2,h3 "$NFOLD" "${endless[@]}" "${silent[@]}"
    signal_rank h1 STOP
    end_job
    [[ $status != 0 && $(<out) == *"rank 0 on h1 has been silent for 6 s"* ]]
    wait_until nobody_on h1 h2 h3
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

@test "a cut link: the rank is named, and nobody is left on either side of the cut" {
    for implementation in openmpi mpich; do
        up $implementation 2
        mpirun_host=h1 start_job $implementation h1,h2 "$NFOLD" "${endless[@]}" "${silent[@]}"
        cut_link h2
        wait_until has_ended $job
        end_job
        [[ $status != 0 && $(<out) == *'rank 1 on h2 has been silent for 6 s'* ]]
        wait_until nobody_on h1 h2
        stop_hosts
    done
}

# No process of nfold's is there to end it.
@test "a cut link, mpirun on a host of no rank: nobody is left on the hosts of the ranks" {
    up openmpi 3
    start_job openmpi h1,h2,h3 "$NFOLD" "${endless[@]}" "${silent[@]}"
    cut_link h3
    wait_until nobody_on h1 h2 h3
    grep 'rank 2 on h3 has been silent for 6 s' out
    restore_link h3
    end_job
    [[ $status != 0 ]]
}

@test "a cut link: nfold that started mpirun itself ends it, and does not wait for the link" {
    for implementation in openmpi mpich; do
        up $implementation 2
        start_own $implementation h1,h2 "$NFOLD" "${endless[@]}" "${silent[@]}"
        cut_link h2
        end_job
        [[ $status == 3 && $(grep -c 'rank 1 on h2 has been silent for 6 s' out) == 1 ]]
        wait_until nobody_on h1 h2
        stop_hosts
    done
}

@test "an outage shorter than --peer-timeout is ridden out, and changes no bit" {
    touch enough
    serial=$(hash_of "$NFOLD" "${long[@]}" -b threads -j 4)
    for implementation in openmpi mpich; do
        up $implementation 2
        start_job $implementation h1,h2 "$NFOLD" "${long[@]}" --threads 1 --peer-timeout 60 --json
        cut_link h2
        sleep 2
        restore_link h2
        signal_rank h2 STOP
        sleep 1
        signal_rank h2 CONT
        touch enough
        end_job
        [[ $status == 0 && $(<out) == *"\"hash\": \"$serial\""* ]]
        stop_hosts
    done
}

@test "an item that takes longer than --peer-timeout is no silence" {
    up openmpi 2
    cat >late.c <<'C'
#include <unistd.h>
double f(double x) { if (x == 0.75) sleep(9); return x; }
C
    run ranks_on_hosts openmpi 1 h1,h2 "$NFOLD" integrate late.c:f 0 1 1e4 --threads 1 \
        --peer-timeout 4
    echo "$output"
    [[ $status == 0 && $output == 0.5 ]]
}

@test "SIGTERM to one rank stops all of them and says how far they came" {
    up openmpi 3
    start_job openmpi h1,h2,h3 "$NFOLD" "${endless[@]}"
    signal_rank h3 TERM
    end_job
    [[ $status != 0 && $(grep -c 'rank 2 on h3 was told to stop: stopped at ' out) == 1 ]]
    wait_until nobody_on h1 h2 h3
}

# It has a head from the start, and more when something was kept.
has_grown() {
    [[ -s kept && $(stat --format %s kept) != "$(stat --format %s "$1")" ]]
}

@test "a killed job continues from its checkpoint with other ranks and without any" {
    up openmpi 3
    touch enough
    serial=$(hash_of "$NFOLD" "${long[@]}" -b threads -j 4)
    start_job openmpi h1,h2,h3 "$NFOLD" "${long[@]}" --threads 1 --checkpoint "$PWD/kept"
    cp kept head
    wait_until has_grown head
    signal_rank h2 KILL
    end_job
    [[ $status != 0 ]]
    touch enough
    cp kept kept-too
    run ranks_on_hosts openmpi 4 h1,h2 "$NFOLD" "${long[@]}" --threads 8 --json \
        --checkpoint "$PWD/kept"
    echo "$output"
    [[ $status == 0 && $output == *"\"hash\": \"$serial\""* ]]
    [[ $output != *'"items_continued": 0'* ]]
    continued=$(hash_of "$NFOLD" "${long[@]}" -b threads -j 4 --checkpoint "$PWD/kept-too")
    [[ $continued == "$serial" ]]
}
