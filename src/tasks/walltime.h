/* walltime.h: when the Slurm job ends, and what must not begin before. */
#ifndef NF_WALLTIME_H
#define NF_WALLTIME_H

#include <sys/types.h>

#include "option.h"

struct nf_statistics;

struct nf_walltime {
    double end;               /* monotonic; infinity: there is none, or it is not known (yet) */
    double grace;             /* what runs is asked to end that long before */
    double need;              /* of a task; NaN: learned */
    double asked_at, ask_due; /* when Slurm was asked last, and is to be asked again */
    double wait_until;        /* how long the answer decides whether a task may start */
    pid_t asked;              /* squeue, which knows when the job ends; 0: it need not be asked */
    int answer;               /* its stdout, non-blocking; -1 */
};

/* Reads SLURM_JOB_END_TIME, or starts to ask squeue, which may take minutes on a busy cluster.
 * epoch, now: the same moment by both clocks; whatever the epoch does later does not matter. */
int nf_walltime_open(struct nf_walltime *walltime, const nfold_options *options, double epoch,
                     double now, nfold_error *err);
/* Asks once more, because the limit of a job can be changed while it runs. 1: answer is to be
 * watched; 0: what is known is fresh enough, or there is nobody to ask. */
int nf_walltime_ask_again(struct nf_walltime *walltime, double now);
/* > 0: no task may start until the answer is there, or until then. */
double nf_walltime_awaited(const struct nf_walltime *walltime, double now);
/* The answer is there. */
void nf_walltime_answered(struct nf_walltime *walltime, double now);
/* "1-02:03:04", "10:00", "59": seconds; NaN: none of these (UNLIMITED, INVALID). */
double nf_walltime_read_left(const char *text);
/* When what runs is asked to end. */
double nf_walltime_stop(const struct nf_walltime *walltime);
/* 1 if a task that starts now may be expected to end in time. */
int nf_walltime_admits(const struct nf_walltime *walltime, const struct nf_statistics *statistics,
                       double now);
void nf_walltime_close(struct nf_walltime *walltime);

/* --requeue: asks Slurm to run this job again; Slurm ends us soon after. Call it when the record is
 * safe on disk. may_be_cancelled: looks first; 0: Slurm is ending the job, and was not asked. */
int nf_walltime_requeue(int may_be_cancelled, nfold_error *err);

#endif
