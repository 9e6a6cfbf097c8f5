# slurm.bash: a real Slurm in a temporary folder, for bats. Nothing outside the folder is touched.
#
#     needs_slurm                 skips, with the reason, where it is not installed
#     start_slurm 2               nodes node1 and node2 on this machine; no root is needed
#     start_slurm_on_hosts 2      the same on virtual hosts (hosts.bash): nodes h1 and h2
#     slurm srun -n 4 COMMAND...  one of Slurm's commands, talking to it; stop_slurm in teardown
#     submit OPTION... SCRIPT...  sbatch; the job's number is in $job
#     until_state $job COMPLETED  waits until the job is in one of these states
#
# More lines for slurm.conf can be given in $slurm_settings; of a line that is there twice Slurm takes
# the last one.
#
# Each node says that it has 8 processors, whatever this machine has, so nothing may be bound.
# srun waits for ever for a node that is not there: always `timeout 300`, which is for what hangs. How
# soon something happens is nobody's promise here, so all else waits with patience, too.

slurm_folder=
slurm_settings=
slurm_daemons=()
slurm_patience=300

needs_slurm() {
    local tool
    for tool in slurmctld slurmd srun sinfo; do
        command -v $tool >/dev/null || skip "no $tool on this machine (slurm-wlm; tools/setup all)"
    done
    [[ -e $(echo /usr/lib/*/slurm*/auth_none.so) ]] ||
        skip "Slurm's auth/none is missing (slurm-wlm-basic-plugins)"
}

# Below those that the kernel gives to whoever connects to something.
free_ports() { # free_ports N
    python3 - "$1" <<'PYTHON'
import random, socket, sys
found = []
while len(found) < int(sys.argv[1]):
    each = socket.socket()
    try:
        each.bind(("", random.randint(12000, 32000)))
        found.append(each)
    except OSError:
        pass
print(*(each.getsockname()[1] for each in found))
PYTHON
}

write_slurm_conf() { # write_slurm_conf CONTROLLER PORT NODE-LINES
    local user
    user=$(id -un)
    slurm_folder=$BATS_TEST_TMPDIR/slurm
    mkdir -p "$slurm_folder"/{state,spool,log,run,tmp}
    : >"$slurm_folder/plugstack.conf"
    printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$slurm_folder/cgroup.conf"
    cat >"$slurm_folder/slurm.conf" <<CONF
ClusterName=nfold
SlurmctldHost=$1
SlurmctldPort=$2
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$slurm_folder/state
SlurmdSpoolDir=$slurm_folder/spool/%n
TmpFS=${HOSTS_FOLDER:-$slurm_folder}/TMP
SlurmctldPidFile=$slurm_folder/run/slurmctld.pid
SlurmdPidFile=$slurm_folder/run/slurmd-%n.pid
SlurmctldLogFile=$slurm_folder/log/slurmctld.log
SlurmdLogFile=$slurm_folder/log/slurmd-%n.log
PlugStackConfig=$slurm_folder/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
DefMemPerCPU=100
ReturnToService=2
KillWait=10
MessageTimeout=100
TCPTimeout=60
BatchStartTimeout=200
SchedulerParameters=bf_interval=2,sched_min_interval=0,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
$slurm_settings
$3
PartitionName=compute Nodes=ALL Default=YES MaxTime=60:00 DefaultTime=5:00 State=UP
CONF
}

# A daemon of this test ends with it, whatever ends it.
start_daemon() {
    SLURM_CONF=$slurm_folder/slurm.conf \
        setpriv --pdeathsig KILL "$@" >/dev/null 2>&1 </dev/null 3>&- &
    slurm_daemons+=($!)
}

start_daemons() { # start_daemons NODES
    local ports nodes='' i
    read -r -a ports < <(free_ports $(($1 + 1)))
    for ((i = 1; i <= $1; i++)); do
        nodes+="NodeName=node$i NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=8"
        nodes+=$' RealMemory=4000 State=UNKNOWN\n'
    done
    write_slurm_conf localhost "${ports[0]}" "$nodes"
    mkdir -p "$slurm_folder/TMP"
    start_daemon slurmctld -D -f "$slurm_folder/slurm.conf"
    for ((i = 1; i <= $1; i++)); do
        mkdir -p "$slurm_folder/spool/node$i"
        start_daemon slurmd -D -N node$i -f "$slurm_folder/slurm.conf"
    done
}

daemons_run() {
    local daemon
    for daemon in "${slurm_daemons[@]}"; do
        kill -0 "$daemon" 2>/dev/null || return 1
    done
}

end_daemons() {
    [[ ${#slurm_daemons[@]} -gt 0 ]] || return 0
    kill "${slurm_daemons[@]}" 2>/dev/null || true
    wait "${slurm_daemons[@]}" 2>/dev/null || true
    slurm_daemons=()
}

# Who took a port in the meantime has ended a daemon: then other ports are tried.
start_slurm() {
    local try
    for try in 1 2 3; do
        start_daemons "$1"
        wait_for_nodes && return 0
        daemons_run && break
        end_daemons
        mv "$slurm_folder" "$slurm_folder-$try"
    done
    return 1
}

start_slurm_on_hosts() {
    local nodes='' i
    start_hosts "$1"
    for ((i = 1; i <= $1; i++)); do
        nodes+="NodeName=h$i Port=27101 CPUs=8 RealMemory=4000 State=UNKNOWN"$'\n'
    done
    write_slurm_conf head 27100 "$nodes"
    on_head slurmctld -f "$slurm_folder/slurm.conf"
    for ((i = 1; i <= $1; i++)); do
        mkdir -p "$slurm_folder/spool/h$i"
        on_host "h$i" slurmd -N "h$i" -f "$slurm_folder/slurm.conf"
    done
    wait_for_nodes
}

wait_for_nodes() {
    local end=$((SECONDS + slurm_patience))
    while ((SECONDS < end)) && daemons_run; do
        [[ $(slurm timeout 30 sinfo -h -o %T 2>/dev/null | sort -u) == idle ]] && return 0
        sleep 0.02
    done
    echo "the nodes are not idle: $(slurm timeout 30 sinfo -h -N 2>&1)" >&2
    slurm_says >&2
    return 1
}

# Without this nobody knows why a test failed on another machine.
slurm_says() {
    local log
    for log in "$slurm_folder"/log/*; do
        echo "${log##*/}:"
        tail -n 12 "$log"
    done
}

slurm() {
    if [[ -n ${hosts_pid:-} ]]; then
        on_head env SLURM_CONF="$slurm_folder/slurm.conf" "$@" </dev/null
    else
        SLURM_CONF=$slurm_folder/slurm.conf "$@" </dev/null 3>&-
    fi
}

# A job asked to run again waits until Slurm's own credentials of its first run have expired.
submit() {
    job=$(slurm timeout 300 sbatch --parsable "$@")
    [[ -n $job ]]
}

job_says() { # job_says $job %T: squeue's word
    slurm squeue -h -t all -j "$1" -o "$2"
}

job_exit() { # "102": of a job that has ended
    slurm scontrol show job "$1" | sed -n 's/.* ExitCode=\([0-9]*\):.*/\1/p' | head -n 1
}

until_state() {
    local end=$((SECONDS + slurm_patience)) state
    while ((SECONDS < end)); do
        state=$(job_says "$1" %T)
        [[ " ${*:2} " == *" $state "* ]] && return 0
        sleep 0.1
    done
    echo "job $1 is $state, not ${*:2}" >&2
    slurm scontrol show job "$1" >&2
    return 1
}

# Who watches over a job outlives Slurm's daemons, so jobs end first. Daemons on virtual hosts end
# with the hosts.
stop_slurm() {
    local end=$((SECONDS + 60))
    [[ -n $slurm_folder ]] || return 0
    [[ -n ${BATS_TEST_COMPLETED:-} ]] || slurm_says
    slurm timeout 30 scancel -f -u "$(id -un)" 2>/dev/null || true
    while ((SECONDS < end)) &&
        [[ -n $(slurm timeout 30 squeue -h -t running,completing 2>/dev/null) ]]; do
        sleep 0.1
    done
    end_daemons
    slurm_folder=
}
