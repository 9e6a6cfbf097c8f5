/* memory_limit.h: --mem-per-task: a task starts only where that much memory is free, and is ended
 * when it takes more; by the kernel where we may make cgroups, otherwise by looking ten times a
 * second. Also what tells a task that the kernel killed for memory. */
#ifndef NF_MEMORY_LIMIT_H
#define NF_MEMORY_LIMIT_H

#include "attempt.h"
#include "memory_group.h"
#include "option.h"

#define NF_MEMORY_LOOK_SECONDS 0.05

struct nf_memory_limit {
    uint64_t limit; /* of a task; 0: none, and nothing is looked at */
    pid_t run;
    struct nf_memory_group *group; /* one a slot; NULL: by looking */
    unsigned slots;
    int is_grouped;
    unsigned long long kills; /* of the kernel, seen so far */
};

/* slots: 0: it is not known how many, and none has a cgroup. NFOLD_E_VALUE: more than the machine, or our cgroup, has. */
int nf_memory_limit_open(struct nf_memory_limit *memory, const nfold_options *options,
                         unsigned slots, pid_t run, nfold_error *err);
void nf_memory_limit_close(struct nf_memory_limit *memory);
/* What another try after an oom may take: factor times as much, not more than there is. */
uint64_t nf_memory_limit_raise(const struct nf_memory_limit *memory, uint64_t before,
                               double factor);
/* 1 if a task with this limit may start beside those that run. */
int nf_memory_limit_admits(const struct nf_memory_limit *memory, uint64_t limit,
                           const struct nf_attempt *attempts, unsigned count);
/* Before a start: *processes is the cgroup.procs to join, or -1. */
void nf_memory_limit_begin(struct nf_memory_limit *memory, struct nf_attempt *attempt,
                           int *processes);
/* Measures a running task: 1 if it is above its limit. */
int nf_memory_limit_look(const struct nf_memory_limit *memory, struct nf_attempt *attempt);
/* After its end: its peak; result becomes oom if memory was what ended it. */
void nf_memory_limit_end(struct nf_memory_limit *memory, struct nf_attempt *attempt,
                         struct nf_task_result *result);

#endif
