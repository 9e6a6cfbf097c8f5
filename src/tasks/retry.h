/* retry.h: which ends are tried again, and the tasks that wait for it. */
#ifndef NF_RETRY_H
#define NF_RETRY_H

#include "option.h"
#include "task.h"

struct nf_retry_wait {
    struct nf_task task;
    double due;      /* monotonic */
    uint64_t memory; /* what --mem-per-task is for this try; 0: as for all */
};

struct nf_retry {
    double tries;      /* in all; infinity: until it works */
    double delay;      /* before the second; twice that before the third */
    unsigned statuses; /* a bit a status; all failures by default */
    uint8_t exits[32]; /* a bit an exit code */
    int has_exits;
    double memory_factor; /* --retry-mem; 0: as before */
    struct nf_retry_wait *wait;
    size_t count, capacity;
};

/* Options retries, retry-on, retry-delay, retry-mem. */
int nf_retry_open(struct nf_retry *retry, const nfold_options *options, nfold_error *err);
void nf_retry_close(struct nf_retry *retry);
/* 1 if an attempt that ended so is to be tried again. */
int nf_retry_wants(const struct nf_retry *retry, const struct nf_task *task,
                   const struct nf_task_result *result);
/* Takes the task, whose attempt that was. is_free: the try that ended does not count (it was ended
 * for others' sake). On failure the task is cleared. */
int nf_retry_put(struct nf_retry *retry, struct nf_task *task, uint64_t memory, double now,
                 int is_free, nfold_error *err);
/* Gives the one that has been due longest: 1, or 0: none is due now. */
int nf_retry_take(struct nf_retry *retry, double now, struct nf_task *task, uint64_t *memory);
/* When the next one is due; infinity: none waits. */
double nf_retry_due(const struct nf_retry *retry);

#endif
