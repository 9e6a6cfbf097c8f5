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

#define NFOLD_HOST_SIZE 64

/* What one rank of a run did. Times in seconds; no pointers. */
struct nfold_rank_report {
    char host[NFOLD_HOST_SIZE], library[NFOLD_HOST_SIZE]; /* "Open MPI 4.1.4" */
    unsigned threads;
    double busy;          /* the sum of its threads' */
    double start;         /* from the start of the run to its first claim */
    double span;          /* from its first claim to its last */
    double cpu;           /* of this run */
    double communication; /* in calls of MPI */
    double waiting;       /* for others, with nothing left to do */
    uint64_t chunks, claims, native_chunks;
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

    /* Workers in other address spaces that share a piece of memory with the caller. The caller
     * makes the run and merges; a worker claims and executes by itself, in a run of its own. */

    /* Of the body: enum nfold_trait. */
    unsigned (*traits)(const struct nfold_run *run);
    /* Bytes that a run of so many workers keeps in the shared memory. */
    size_t (*share_size)(unsigned workers);
    /* Before the first claim: moves there what workers must see. memory: zeroed, aligned to 128,
     * valid until the run ends. */
    void (*share)(struct nfold_run *run, void *memory);
    /* In a worker that was forked during the run: makes the inherited run usable there. */
    void (*inherit)(struct nfold_run *run);
    /* In any other worker: an equal run from what describe wrote. *remote keeps the body and its
     * native code for the next call; begin with NULL, end with detach. */
    int (*attach)(void **remote, struct nfold_run **run, const void *description, size_t size,
                  void *memory, unsigned workers, nfold_error *err);
    void (*detach)(void *remote); /* NULL is fine */
    /* The object of native code that was made meanwhile, the run's: 1, or 0 if there is none. */
    int (*native_object)(struct nfold_run *run, const void **object, size_t *size);
    /* In a worker: takes up native code. A failure is not the run's: it goes on without. */
    int (*native_load)(struct nfold_run *run, const void *object, size_t size, nfold_error *err);
    /* By the caller, every few milliseconds: passes a stop on and starts to compile when that pays.
     * Returns 1 once the run was stopped. */
    int (*tend)(struct nfold_run *run);
    /* Before other chunks are executed: one item a call, each noted before it is tried. */
    void (*careful)(struct nfold_run *run, unsigned worker, int is_careful);
    /* Calls of the body so far, and the item of the latest when careful. 0: the worker wrote none. */
    uint64_t (*pulse)(const struct nfold_run *run, unsigned worker, uint64_t *item);
    /* The first chunks in [*gap] that somebody claimed, are still wanted and were not merged: 1. */
    int (*gap)(const struct nfold_run *run, struct nfold_range *gap);
    /* The chunk of a worker that died, at the item it had noted: the run fails there.
     * what: "killed its worker twice (SIGSEGV)"; detail: whole lines, or "". */
    void (*poisoned)(struct nfold_run *run, unsigned worker, uint64_t chunk, const char *what,
                     const char *detail);
    /* A worker starts anew in the place of a dead one. */
    void (*restart)(struct nfold_run *run, unsigned worker);
    /* In a worker with nothing to do: books its processor time. */
    void (*rest)(struct nfold_run *run, unsigned worker);
    /* For the report: one sentence; and what a worker cost. */
    void (*note)(struct nfold_run *run, const char *sentence);
    void (*note_worker)(struct nfold_run *run, unsigned worker, double start_up, uint64_t memory,
                        unsigned restarts);

    /* Ranges that an earlier run has done (docs/design/checkpoint.md). */

    /* They ascend and are never claimed; returns how many. *known is valid until the run ends. */
    unsigned (*known)(const struct nfold_run *run, const struct nfold_range **known);
    /* Before the first claim, in a process that does not merge: what known says in the one that
     * does. A run that attach made knows them already. */
    int (*skip)(struct nfold_run *run, const struct nfold_range *known, unsigned count);
    /* Seconds after which what is merged elsewhere should be handed in, for a checkpoint; 0: there
     * is none. It grows during a run. */
    double (*keep_every)(const struct nfold_run *run);

    /* Ranks: every process makes an equal run (its own, or with attach) and executes a part of it
     * through an inner backend, whose workers are the run's. Rank 0 gathers the fragments. */

    /* Before anything else of a run: a stop comes from halt, or from tend. crowd: workers for each
     * processor. */
    void (*spread)(struct nfold_run *run, unsigned crowd);
    /* An inner backend by name; inner_run blocks until the part is executed. */
    int (*inner_open)(void **inner, const char *name, unsigned workers,
                      const nfold_options *options, nfold_error *err);
    int (*inner_run)(void *inner, struct nfold_run *run, nfold_error *err);
    void (*inner_close)(void *inner); /* NULL is fine */
    /* 1: the run's body is still to be made: rank 0 makes it and describes the run. */
    int (*lacks_body)(const struct nfold_run *run);
    /* Makes it from that description, before the first claim. */
    int (*take_body)(struct nfold_run *run, const void *description, size_t size,
                     nfold_error *err);
    /* What all ranks must agree on, as text; of a function of the user's its name. */
    int (*identity)(const struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err);
    /* The chunks of the run, its ends not counted. */
    uint64_t (*chunks)(const struct nfold_run *run);
    /* Between two calls of inner_run: claims are of these chunks from now on. has_ends 0: the ends of
     * an integral are another process's to claim. */
    void (*confine)(struct nfold_run *run, struct nfold_range chunks, int has_ends);
    /* Seconds that one chunk takes all workers; 0: unknown. */
    double (*each)(const struct nfold_run *run);
    /* Takes a merged fragment out of the run: 1, or 0 when there is none. */
    int (*take)(struct nfold_run *run, struct nfold_fragment *fragment);
    /* Another rank's fragment: 1 merged, 0 if it does not fit the run. */
    int (*accept)(struct nfold_run *run, const struct nfold_fragment *fragment);
    /* The fragment of all claims: 1, or 0 while some are missing. */
    int (*whole)(struct nfold_run *run, struct nfold_fragment *fragment);
    /* In the place of all that was merged here; 0 if it does not fit. */
    int (*conclude)(struct nfold_run *run, const struct nfold_fragment *whole);
    /* The lowest failure so far: 1, or 0. place orders failures of all ranks. */
    int (*failure)(struct nfold_run *run, uint64_t *place, nfold_error *err);
    /* A failure on another rank; chunks above it are not wanted any more. err may be NULL: then it is
     * only known that there is one. */
    void (*fail)(struct nfold_run *run, uint64_t place, const nfold_error *err);
    void (*halt)(struct nfold_run *run);
    /* Items done; and how many of them are those of others that have not handed them in. */
    uint64_t (*items_done)(const struct nfold_run *run);
    void (*items_elsewhere)(struct nfold_run *run, uint64_t items);
    /* For the report: what this process did; and what each rank did, on rank 0. */
    void (*sum_up)(const struct nfold_run *run, struct nfold_rank_report *report);
    int (*note_ranks)(struct nfold_run *run, const struct nfold_rank_report *rank, unsigned ranks);
};

typedef struct nfold_backend {
    unsigned abi;              /* NFOLD_BACKEND_ABI */
    const char *name;          /* "threads": the word users type */
    const char *summary;       /* one line for `nfold info` */
    unsigned forms;            /* enum nfold_form: what it can run */
    unsigned same_memory;      /* its workers see the caller's memory */
    unsigned is_collective;    /* a launcher starts it several times, and each calls run (or serve) */
    size_t state_size;         /* the engine allocates it, zeroed */
    const struct nf_option *options; /* rows ended by a zero row (optional) */
    /* Can it run here? No side effects; on < 0 err says why not and what to do. (optional) */
    int (*probe)(nfold_error *err);
    /* Makes the workers, which outlive runs. workers: asked for, >= 1; returns how many there are, or < 0. */
    int (*open)(void *self, const struct nfold_engine *engine, unsigned workers,
                const nfold_options *options, nfold_error *err);
    /* Blocks until every chunk is merged, or the run failed or was stopped. */
    int (*run)(void *self, struct nfold_run *run, nfold_error *err);
    /* is_collective: 0 on the process that answers, which compiles for all. */
    int (*rank)(const void *self);
    /* is_collective: takes part in the runs that rank 0 describes, until that one closes. (optional) */
    int (*serve)(void *self, nfold_error *err);
    /* is_collective, in the place of run: this process cannot, because of err, so nobody can. */
    int (*decline)(void *self, const nfold_error *err);
    /* is_collective: no run will come of this process, because of err: tells the others. (optional) */
    void (*abandon)(void *self, const nfold_error *err);
    /* Async-signal-safe; the engine's own stop flag is already set. (optional) */
    void (*stop)(void *self);
    void (*close)(void *self);
    /* In a forked copy of the program: frees what close would, but touches no worker: they are the
     * other process's. (optional) */
    void (*forget)(void *self);
} nfold_backend;

#endif
