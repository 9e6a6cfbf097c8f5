# mpi.bash: the MPI implementations of this machine, for bats.
#
#     needs_mpi openmpi|mpich     skips, with the reason, where it is not installed
#     needs_module openmpi|mpich  the same where nfold was built without its module
#     ranks openmpi 4 COMMAND...  runs the command in so many ranks on this machine
#     compile_mpi openmpi SOURCE PROGRAM
#     begin_ranks, end_ranks      as setup and teardown; `job` is a work to be done
#     write_slow_function         slow.c: its f takes a millisecond, until there is a file `enough`
#     forget_work                 no process has begun with an item of it, and it is not enough
#     wait_for_work 3             until so many processes have begun with one
#     wait_until COMMAND...       until it succeeds, with much patience
#     mark_processes              what this test starts can be found by
#     marked [NAME]               the numbers of its processes that still run
#
# Every rank busy-waits in some MPI calls and this machine may have fewer processors than ranks:
# hence no binding, and yielding. Nothing here is to be done within some time: a test waits for what
# it can see, and `within SECONDS COMMAND...` ends only what hangs.

# The launcher or compiler wrapper of an implementation: Debian's names first.
mpi_command() { # mpi_command openmpi|mpich mpirun|mpicc
    local words
    case $1 in openmpi) words='Open MPI|open-mpi' ;; mpich) words='HYDRA|MPICH' ;; esac
    if command -v "$2.$1" >/dev/null; then
        echo "$2.$1"
    elif command -v "$2" >/dev/null &&
        { [[ $2 == mpicc ]] && mpicc -show || mpirun --version; } 2>&1 | grep -qE "$words|$1"; then
        echo "$2"
    else
        return 1
    fi
}

needs_mpi() {
    mpi_command "$1" mpirun >/dev/null || skip "$1 is not installed (tools/setup all)"
    mpi_command "$1" mpicc >/dev/null || skip "$1 has no compiler here (tools/setup all)"
}

# Items that take time and hardly a processor, however many ranks there are. Who is at work leaves a
# file that says so.
write_slow_function() {
    cat >slow.c <<C
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#define FOLDER "$PWD/"
static void tell(void)
{
    char path[sizeof FOLDER + 32];
    snprintf(path, sizeof path, FOLDER "working-%d", (int)getpid());
    close(open(path, O_CREAT | O_WRONLY, 0600));
}
double f(double x)
{
    static int has_told;
    if (!has_told)
        tell();
    has_told = 1;
    if (access(FOLDER "enough", F_OK) != 0)
        usleep(1000);
    return x * x;
}
C
}

forget_work() {
    rm -f working-* enough
}

is_at_work() {
    (($(compgen -G 'working-*' | wc -l) >= $1))
}

wait_for_work() {
    wait_until is_at_work "$1"
}

# For tests of nfold: and its module for that MPI.
needs_module() {
    needs_mpi "$1"
    [[ -e ${NFOLD%/*}/../backends/mpi/nfold-mpi-$1.so ]] ||
        skip "this build of nfold has no module for $1"
}

# Debian's Open MPI asks root to be sure.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Hosts of these tests may be network namespaces, where the slow start of a mapping is no use.
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_rmaps_base_oversubscribe=1
implementations=(openmpi mpich)

within() {
    timeout --kill-after 5 "$@"
}

ranks() {
    local implementation=$1 count=$2
    shift 2
    within 300 "$(mpi_command "$implementation" mpirun)" -n "$count" "$@" </dev/null 3>&-
}

# The same on virtual hosts (hosts.bash), h1,h2,...: so many ranks on each. mpirun is on a host that
# has none of them, or on $mpirun_host.
ranks_on_hosts() { # ranks_on_hosts openmpi 2 h1,h2,h3 COMMAND...
    local implementation=$1 each=$2 hosts=$3 count launcher network=bridge
    local -a place=()
    shift 3
    if [[ -n ${mpirun_host:-} ]]; then
        network=eth0
        place=("$cluster_folder/on-host" "$mpirun_host" exec)
        set -- "${@@Q}"
    fi
    launcher=$(mpi_command "$implementation" mpirun)
    count=$((each * $(tr , '\n' <<<"$hosts" | wc -l)))
    hosts=${hosts//,/:$each,}:$each
    case $implementation in
    openmpi) launcher+=" --mca plm_rsh_agent $cluster_folder/on-host --host $hosts" ;;
    mpich)
        launcher+=" -iface $network -launcher ssh -launcher-exec $cluster_folder/on-host -hosts $hosts"
        ;;
    esac
    # shellcheck disable=SC2086 # these words hold no spaces
    on_head "${place[@]}" timeout --kill-after 5 300 $launcher -n $count "$@" </dev/null
}

compile_mpi() {
    "$(mpi_command "$1" mpicc)" -O1 -o "$3" "$2"
}

mark_processes() {
    export CLUSTER_TEST_MARK=$BATS_TEST_TMPDIR
}

marked() {
    local proc
    for proc in $(grep -lsF "CLUSTER_TEST_MARK=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ); do
        proc=${proc%/environ}
        [[ -z ${1:-} || $(<"$proc/comm") == "$1" ]] && echo "${proc#/proc/}"
    done 2>/dev/null
    return 0
}

begin_ranks() {
    forget_launchers
    mark_processes
    cd "$BATS_TEST_TMPDIR" || exit
    job=(integrate 'sin(x)*exp(-x)' 0 10 1e6)
}

# What a failed test left is not for the next one.
end_ranks() {
    local left
    left=$(marked)
    [[ -z $left ]] || kill -KILL $left 2>/dev/null || true
}

# What the launchers and Slurm leave is not for the next command.
forget_launchers() {
    local name
    for name in $(compgen -e); do
        case $name in SLURM_* | NFOLD_* | PMI_* | PMIX_* | OMPI_COMM_*) unset "$name" ;; esac
    done
}

# The hash of the answer, of a command with --json.
hash_of() {
    "$@" --json | sed -n 's/^ *"hash": "\([0-9a-f]*\)",*$/\1/p'
}

# The work in the array `job` has the bits of serial, by so many ranks of so many threads.
same_bits() { # same_bits openmpi 3 2 [OPTIONS...]
    local implementation=$1 count=$2 threads=$3 serial parallel
    shift 3
    serial=$(hash_of "$NFOLD" "${job[@]}" -b serial)
    parallel=$(hash_of ranks "$implementation" "$count" "$NFOLD" "${job[@]}" --threads "$threads" \
        "$@")
    echo "$implementation, $count ranks of $threads threads $*: '$parallel', serial '$serial'"
    [[ -n $serial && $serial == "$parallel" ]]
}

# A copy of nfold with its modules, as installed: copy_nfold FOLDER; it says that it is version $2.
copy_nfold() {
    local modules=${NFOLD%/*}/../backends/mpi
    mkdir -p "$1/bin" "$1/lib/nfold"
    cp "$modules"/nfold-mpi-*.so "$1/lib/nfold/"
    LC_ALL=C sed "s/$("$NFOLD" --version | tr -dc 0-9.)/${2:-&}/g" "$NFOLD" >"$1/bin/nfold"
    chmod +x "$1/bin/nfold"
}

# A machine may be slow: who waits longer than this waits for what will not come.
patience_seconds=120

wait_until() {
    local end=$((SECONDS + patience_seconds))
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

nothing_is_left() {
    [[ -z $(marked nfold)$(marked mpirun)$(marked orted)$(marked hydra_pmi_proxy) ]]
}
