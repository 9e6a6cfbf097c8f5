/* guardian.h: two processes that watch over each other. The guardian owns the process number that
 * the shell knows, passes signals on and waits; the supervisor does the work. When either dies, the
 * other ends every process that is left. */
#ifndef NF_GUARDIAN_H
#define NF_GUARDIAN_H

#include <signal.h>
#include <sys/types.h>

#include "error.h"

/* Process groups of the tasks that run, a slot each, in memory that both processes see. */
#define NF_GUARDIAN_GROUPS 16384

struct nf_guardian {
    pid_t pid;    /* of the guardian: $PARALLEL_PID */
    int requests; /* non-blocking: a byte a signal that the guardian got; its end: the guardian died
                   */
    sigset_t mask;         /* the signal mask that nfold was started with: the tasks' */
    volatile pid_t *group; /* NF_GUARDIAN_GROUPS; 0: no task runs there */
};

/* Forks: call it early, while the process is small and has one thread. Returns 0 in the supervisor
 * only. The guardian never returns: it ends as the supervisor does, with the same status or by the
 * same signal. */
int nf_guardian_start(struct nf_guardian *guardian, nfold_error *err);
void nf_guardian_clear(struct nf_guardian *guardian); /* in the supervisor */

#endif
