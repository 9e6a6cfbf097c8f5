/* context.h: what the rooms above may ask of a context beside nfold.h. */
#ifndef NF_CONTEXT_H
#define NF_CONTEXT_H

#include <nfold/backend.h>

#include "checkpoint.h"

/* nfold_open with a backend that need not be in the registry. workers: 0 for the options' or this
 * machine's number. */
int nf_context_open(nfold_context **context, const nfold_backend *backend, unsigned workers,
                    const nfold_options *options, nfold_error *err);

/* The options of nfold_options_create, as if no variable were set. */
int nf_context_options(nfold_options **options, nfold_error *err);

/* Of a backend whose processes a launcher started: takes part in the runs of rank 0 until that one
 * has no more; < 0 where they failed for all. */
int nf_context_serve(nfold_context *context, nfold_error *err);
/* No run will come of this process: tells the others why. Then close the context. */
void nf_context_abandon(nfold_context *context, const nfold_error *err);

/* How many workers its backend has: fewer than asked for where it cannot have more. */
unsigned nf_context_workers(const nfold_context *context);

/* Told once a run, from any of its threads, that its checkpoint cannot be written for now. */
void nf_context_watch_checkpoint(nfold_context *context, nf_checkpoint_say *say, void *user);

/* Of the run that is going on: items that a checkpoint held before it. */
uint64_t nf_context_items_continued(const nfold_context *context);

#endif
