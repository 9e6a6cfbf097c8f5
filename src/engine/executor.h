/* executor.h: what one worker computes chunks with: its blocks, its scratch and its pace. */
#ifndef NF_EXECUTOR_H
#define NF_EXECUTOR_H

#include <stdatomic.h>

#include "fragment.h"
#include "order.h"
#include "pace.h"

/* Signs of life of a worker in another process, for those who watch it. Written with relaxed
 * stores: a reader of a living worker wants the beats only, and one of a dead worker sees all. */
struct nf_watch {
    _Atomic uint64_t beats; /* calls of the body */
    _Atomic uint64_t item;  /* of the latest call, when careful */
    _Atomic double x;
    _Atomic int is_careful; /* set before chunks are executed */
};

/* What all workers of a run share and only read. */
struct nf_order_job {
    const struct nf_plan *plan;
    const struct nfold_body *body;
    const struct nf_order_loops *loops;
    const _Atomic int *stop;       /* set: give up soon */
    const _Atomic uint64_t *limit; /* chunks from here on are not wanted any more */
    unsigned crowd;                /* workers for each processor; more than 1: they take turns */
    const char *isa;               /* of loops */
};

/* Why and where a claim ended early. */
struct nf_failure {
    int code;
    int is_first_item; /* item 0, as one of the ends: the lowest of all */
    uint64_t place;    /* 0 for item 0, else 1 + the chunk: the lowest place is reported */
    nfold_error err;
};

struct nf_executor {
    double x[NF_BLOCK_ITEMS] NFOLD_ALIGNED;
    double y[NF_BLOCK_ITEMS] NFOLD_ALIGNED;
    double part_x[NF_BLOCK_ITEMS] NFOLD_ALIGNED;
    double part_y[NF_BLOCK_ITEMS] NFOLD_ALIGNED;
    double padded[NF_BLOCK_ITEMS] NFOLD_ALIGNED; /* a small chunk; +0 beyond it */
    double base[NFOLD_LANES] NFOLD_ALIGNED;
    struct nf_fold fold;
    struct nfold_lanes together[NF_TOGETHER]; /* of chunks by native code */
    struct nf_order_job job;
    void *scratch;
    size_t scratch_size;
    struct nf_pace pace;
    int is_paced;
    int is_careful;         /* one item a call, each noted before it is tried */
    uint64_t item;          /* the first of the next call, when careful */
    struct nf_watch *watch; /* NULL: nobody watches */
    uint64_t native_chunks;
};

/* NULL: out of memory. An executor outlives runs; it is prepared for each. */
struct nf_executor *nf_executor_create(void);
void nf_executor_destroy(struct nf_executor *executor); /* NULL is fine */
int nf_executor_prepare(struct nf_executor *executor, const struct nf_order_job *job,
                        nfold_error *err);

/* Folds chunks into *fragment (started anew). now: the clock. kernel: native code for whole chunks,
 * or NULL. On < 0 fragment holds the chunks before the one that failed; NFOLD_E_STOPPED: told to
 * stop, or the rest is not wanted. */
int nf_executor_run(struct nf_executor *executor, struct nfold_range chunks, double now,
                    nfold_kernel_fn *kernel, struct nfold_fragment *fragment,
                    struct nf_failure *failure);

/* One whole chunk of plain items as its lanes, by call and by kernel: to be compared. Returns 1 if
 * a bit differs, 0 if none does, < 0 on failure. */
int nf_executor_compare(struct nf_executor *executor, uint64_t chunk, nfold_kernel_fn *kernel,
                        nfold_error *err);

#endif
