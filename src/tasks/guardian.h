/* guardian.h: two processes that watch over each other. The guardian owns the process number that
 * the shell knows, passes signals on and waits; the supervisor does the work. When either dies, the
 * other ends every process that is left. */
#ifndef NF_GUARDIAN_H
#define NF_GUARDIAN_H

#include <signal.h>
#include <sys/types.h>

#include "error.h"

#define NF_GUARDIAN_GROUPS 16384

/* Memory that both processes see: what the guardian needs when the supervisor is gone. */
struct nf_guardian_area {
    volatile pid_t group[NF_GUARDIAN_GROUPS]; /* of the task in each slot; 0: none */
    volatile unsigned memory_groups;          /* slots that have a memory cgroup */
};

struct nf_guardian {
    pid_t pid;    /* of the guardian: $PARALLEL_PID */
    int requests; /* non-blocking: a byte a signal that the guardian got; its end: the guardian died
                   */
    sigset_t mask; /* the signal mask that nfold was started with: the tasks' */
    struct nf_guardian_area *area;
};

/* Forks: call it early, while the process is small and has one thread. Returns 0 in the supervisor
 * only. The guardian never returns: it ends as the supervisor does, with the same status or by the
 * same signal. */
int nf_guardian_start(struct nf_guardian *guardian, nfold_error *err);
void nf_guardian_clear(struct nf_guardian *guardian); /* in the supervisor */

#endif
