/* run.h: one execution of a plan: who gets which chunks, what was merged, what failed first. The
 * functions that a backend may call are the table nf_engine. */
#ifndef NF_RUN_H
#define NF_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "buffer.h"
#include "checkpoint.h"
#include "executor.h"
#include "known.h"
#include "pieces.h"
#include "place.h"
#include "upgrade.h"

extern const struct nfold_engine nf_engine;

/* Less work than this is not worth another worker, or another look at shared memory. */
#define NF_SHARE_SECONDS 50e-6

/* One worker's own notes; a cache line apart from the others'. No pointers: it may be in memory
 * that processes share. */
struct nf_run_worker {
    _Alignas(128) double first_claim; /* clock; 0: none yet */
    double last_claim;
    double busy;
    double seconds_each; /* one chunk, lately; 0: unknown */
    uint64_t pending;    /* chunks of the last claim */
    uint64_t chunks, claims, native_chunks;
    double cpu;      /* of a worker process; the caller's own is not in it */
    double start_up; /* what a backend says of it */
    uint64_t memory;
    unsigned restarts;
    struct nf_watch watch;
    nf_place place;
    unsigned moves; /* to another processor, in this run */
};

/* What a worker computes with: of this process alone. */
struct nf_run_hand {
    struct nf_executor *executor; /* the context's; prepared at the first claim */
    int is_prepared;
};

/* What all workers touch, in whatever process they are. */
struct nf_run_shared {
    _Alignas(128) _Atomic uint64_t next; /* the first chunk that nobody has claimed */
    _Alignas(
        128) _Atomic uint64_t limit; /* from here on chunks are not wanted: lowered by a failure */
    _Atomic int ends_taken;
    _Atomic int ends_failed;
    _Atomic double seconds_each; /* one chunk, lately, on any worker; 0: unknown */
    _Atomic int stop;            /* for workers in other processes */
};

/* The lowest failure that a worker in another process met. */
struct nf_run_mishap {
    _Atomic int is_there;
    struct nf_failure failure;
};

struct nfold_run {
    struct nf_order_job job;
    unsigned workers;
    struct nf_run_worker *worker; /* [workers]: own_worker, or in shared memory */
    struct nf_run_worker *own_worker;
    struct nf_run_hand *hand;       /* [workers] */
    struct nf_executor **executors; /* [workers], the context's */
    struct nf_upgrade *upgrade;
    struct nf_run_shared *shared; /* own, or in shared memory */
    struct nf_run_mishap
        *mishap; /* [workers] in shared memory; NULL: this process has all workers */
    const _Atomic int *caller_stop; /* the context's */
    double started;
    double cost_seconds;         /* of a chunk, as the body says; 0: unknown */
    double cpu_started;          /* of a worker process */
    struct nfold_body *deferred; /* the job's body where another process may make it; or NULL */
    _Atomic uint64_t *items_done;
    struct nf_known known;            /* done before this run */
    struct nf_checkpoint *checkpoint; /* the context's, or NULL */
    struct nfold_buffer note;         /* the backend's, for the report */
    struct nfold_rank_report *rank;   /* [ranks], for the report; NULL: none */
    unsigned ranks;
    uint64_t items_elsewhere; /* of ranks: in *items_done, but not merged */
    struct nf_run_shared own;
    _Atomic unsigned lost_count;

    _Alignas(128) pthread_mutex_t lock; /* guards all below */
    struct nf_pieces pieces;
    uint64_t unwanted; /* of ranks: chunks from here on are not wanted, whatever part is confined */
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
    struct nf_checkpoint *checkpoint; /* or NULL */
    struct nfold_body *deferred;      /* the job's body where it is still to be made; or NULL */
};

/* On failure *run may be there: destroy it in any case. */
int nf_run_create(struct nfold_run **run, const struct nf_run_settings *settings, nfold_error *err);
void nf_run_destroy(struct nfold_run *run);
/* Before the first claim: these ranges are done, by an earlier run. They ascend. */
int nf_run_skip(struct nfold_run *run, const struct nfold_range *known, unsigned count);
/* Sets what all workers see to a beginning; of memory that is zero. */
void nf_run_begin(struct nfold_run *run);
/* Keeps the lowest failure of all; from any worker of this process. */
void nf_run_keep_failure(struct nfold_run *run, const struct nf_failure *failure);
/* After the backend returned: the root of the tree, or the lowest failure, or NFOLD_E_STOPPED. */
int nf_run_finish(struct nfold_run *run, struct nfold_node *root, double *step_error,
                  nfold_error *err);

#endif
