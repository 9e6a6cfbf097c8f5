/* processes.h: the way into a worker that was started as a program of its own. */
#ifndef NF_PROCESSES_H
#define NF_PROCESSES_H

#include <nfold/backend.h>

/* The life of a worker process whose caller's socket is file 3. Returns only if nobody called it:
 * NFOLD_E_USAGE. */
int nf_processes_serve(const struct nfold_engine *engine, nfold_error *err);

#endif
