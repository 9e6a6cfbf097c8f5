#!/bin/bash
# A night's run of many inputs that may need several jobs: sbatch examples/night.sh
# Whatever is not done when the time is over is done by the next job; what is ok never runs again.
#SBATCH --job-name=night
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=40
#SBATCH --time=08:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120

# exec: the signal goes to nfold itself. --need is what a task needs; none is started later than
# that before the end. --resume does no harm in the first job.
exec nfold tasks --run-dir night1 --resume ${SLURM_JOB_ID:+--requeue} \
    --need 20m --timeout 1h --retries 2 --retry-on signalled,oom \
    'python3 examples/multi-task.py {}' ::: $(seq 1 12)
