/* task.h: one command of a run: what it is, and what became of it. */
#ifndef NF_TASK_H
#define NF_TASK_H

#include <stddef.h>
#include <stdint.h>

/* name as journal, logs and JSON say it; the word of the summary */
#define NF_TASK_STATUSES(X)                                                                        \
    X(OK, "ok")                                                                                    \
    X(FAILED, "failed")           /* it ended with an exit code other than 0 */                    \
    X(SIGNALLED, "signalled")     /* a signal that was not ours ended it */                        \
    X(TIMEOUT, "timeout")         /* --timeout ended it */                                         \
    X(OOM, "oom")                 /* its memory limit, or the kernel's, ended it */                \
    X(CUT, "cut")                 /* nfold ended it: halt, Ctrl-C twice, or nfold itself died */   \
    X(PREEMPTED, "preempted")     /* ended or never begun because the job's time was over */       \
    X(NOT_STARTED, "not-started") /* halt, drain or time limit came first */

enum nf_task_status {
#define NF_TASK_STATUS_ENUM(name, text) NF_TASK_##name,
    NF_TASK_STATUSES(NF_TASK_STATUS_ENUM)
#undef NF_TASK_STATUS_ENUM
        NF_TASK_STATUS_COUNT
};

const char *nf_task_status_name(enum nf_task_status status);
/* The status of that name, or -1. */
int nf_task_status_find(const char *name);

/* hash(template, input values, occurrence number among equals): what a task is, wherever its line
 * stands in the input. {#}, {%}, folder and environment are never in it. */
struct nf_identity {
    uint64_t word[2];
};

/* One task before it has a slot. values are byte strings without zero bytes; with --header, name i
 * belongs to value i. Owned: nf_task_clear. */
struct nf_task {
    uint64_t sequence; /* {#}: from 1, counted over all tasks that the input gives */
    unsigned value_count;
    char **values;
    unsigned
        record_count; /* how many input records are packed into it (-N -n -L -X -m); 1 otherwise */
    struct nf_identity identity; /* set by the record */
    unsigned attempt;            /* 1: the first try of this run */
};

void nf_task_clear(struct nf_task *task);

/* How one attempt ended. */
struct nf_task_result {
    enum nf_task_status status;
    int exit_code;  /* 0 … 255; -1: killed by us (as GNU parallel's joblog says it) */
    int signal;     /* 0: none */
    unsigned slot;  /* {%}: from 1 */
    double began;   /* seconds of the epoch */
    double seconds; /* monotonic */
    double user_seconds, system_seconds; /* rusage of the task and the children it waited for */
    double first_output; /* seconds from the start to its first byte of output; < 0: none */
    uint64_t peak_bytes; /* of memory; 0: not known */
    uint64_t out_bytes, err_bytes;
    uint64_t output_at; /* its last frame in the run's container; 0: none */
    int is_final; /* 0: it will be tried again */
};

#endif
