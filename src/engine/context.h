/* context.h: what the rooms above may ask of a context beside nfold.h. */
#ifndef NF_CONTEXT_H
#define NF_CONTEXT_H

#include <nfold/backend.h>

/* nfold_open with a backend that need not be in the registry. workers: 0 for the options' or this
 * machine's number. */
int nf_context_open(nfold_context **context, const nfold_backend *backend, unsigned workers,
                    const nfold_options *options, nfold_error *err);

/* How many workers its backend has: fewer than asked for where it cannot have more. */
unsigned nf_context_workers(const nfold_context *context);

/* Of the run that is going on: items that a checkpoint held before it. */
uint64_t nf_context_items_continued(const nfold_context *context);

#endif
