/* task_environment.h: the variables that a task has: ours, without those of the launcher that
 * started us, and with what its slot says. Made once a slot; only the task's number changes. */
#ifndef NF_TASK_ENVIRONMENT_H
#define NF_TASK_ENVIRONMENT_H

#include <stdint.h>
#include <sys/types.h>

#include "slot.h"

struct nf_task_environment {
    char **envp; /* ended by NULL; what is unchanged points into the process's own */
    char *storage;
    char *sequence; /* the digits of PARALLEL_SEQ=…, in storage */
};

/* pid: $PARALLEL_PID. slot_variable: --process-slot-var, or NULL. */
int nf_task_environment_make(struct nf_task_environment *environment, char *const *ours,
                             const struct nf_slot *slot, pid_t pid, const char *slot_variable,
                             nfold_error *err);
void nf_task_environment_sequence(struct nf_task_environment *environment, uint64_t sequence);
void nf_task_environment_clear(struct nf_task_environment *environment);

#endif
