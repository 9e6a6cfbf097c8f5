/* nfold.h: one computation on everything its user has, the same answer to the last bit on each.
 *
 * The shortest working use (link with `pkg-config --cflags --libs nfold`):
 *
 *     #include <nfold/nfold.h>
 *     #include <stdio.h>
 *     int main(void) {
 *         double value;
 *         nfold_error err;
 *         if (nfold_integrate("x*x", 0, 100, 1e8, &value, &err) < 0) {
 *             fprintf(stderr, "%s\n", err.message);
 *             return 1;
 *         }
 *         printf("%.17g\n", value);
 *     }
 *
 * Map of this file
 *     1  errors         every fallible call returns >= 0 or a negative NFOLD_E_* and fills *err
 *     2  one call       nfold_integrate, nfold_reduce, nfold_for
 *     3  options        named values, declared once, also NFOLD_* variables and --flags
 *     4  contexts       nfold_open … nfold_close: workers that outlive a run; works; stopping; progress
 *     5  reports        what a run measured about itself
 *
 * What a call needs and is given as NULL it refuses with NFOLD_E_USAGE.
 * Everything here may be called from any thread. One context serves one run at a time; a second
 * thread that calls into a busy context waits. No call installs a signal handler or prints.
 * Bits: the value of a run is defined by "the order, version 1" (docs/design/order.md): it does not
 * depend on the backend, the number of workers, the instruction set or the compiler.
 */
#ifndef NFOLD_NFOLD_H
#define NFOLD_NFOLD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "nfold needs IEEE arithmetic: compile without -ffast-math"
#endif

#if defined(__GNUC__)
#define NFOLD_API __attribute__((visibility("default")))
#else
#define NFOLD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define NFOLD_VERSION_MAJOR 0
#define NFOLD_VERSION_MINOR 1
#define NFOLD_VERSION_PATCH 0

/* The version of the library in use, e.g. "0.1.0": a constant string. */
NFOLD_API const char *nfold_version(void);

/* ---- 1 errors ------------------------------------------------------------------------------ */

/* name, value, exit status of the command, Python exception, what it means */
#define NFOLD_ERRORS(X)                                                                            \
    X(USAGE, -1, 2, ValueError, "wrong use")                                                       \
    X(VALUE, -2, 2, ValueError, "a value is out of its range")                                     \
    X(SYNTAX, -3, 2, SyntaxError, "an expression cannot be read")                                  \
    X(NONFINITE, -4, 2, ArithmeticError, "a value is not finite")                                  \
    X(BODY, -5, 2, RuntimeError, "the user's function failed or cannot be built")                  \
    X(MISSING, -6, 3, RuntimeError, "something is missing on this machine")                        \
    X(MEMORY, -7, 3, MemoryError, "out of memory")                                                 \
    X(SYSTEM, -8, 3, OSError, "a system call failed")                                              \
    X(STOPPED, -9, 102, KeyboardInterrupt, "the run was stopped")                                  \
    X(MISMATCH, -10, 1, AssertionError, "results that must be equal differ")                       \
    X(INTERNAL, -11, 3, SystemError, "a defect in nfold")                                          \
    X(POISON, -12, 1, RuntimeError, "an item ends every worker that tries it")

enum nfold_error_code {
#define NFOLD_ERROR_ENUM(name, value, status, exception, meaning) NFOLD_E_##name = value,
    NFOLD_ERRORS(NFOLD_ERROR_ENUM)
#undef NFOLD_ERROR_ENUM
        NFOLD_OK = 0
};

/* Owned by the caller; every call that takes one accepts NULL. Written only on failure.
 * message: one sentence, lower case, no full stop: what, where, what to do.
 * detail: "" or whole lines to show below it, each ended by \n (an expression with a caret, a compiler's words). */
typedef struct nfold_error {
    int code;
    char message[512];
    char detail[1536];
} nfold_error;

/* "NFOLD_E_VALUE" for -2, "NFOLD_OK" for 0; never NULL. */
NFOLD_API const char *nfold_error_name(int code);
/* The exit status that the nfold command gives this code. */
NFOLD_API int nfold_error_status(int code);

/* ---- 2 one call ---------------------------------------------------------------------------- */

/* body: an expression in x ("sin(x)*exp(-x)"), "file.c:f" or "./lib.so:f" with double f(double).
 * steps: a whole number 1 … 2^53, as a double so that 1e8 can be written. Trapezoid rule.
 * *value is set on success only. Returns 0 or a negative NFOLD_E_*. */
NFOLD_API int nfold_integrate(const char *body, double a, double b, double steps, double *value,
                              nfold_error *err);

/* op: "sum" "prod" "min" "max" "mean" "count"; body: as above, in the variable i = 0 … items-1. */
NFOLD_API int nfold_reduce(const char *op, const char *body, double items, double *value,
                           nfold_error *err);

/* Does the items first … last-1; returns 0, or any other number to end the run with NFOLD_E_BODY.
 * Called by several threads at once with disjoint ranges; must not call nfold with the same context. */
typedef int nfold_range_fn(void *user, uint64_t first, uint64_t last);

/* Calls f until every item 0 … items-1 is done once. On failure items below the lowest failing
 * range are done; above it, some may be. */
NFOLD_API int nfold_for(nfold_range_fn *f, void *user, uint64_t items, nfold_error *err);

/* ---- 3 options ----------------------------------------------------------------------------- */

/* Named values: "workers", "backend", "native", "checkpoint", … (`nfold help integrate` lists them).
 * A value is checked when it is set. An option that is not set has its NFOLD_* variable's value
 * (NFOLD_WORKERS), else its default. With "checkpoint" a context runs one work only: the file is its. */
typedef struct nfold_options nfold_options;

NFOLD_API int nfold_options_create(nfold_options **options, nfold_error *err);
NFOLD_API int nfold_options_set(nfold_options *options, const char *name, const char *value,
                                nfold_error *err);
/* The value in force as text, or NULL if there is no such option; owned by options, until the next set. */
NFOLD_API const char *nfold_options_get(const nfold_options *options, const char *name);
NFOLD_API void nfold_options_destroy(nfold_options *options); /* NULL is fine */

/* The ranks of the backend mpi in a program that has called MPI_Init itself: mpi_comm points to its
 * MPI_Comm, which nfold_open duplicates; NULL, as without this call: all ranks. The MPI_Comm must
 * be there until nfold_open returns. */
NFOLD_API int nfold_options_set_communicator(nfold_options *options, const void *mpi_comm,
                                             nfold_error *err);

/* ---- 4 contexts ---------------------------------------------------------------------------- */

typedef struct nfold_context nfold_context;
typedef struct nfold_body nfold_body;
typedef struct nfold_report nfold_report;

/* Opens a backend (option "backend") with its workers. options may be NULL and is copied.
 * The backend processes forks its workers while the program has one thread; otherwise it starts them
 * from the nfold command (beside the library, or the variable NFOLD_WORKER), and functions of the
 * calling program are refused there. Inside a function that is being run, what opens is serial, and
 * the report says so. A fork of the program may go on using the context: its first run there makes
 * workers of its own.
 * The backend mpi: every rank that mpirun or srun started opens a context, runs the same works in
 * the same order, from the thread that called MPI_Init (nfold_open does where the program has not),
 * and gets the answer. A run that fails fails on all: the one that knows why says so, and the others
 * that rank 0 does; the context can be used again. Works that differ are refused; functions of the
 * program cannot be compared and must compute the same. Reports are gathered on rank 0, so that a
 * thousand ranks cost no million rows: on another one, workers is the number of ranks, its own row is
 * filled, the others have threads 0, and the sums are of its own row.
 * MPI that nfold_open started ends at exit().
 * On failure *context is NULL. Close it with nfold_close, from any thread, when no run is going on. */
NFOLD_API int nfold_open(nfold_context **context, const nfold_options *options, nfold_error *err);
NFOLD_API void nfold_close(nfold_context *context); /* NULL is fine */

enum nfold_kind { NFOLD_INTEGRATE, NFOLD_REDUCE, NFOLD_FOR };
enum nfold_rule { NFOLD_TRAPEZOID, NFOLD_SIMPSON, NFOLD_MIDPOINT };
enum nfold_op { NFOLD_SUM, NFOLD_PROD, NFOLD_MIN, NFOLD_MAX, NFOLD_MEAN, NFOLD_COUNT };

/* A work: body, items and reduction, before it runs. Zero it, set .size, fill what its kind needs. */
typedef struct nfold_work {
    size_t size;           /* sizeof(nfold_work) */
    enum nfold_kind kind;  /* */
    nfold_body *body;      /* integrate, reduce, for: borrowed for the run */
    double a, b;           /* integrate: the bounds, finite */
    double n;              /* integrate: steps; reduce, for: items; whole, 1 … 2^53 */
    enum nfold_rule rule;  /* integrate */
    enum nfold_op op;      /* reduce */
    int allow_nonfinite;   /* 0: a value that is not finite ends the run with NFOLD_E_NONFINITE */
} nfold_work;

/* A body from an operand: an expression in `variable` (a name, and no function's), "file.c:f",
 * "./lib.so:f". options (may be NULL) give --set, --native and --isa. Close it after the last run that uses it.
 * With the backend mpi in options a function is read and compiled by the first run, on rank 0, and sent to the others. */
NFOLD_API int nfold_body_open(nfold_body **body, const char *operand, const char *variable,
                              const nfold_options *options, nfold_error *err);
/* A body from a C function of the caller's program; f must be pure and callable from several threads. */
typedef double nfold_point_fn(double x, void *user);
NFOLD_API int nfold_body_function(nfold_body **body, nfold_point_fn *f, void *user,
                                  nfold_error *err);
/* A body from a range function, for NFOLD_FOR only. */
NFOLD_API int nfold_body_range(nfold_body **body, nfold_range_fn *f, void *user, nfold_error *err);
/* The same for a function that writes to memory of nfold_shared_alloc only, and may do the same items
 * again: worker processes can run it, and one that dies costs nothing but its items' time. */
NFOLD_API int nfold_body_range_shared(nfold_body **body, nfold_range_fn *f, void *user,
                                      nfold_error *err);
NFOLD_API void nfold_body_close(nfold_body *body); /* NULL is fine */

/* Memory, zeroed, that forked worker processes share with this one. Nothing of it has a name, so
 * nothing is left behind. On failure *memory is NULL. */
NFOLD_API int nfold_shared_alloc(void **memory, size_t size, nfold_error *err);
NFOLD_API void nfold_shared_free(void *memory, size_t size); /* NULL is fine */

/* Runs a work and blocks until it is done; the caller's thread is worker 0.
 * report may be NULL; otherwise *report is a new report on success *and* when the run stopped
 * (NFOLD_E_STOPPED: how far it came), NULL on every other failure; free it with nfold_report_free. */
NFOLD_API int nfold_run(nfold_context *context, const nfold_work *work, nfold_report **report,
                        nfold_error *err);

/* Ends the run that is going on, if any, with NFOLD_E_STOPPED. Async-signal-safe. NULL is fine. */
NFOLD_API void nfold_stop(nfold_context *context);

/* Items done and in all of the run that is going on (0, 0 between runs). Cheap; from any thread.
 * Each may be NULL. */
NFOLD_API void nfold_progress(const nfold_context *context, uint64_t *done, uint64_t *all);

/* ---- 5 reports ----------------------------------------------------------------------------- */

/* One worker of a run. Times in seconds. */
typedef struct nfold_worker_report {
    double busy;     /* executing chunks */
    double start;    /* from the start of the run to its first claim */
    uint64_t chunks; /* done by it */
    uint64_t claims;
    uint64_t native_chunks; /* of them, by native code */
    double start_up;        /* processes: from its start to its first answer; 0: a thread */
    uint64_t memory;        /* processes: bytes that it alone uses; 0: unknown */
    unsigned restarts;      /* processes: how often a new worker took its place */
    const char *host;       /* mpi: of this rank; "": this machine */
    unsigned threads;       /* mpi: of this rank; busy is their mean; 1 elsewhere */
    double communication;   /* mpi: in calls of MPI */
    double waiting;         /* mpi: for other ranks, with nothing left to do */
} nfold_worker_report;

struct nfold_report {
    size_t size;          /* sizeof(nfold_report) in the library that made it */
    double value;         /* the answer */
    double hi, lo;        /* the root of the tree: their bits are the hash of the run */
    double step_error;    /* integrate: estimate of |value − integral|, three digits; NaN: no estimate */
    const char *order;    /* "v1" */
    const char *backend;  /* "threads" */
    const char *isa;      /* "avx2": the instruction set of the VM and of native code */
    const char *native;   /* "none" (the function as given), "vm", "mixed" or "native": what ran */
    const char *note;     /* "" or one sentence: why fewer workers ran, why no native code, … */
    uint64_t items, items_done;
    uint64_t chunk_items; /* C(N) */
    uint64_t chunks;
    unsigned workers_asked, workers; /* workers that took part */
    double wall;          /* seconds, from the call to the answer, compiling apart */
    double cpu;           /* seconds of processor time, all workers */
    double serial;        /* seconds of wall outside the parallel region */
    double compile;       /* seconds spent on native code; beside the run, not in it */
    double rate;          /* items per second of wall */
    double efficiency;    /* Σ busy ÷ (workers × wall) */
    double imbalance;     /* max ÷ mean of busy */
    double amdahl_limit;  /* the speed-up is at most this with any number of workers: wall ÷ serial */
    const nfold_worker_report *worker; /* [workers] */
    unsigned restarts;    /* workers that died and were replaced */
    double start_up;      /* processes: the mean of the workers' */
    uint64_t memory;      /* processes: the sum of the workers' */
    unsigned threads;     /* mpi: of all ranks; elsewhere: workers */
    unsigned hosts;       /* mpi: machines; 1 elsewhere */
    double communication; /* mpi: the mean of the ranks' */
    double waiting;       /* mpi: the mean of the ranks' */
    unsigned slowest;     /* the worker that was busy longest */
    const char *library;  /* mpi: "Open MPI 4.1.4"; "" elsewhere */
    const char *checkpoint; /* "" or the file that keeps what is done */
    const char *checkpoint_failure; /* "" or why the last of it is not in the file */
    uint64_t items_continued; /* of items_done, those that the file held before */
    unsigned checkpoint_writes;
    double checkpoint_seconds; /* spent writing; a part of wall */
    int is_user_code;          /* the function is the user's: its bits hold on machines of one kind */
};

NFOLD_API void nfold_report_free(nfold_report *report); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
