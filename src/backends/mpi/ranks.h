/* ranks.h: what a rank has from its open to its close. */
#ifndef NF_MPI_RANKS_H
#define NF_MPI_RANKS_H

#include <stdatomic.h>

#include "crew.h"
#include "post.h"

struct nf_ranks {
    const struct nfold_engine *engine;
    struct nf_post post;
    struct nf_crew crew;
    unsigned threads;
    unsigned crowd;   /* workers for each processor */
    int is_dynamic;   /* rank 0: the schedule */
    uint64_t *weight; /* rank 0: [size], of --split or by threads; NULL: equal parts */
    char isa[16];
    char library[64]; /* "Open MPI 4.1.4" */
    void *remote;     /* the engine's, of a rank that serves */
    void *memory;     /* that its runs use */
    int has_joined;   /* rank 0 knows that this rank serves */
    int has_ended;    /* rank 0 has said goodbye, or was told so */
    _Atomic int stop; /* a signal handler sets it */
};

#endif
