/* report.h: what a run measured about itself becomes a nfold_report. */
#ifndef NF_REPORT_H
#define NF_REPORT_H

#include "run.h"

struct nf_report_facts {
    const struct nfold_run *run; /* NULL: nothing ran (a = b) */
    const struct nf_plan *plan;
    const char *backend, *isa, *native, *note;
    int is_user_code;
    unsigned workers_asked;
    struct nfold_node root;
    double value, step_error;
    uint64_t items_done;
    const char *checkpoint; /* its file, or NULL */
    const struct nf_checkpoint_facts *kept;
    double start, end, cpu, compile; /* start and end by the clock, compiling not between them */
};

/* NULL: out of memory. */
nfold_report *nf_report_create(const struct nf_report_facts *facts);

#endif
