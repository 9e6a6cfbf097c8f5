/* worker.h: what a worker process is given, and its life. */
#ifndef NF_PROCESSES_WORKER_H
#define NF_PROCESSES_WORKER_H

#include "area.h"

struct nf_worker_start {
    const struct nfold_engine *engine;
    struct nf_area *area;
    unsigned number;
    int socket, bell, lifeline;
    struct nfold_run *run; /* inherited by fork; or NULL */
};

/* Never returns: ends when the caller closes the socket, or dies. */
_Noreturn void nf_worker_live(const struct nf_worker_start *start);

#endif
