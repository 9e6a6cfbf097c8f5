/* halt.h: --halt: when a run ends before its input does, and with what exit status. As GNU parallel
 * has it. */
#ifndef NF_HALT_H
#define NF_HALT_H

#include "error.h"
#include "task.h"

enum nf_halt_when { NF_HALT_NEVER, NF_HALT_SOON, NF_HALT_NOW };
enum nf_halt_why { NF_HALT_FAIL, NF_HALT_SUCCESS, NF_HALT_DONE };

struct nf_halt {
    enum nf_halt_when when;
    enum nf_halt_why why;
    double limit; /* tasks, or a share of all of them */
    int is_share;
    uint64_t failed, ended;
    int is_reached, status; /* status: the exit status once it is reached */
};

/* "never", "now,fail=1", "soon,success=3", "now,done=10%", and the short forms 0 1 2 -1 -2 5%. */
int nf_halt_read(struct nf_halt *halt, const char *text, nfold_error *err);
/* A task ended for good. total: of tasks, 0 while it is not known: then shares are not reached.
 * What is to be done from now on. */
enum nf_halt_when nf_halt_note(struct nf_halt *halt, const struct nf_task_result *result,
                               uint64_t total);

/* The exit status of a run that a share did not end: how many in a hundred failed. */
int nf_halt_share(const struct nf_halt *halt);

#endif
