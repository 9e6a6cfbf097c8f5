# hosts.bash: several hosts on one machine, without leaving a trace. For bats; see hosts-init.
#
#     needs_hosts                 skips, with the reason, where hosts cannot be made
#     start_hosts N               h1 to hN, joined by a bridge, and `head`; stop_hosts in teardown
#     on_head COMMAND...          runs it on the host `head`, from where mpirun starts the others
#     on_host h2 COMMAND...       runs it there
#     cut_link h2, restore_link h2
#     processes_on h2 [NAME]      numbers of the processes there (as this machine counts them)
#
# Every network is made of namespaces that end with one process: several tests may run at once, and
# whatever kills a test, at most that process is left, which teardown ends.

cluster_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts_pid=

needs_hosts() {
    [[ $(id -u) == 0 ]] || skip "only root can make network namespaces here"
    local tool
    for tool in ip nsenter unshare; do
        command -v $tool >/dev/null || skip "no $tool on this machine (iproute2, util-linux)"
    done
    unshare --net --uts --ipc --pid --mount --fork --mount-proc \
        sh -c 'ip link add bridge type bridge && ip link add h1 type veth peer name eth0 &&
            ip link set h1 master bridge && mount -t tmpfs none /dev/shm' 2>/dev/null ||
        skip "namespaces, bridges or mounts are not allowed here"
}

start_hosts() {
    export HOSTS_FOLDER=$BATS_TEST_TMPDIR/hosts
    rm -rf "$HOSTS_FOLDER" # of the network before, where a test makes several
    mkdir -p "$HOSTS_FOLDER"
    unshare --net --uts --ipc --pid --mount --fork --kill-child --mount-proc \
        "$cluster_folder/hosts-init" "$HOSTS_FOLDER" "$1" >"$HOSTS_FOLDER/log" 2>&1 3>&- &
    hosts_launcher=$!
    local i
    for ((i = 0; i < 12000; i++)); do
        [[ -s $HOSTS_FOLDER/ready ]] && break
        kill -0 $hosts_launcher 2>/dev/null || break
        sleep 0.01
    done
    if [[ ! -s $HOSTS_FOLDER/ready ]]; then
        cat "$HOSTS_FOLDER/log"
        return 1
    fi
    hosts_pid=$(ps -o pid= --ppid $hosts_launcher | tr -d ' ')
}

# The first process of a process namespace takes all others of it along.
stop_hosts() {
    [[ -n $hosts_pid ]] || return 0
    kill -KILL "$hosts_pid" 2>/dev/null || true
    wait "$hosts_launcher" 2>/dev/null || true
    hosts_pid=
}

on_head() {
    nsenter --target "$hosts_pid" --net --uts --ipc --pid --mount \
        sh -c 'cd "$0" && exec "$@"' "$PWD" "$@" 3>&-
}

on_host() {
    local host=$1
    shift
    on_head "$cluster_folder/on-host" "$host" "${*@Q}"
}

cut_link() {
    on_head ip link set "$1" down
}

restore_link() {
    on_head ip link set "$1" up
}

# Processes are of a host when their network is.
processes_on() {
    local host=$1 name=${2:-} network proc
    network=$(on_host "$host" readlink /proc/self/ns/net | tr -dc 0-9)
    for proc in $(find /proc/[0-9]*/ns/net -maxdepth 0 -lname "*$network*" 2>/dev/null); do
        proc=${proc%/ns/net}
        [[ $(tr '\0' ' ' <"$proc/cmdline") != "sleep infinity " ]] || continue # the host itself
        [[ -z $name || $(<"$proc/comm") == "$name" ]] && echo "${proc#/proc/}"
    done 2>/dev/null
    return 0
}
