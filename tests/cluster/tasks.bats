#!/usr/bin/env bats
# nfold tasks in jobs of a real Slurm: its end, its signals, asking to be run again, its CPUs and memory.

load slurm
load ../tasks/running

setup() {
    needs_slurm
    setup_run
    unset "${!SLURM_@}"
    printf '#!/bin/sh\necho >>runs\nexec "$NFOLD" tasks "$@"\n' >job.sh
}

teardown() {
    stop_slurm
    end_run
}

# run_job SBATCH-OPTION... -- ARGUMENT...: nfold tasks is the job; $job, files out and err.
start_job() {
    local options=()
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    submit "--export=ALL,$mark" --open-mode=append -o "$PWD/out" -e "$PWD/err" "${options[@]}" job.sh "$@"
}

ended=(COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY)

run_job() {
    start_job "$@"
    until_state "$job" "${ended[@]}"
    exit_code=$(job_exit "$job")
    echo "exit $exit_code"
    cat out err
}

# Waits for the job's second run. Slurm holds it back for two minutes, until the node has surely cleared
# away the first one; that is done sooner.
until_run_again() {
    local end=$((SECONDS + slurm_patience))
    until_state "$job" PENDING
    sleep 3 # slurmd tells the two runs apart by whole seconds
    while ((SECONDS < end)); do
        slurm scontrol update "jobid=$job" StartTime=now 2>/dev/null || :
        [[ $(job_says "$job" %T) == @(RUNNING|COMPLETED|FAILED) && $(lines_of runs) -ge 2 ]] && return
        sleep 0.2
    done
    slurm scontrol show job "$job" >&2
    return 1
}

# Processes of this test with that name, all of them at once.
pids_of() {
    local file
    for file in $(grep -lsz "^$mark\$" /proc/[0-9]*/environ); do
        [[ $(<"${file%environ}comm") == "$1" ]] && echo "${file//[^0-9]/}"
    done
}

lines_of() {
    cat "$@" 2>/dev/null | wc -l
}

@test "squeue says when the job ends: what cannot end before is not begun, and there is a summary" {
    start_slurm 1
    run_job -t 2 -- -j 1 --grace 5s --need 3m 'echo {}' ::: 1 2 3
    [[ $exit_code == 102 && ! -s out ]]
    grep -q '^3 tasks: 0 ok, 3 not started (time limit)' err
    rm out err
    run_job -t 5 -- -j 1 --grace 5s --need 3m 'echo {}' ::: 1 2 3
    [[ $exit_code == 0 && $(<out) == $'1\n2\n3' ]]
    grep -q '^3 tasks: 3 ok' err
}

@test "a grace before the job's end what runs is preempted" {
    start_slurm 1
    run_job -t 1 -- -j 2 --run-dir run --grace 40s 'echo >on-{}; sleep 600 #' ::: 1 2 3
    [[ $exit_code == 102 ]]
    grep -q '^3 tasks: 0 ok, 2 preempted, 1 not started (time limit)' err
    none_lives
}

# Slurm looks every thirty seconds whether to warn, and does so in the half minute before the time that
# it was told: here 15 to 45 seconds after the start.
@test "Slurm's warning, --signal=B:USR1, lets tasks end and starts no more" {
    start_slurm 1
    run_job -t 2 --signal=B:USR1@75 -- -j 1 --run-dir run --grace 0s 'echo {}; sleep 1' \
        ::: $(seq 150)
    [[ $exit_code == 102 ]]
    count=$(lines_of out)
    ((count > 0))
    grep -q "^150 tasks: $count ok, $((150 - count)) not started (SIGUSR1)" err
}

@test "scancel sends SIGTERM to every process: tasks are preempted, and a cancelled job stays so" {
    start_slurm 1
    start_job --requeue -- -j 2 --run-dir run --resume --requeue 'echo >on-{}; sleep 600 #' ::: 1 2 3
    until_true lines 2 on-1 on-2
    slurm scancel "$job"
    until_state "$job" CANCELLED
    until_true none_lives
    cat out err
    grep -q '^3 tasks: 0 ok, 2 preempted, 1 not started (SIGTERM)' err
    sleep 1
    [[ $(job_says "$job" %T) == CANCELLED && $(lines_of runs) == 1 ]]
}

@test "a signal to every process of a step is no end of the tasks' own: they are preempted" {
    start_slurm 1
    slurm env "$mark" timeout 300 srun -n 1 "$NFOLD" tasks -j 2 --run-dir run \
        'echo >on-{}; exec sleep 600 #' ::: 1 2 3 >out 2>err &
    until_true lines 2 on-1 on-2
    slurm scancel --signal=USR1 1
    end_of $!
    cat err
    grep -q '^3 tasks: 0 ok, 2 preempted, 1 not started (SIGUSR1)' err
    [[ $ended == 102 ]]
}

@test "--requeue: the job runs again in the same folder; nothing is lost, nothing done runs twice" {
    start_slurm 1
    start_job --requeue -- -j 2 --run-dir run --resume --requeue \
        'echo {} >>begun; case {} in 3 | 4) [ -e go ] || sleep 600 ;; esac; echo {} >>done; echo {}' \
        ::: 1 2 3 4 5 6
    until_true lines 4 begun
    slurm scancel --batch --signal=TERM "$job"
    until_true grep -q '^6 tasks: 2 ok, 2 preempted, 2 not started (SIGTERM)' err
    : >go
    until_run_again
    until_state "$job" COMPLETED
    cat err
    [[ $(sort done) == $'1\n2\n3\n4\n5\n6' && $(sort out) == $(sort done) ]]
    [[ $(sort begun | tr -d '\n') == 12334456 && $(lines_of runs) == 2 ]]
    grep -q '^6 tasks: 6 ok' err
    "$NFOLD" verify run
}

@test "of an array only the one task of Slurm's is run again" {
    start_slurm 1
    printf '#!/bin/sh\nexec "$NFOLD" tasks --run-dir run-$SLURM_ARRAY_TASK_ID "$@"\n' >job.sh
    sed -i "2i echo >>runs-\$SLURM_ARRAY_TASK_ID" job.sh
    start_job --array=1-2 --requeue -- -j 1 --resume --requeue 'echo >>on-$SLURM_ARRAY_TASK_ID; sleep 600 #' ::: a
    until_true lines 2 on-1 on-2
    # The last task of an array has the number of the array.
    slurm scancel --batch --signal=TERM "${job}_2"
    until_true grep -q '1 preempted' err
    until_true eval '[[ $(job_says "${job}_2" %T) == PENDING ]]'
    cat err
    [[ $(job_says "${job}_1" %T) == RUNNING && $(lines_of runs-1) == 1 ]]
}

@test "a job that may not run again says so" {
    start_slurm 1
    run_job --no-requeue -t 1 -- -j 1 --run-dir run --requeue --grace 40s 'sleep 600 #' ::: 1
    grep -q 'Slurm would not run this job again (scontrol requeue .* failed); continue' err
    grep -q '1 preempted' err
    grep -q 'continue: nfold resume run' err
}

@test "srun -n 4: one says that it was started four times, none runs anything" {
    start_slurm 1
    run slurm timeout 300 srun -n 4 "$NFOLD" tasks 'echo {} >>ran' ::: 1 2
    echo "$output"
    # Who ends a moment later is on a line of his own.
    [[ $status == 2 && ! -e ran && $output == *": Exited with exit code 2"* ]]
    [[ $(grep -c 'srun started this 4 times; start it once' <<<"$output") == 1 ]]
    run slurm timeout 300 srun -n 1 "$NFOLD" tasks -k 'echo ran' ::: 1 2
    [[ $status == 0 && $output == *$'ran 1\nran 2'* ]]
}

@test "slots are the job's processors, not the node's" {
    [[ $(processors) != 1 ]] || skip "needs two processors"
    start_slurm 1
    for request in '-n 1' '-n 1 -c 1'; do
        run_job $request -- 'echo {}' ::: 1 2 3
        grep -q '^3 tasks: 3 ok  *1 slot, ' err
        rm err
    done
    for request in '-n 2' '-n 1 -c 2' '-n 2 -c 1'; do
        run_job $request -- 'echo {}' ::: 1 2 3
        grep -q '^3 tasks: 3 ok  *2 slots, ' err
        rm err
    done
}

@test "nodes of the job that stay idle are told" {
    start_slurm 2
    run_job -N 2 -- 'echo {}' ::: 1
    [[ $exit_code == 0 ]]
    grep -q '^nfold tasks: this job has 2 nodes, and its tasks run on one: node1$' err
    rm err
    run_job -N 1 -- 'echo {}' ::: 1
    ! grep 'nodes' err
}

@test "the job's memory is all that tasks may have together" {
    start_slurm 1
    run_job --mem=200 -- --mem-per-task 300M true ::: 1
    [[ $exit_code == 2 ]]
    grep -q 'a task cannot have 300 MiB: 200 MiB is all that may be used here' err
    rm err
    # Each of the first waits for another one beside it.
    run_job --mem=200 -- -j 4 --mem-per-task 90M \
        'echo {%}; : >on-{#}; until [ -e on-1 ] && [ -e on-2 ]; do sleep 0.1; done; sleep 0.3 #' \
        ::: $(seq 8)
    [[ $exit_code == 0 && $(sort -u out) == $'1\n2' ]]
}

@test "the job's cgroup ends what nfold and its guardian, killed at once, leave behind" {
    { mkdir /sys/fs/cgroup/freezer/nfold-test-$$ && rmdir /sys/fs/cgroup/freezer/nfold-test-$$; } \
        2>/dev/null || skip "no freezer cgroup can be made here"
    slurm_settings=ProctrackType=proctrack/cgroup
    start_slurm 1
    start_job -- -j 2 'setsid sh -c "echo >on-{}; sleep 600" & sleep 600 #' ::: 1 2
    until_true lines 2 on-1 on-2
    kill -9 $(pids_of nfold)
    until_state "$job" FAILED
    until_true none_lives
    rmdir /sys/fs/cgroup/freezer/slurm_node1 2>/dev/null || :
}
