/* backend.h: the contract of a backend: who executes the chunks of a run.
 *
 * A backend is one file (or a loadable module) with one const table and one word in
 * src/backends/meson.build; src/backends/skeleton.c is the guide. It decides who calls the engine's
 * functions, and nothing else: what a chunk is, how it is folded and what the answer is belong to
 * the engine. Modules never link libnfold: everything they may call is in struct nfold_engine.
 */
#ifndef NFOLD_BACKEND_H
#define NFOLD_BACKEND_H

#include <nfold/body.h>

#define NFOLD_BACKEND_ABI 1

struct nfold_run; /* one execution of a work; opaque */

/* Chunks first … first+count-1. */
struct nfold_range {
    uint64_t first, count;
};

/* A node of the tree of the order: an aligned power of two of chunks, folded. 16 bytes.
 * SUM: hi, lo. PROD: mantissa, exponent. MIN, MAX, COUNT: hi the value; lo as struct nfold_lanes. */
struct nfold_node {
    double hi, lo;
};

#define NFOLD_FRAGMENT_NODES 108 /* 2·log2 of 2^53 chunks, and room to merge */

/* What travels between workers: the folded values of a contiguous range of chunks, as its maximal
 * aligned subtrees from left to right, and what the report needs beside them. No pointers. */
struct nfold_fragment {
    struct nfold_range chunks;
    double even_hi, even_lo; /* trapezoid: the sum of the even items, for the step error */
    uint32_t node_count;
    struct nfold_node node[NFOLD_FRAGMENT_NODES];
};

/* What the engine gives a backend. worker is 0 … workers-1; worker 0 is the caller of run(). */
struct nfold_engine {
    unsigned abi;
    /* Takes the next chunks for a worker: 1, or 0 when nothing is left (done, failed or stopped).
     * Lock-free, ascending, batches worth about 50 us or more. */
    int (*claim)(struct nfold_run *run, unsigned worker, struct nfold_range *chunks);
    /* Executes them in the best form compiled so far into *fragment. < 0: failed or stopped, err is
     * filled, fragment holds the chunks before the one that failed. */
    int (*execute)(struct nfold_run *run, unsigned worker, struct nfold_range chunks,
                   struct nfold_fragment *fragment, nfold_error *err);
    /* Hands a fragment in; from any worker; blocks for less than a microsecond. */
    void (*merge)(struct nfold_run *run, unsigned worker, const struct nfold_fragment *fragment);
    /* These chunks were claimed and will not be executed: to be claimed again. */
    void (*lost)(struct nfold_run *run, struct nfold_range chunks, const char *cause);
    /* claim, execute, merge until nothing is left: what a worker in this address space does.
     * The first failure is kept by the run; returns 0 or the code. */
    int (*work)(struct nfold_run *run, unsigned worker);
    /* Estimated seconds of work left on one worker; < 0: unknown. */
    double (*left)(const struct nfold_run *run);
    /* How many workers the run wants at most, this one included. */
    unsigned (*workers)(const struct nfold_run *run);
    /* Everything another process, rank or device needs to make an equal run. */
    int (*describe)(struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err);
    /* Monotonic seconds. */
    double (*now)(void);
};

typedef struct nfold_backend {
    unsigned abi;              /* NFOLD_BACKEND_ABI */
    const char *name;          /* "threads": the word users type */
    const char *summary;       /* one line for `nfold info` */
    unsigned forms;            /* enum nfold_form: what it can run */
    unsigned same_memory;      /* its workers see the caller's memory */
    size_t state_size;         /* the engine allocates it, zeroed */
    const struct nf_option *options; /* rows ended by a zero row (optional) */
    /* Can it run here? No side effects; on < 0 err says why not and what to do. (optional) */
    int (*probe)(nfold_error *err);
    /* Makes the workers, which outlive runs. workers: asked for, >= 1; returns how many there are, or < 0. */
    int (*open)(void *self, const struct nfold_engine *engine, unsigned workers,
                const nfold_options *options, nfold_error *err);
    /* Blocks until every chunk is merged, or the run failed or was stopped. */
    int (*run)(void *self, struct nfold_run *run, nfold_error *err);
    /* Async-signal-safe; the engine's own stop flag is already set. (optional) */
    void (*stop)(void *self);
    void (*close)(void *self);
} nfold_backend;

#endif
