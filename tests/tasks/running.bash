# What the tests of running tasks share. Processes of a test carry a mark in their environment, so
# that those which escaped are found wherever they went.

: "${NFOLD:?set NFOLD to the command under test}"

setup_run() {
    cd "$BATS_TEST_TMPDIR"
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset SLURM_JOB_ID SLURM_JOB_END_TIME OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS
    mark=NFOLD_TEST_MARK=$BATS_TEST_TMPDIR
}

tasks() {
    env "$mark" "$NFOLD" tasks "$@" 3>&-
}

# Starts a run in the background; its visible process is $visible. Python, because a shell's
# background jobs ignore SIGINT.
start_tasks() {
    env "$mark" python3 -c 'import os, signal, sys
for number in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$NFOLD" tasks "$@" >out 2>err 3>&- &
    visible=$!
}

# How many processors nfold may use: those of its mask, or a container's quota.
processors() {
    "$NFOLD" info --json | sed -n 's/^ *"allowed": \([0-9]*\),*$/\1/p'
}

living() {
    local count
    count=$(grep -lsz "^$mark\$" /proc/[0-9]*/environ | wc -l)
    echo "$count"
}

# until_true COMMAND...: with much patience, since how soon is nobody's promise
until_true() {
    local end=$((SECONDS + 120))
    while ((SECONDS < end)); do
        "$@" && return
        sleep 0.05
    done
    echo "never true: $*" >&2
    return 1
}

none_lives() {
    [[ $(living) == 0 ]]
}

# lines N FILE...: the files have N lines together
lines() {
    [[ $(cat "${@:2}" 2>/dev/null | wc -l) -ge $1 ]]
}

supervisor_of() {
    ps -o pid= --ppid "$1" | head -n 1 | tr -d ' '
}

# Signals that have not been taken yet are one: each is sent when the one before has been understood,
# which is when nobody has anything to do any more. send SIGNAL PID-OF-GUARDIAN
send() {
    kill -s "$1" "$2"
    until_true is_at_rest "$2"
}

is_at_rest() { # is_at_rest PID: it and the supervisor below it, or there is none any more
    [[ $(sed -n 's/^ShdPnd:[\t0]*//p' "/proc/$1/status" 2>/dev/null) == "" ]] || return 1
    [[ $(ps -o stat= -p "$1") == [SZ]* && $(ps -o stat= -p "$(supervisor_of "$1")") == [SZ]* ]] ||
        [[ -z $(supervisor_of "$1") ]]
}

# Waits for the background run: its exit status is in $ended.
end_of() {
    ended=0
    wait "$1" || ended=$?
}

# Whatever a failed test left.
end_run() {
    local pid
    for pid in $(grep -lsz "^$mark\$" /proc/[0-9]*/environ | cut -d/ -f3); do
        kill -9 "$pid" 2>/dev/null || :
    done
}
