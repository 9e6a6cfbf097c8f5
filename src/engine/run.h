/* run.h: one execution of a plan: who gets which chunks, what was merged, what failed first. The
 * functions that a backend may call are the table nf_engine. */
#ifndef NF_RUN_H
#define NF_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "executor.h"
#include "pieces.h"
#include "upgrade.h"

extern const struct nfold_engine nf_engine;

/* Less work than this is not worth another worker, or another look at shared memory. */
#define NF_SHARE_SECONDS 50e-6

/* One worker's own notes; a cache line apart from the others'. */
struct nf_run_worker {
    _Alignas(128) struct nf_executor *executor; /* the context's; prepared at the first claim */
    int is_prepared;
    double first_claim, last_claim; /* clock; 0: none yet */
    double busy;
    double seconds_each; /* one chunk, lately; 0: unknown */
    uint64_t pending;    /* chunks of the last claim */
    uint64_t chunks, claims;
};

struct nfold_run {
    struct nf_order_job job;
    unsigned workers;
    struct nf_run_worker *worker;   /* [workers] */
    struct nf_executor **executors; /* [workers], the context's */
    struct nf_upgrade *upgrade;
    double started;
    double cost_seconds; /* of a chunk, as the body says; 0: unknown */
    _Atomic uint64_t *items_done;

    _Alignas(128) _Atomic uint64_t next; /* the first chunk that nobody has claimed */
    _Alignas(
        128) _Atomic uint64_t limit; /* chunks from here on are not wanted: lowered by a failure */
    _Atomic int ends_taken;
    _Atomic unsigned lost_count;
    _Atomic double seconds_each; /* one chunk, lately, on any worker; 0: unknown */

    _Alignas(128) pthread_mutex_t lock; /* guards all below */
    struct nf_pieces pieces;
    struct nfold_range *lost;
    unsigned lost_capacity;
    struct nf_failure failure; /* the lowest; code 0: none */
};

struct nf_run_settings {
    struct nf_order_job job; /* .limit is the run's own and ignored */
    unsigned workers;
    struct nf_executor **executors;
    struct nf_upgrade *upgrade;
    _Atomic uint64_t *items_done;
};

int nf_run_create(struct nfold_run **run, const struct nf_run_settings *settings, nfold_error *err);
void nf_run_destroy(struct nfold_run *run);
/* After the backend returned: the root of the tree, or the lowest failure, or NFOLD_E_STOPPED. */
int nf_run_finish(struct nfold_run *run, struct nfold_node *root, double *step_error,
                  nfold_error *err);

#endif
