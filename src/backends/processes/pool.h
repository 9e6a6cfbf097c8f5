/* pool.h: the caller's side: its workers, what they are doing, and what is to be run again. */
#ifndef NF_PROCESSES_POOL_H
#define NF_PROCESSES_POOL_H

#include <poll.h>
#include <sys/types.h>

#include "area.h"

#define NF_WORDS 1024 /* of what a worker wrote to its standard error, the latest */

struct nf_worker {
    unsigned number;
    pid_t pid; /* 0: there is none */
    int pidfd; /* -1: the system has none */
    int socket;
    unsigned long long socket_inode;
    uint32_t posted;                       /* mails */
    uint64_t taken;                        /* bytes of its ring */
    int was_idle;                          /* when it was last looked at */
    int has_work, has_native, has_claimed; /* in the current run */
    int is_overdue;                        /* we killed it: its item took too long */
    int is_stopped;                        /* by a signal such as SIGSTOP */
    double stopped_at;
    double started_at;
    unsigned restarts; /* in the current run */
    uint64_t beats;
    double beaten_at;
    struct nfold_range range; /* of the latest NF_MAIL_RANGE; count 0: it claims */
    uint64_t beats_at_range;
    int suspect_item_known;
    uint64_t suspect_item;
    char words[NF_WORDS];
    size_t words_size;
};

/* Chunks whose worker died. */
struct nf_suspect {
    struct nfold_range chunks;
    enum nf_level level;
    int has_item; /* the one that a worker died of, item by item */
    uint64_t item;
};

struct nf_pool {
    const struct nfold_engine *engine;
    struct nf_area *area;
    size_t area_size;
    int area_fd, bell, lifeline[2];
    unsigned long long lifeline_inode;
    unsigned count;        /* of area->workers, as many as could be started */
    nfold_error start_err; /* why not all */
    struct nf_worker *worker;
    struct pollfd *poll; /* [2 * count + 1] */
    double timeout;      /* of an item of user code, seconds; 0: none */
    double spin_seconds; /* of the caller, which needs a processor beside the workers' */
    double worker_spin_seconds;
    double watched_at;
    unsigned long long oom_kills; /* seen so far */
    /* Of the run that is going on. */
    struct nfold_run *run;
    int work_fd, native_fd; /* -1: none */
    size_t text_size;       /* of the description, in the area */
    int must_inherit;       /* the body cannot be described: workers are forked */
    unsigned wanted;
    struct nf_suspect *suspect;
    size_t suspects, suspects_capacity;
    unsigned deaths, barren; /* barren: in a row, of workers that never answered */
    unsigned stops;          /* of deaths, those of workers that were stopped */
    char cause[160];
    nfold_error err; /* why there are no more workers, or none can do the work */
    int is_failed;
};

/* ---- start.c: making and ending workers */

int nf_pool_is_single_threaded(void);
/* The memory and the pipes that all workers share. */
int nf_pool_prepare(struct nf_pool *pool, unsigned workers, nfold_error *err);
void nf_pool_release(struct nf_pool *pool);
/* A program that closes all files closed ours, too, and their numbers may be others' by now. */
int nf_pool_has_files(const struct nf_pool *pool);
int nf_worker_start(struct nf_pool *pool, struct nf_worker *worker, nfold_error *err);
/* Sends a signal to it and to nobody else. */
void nf_worker_signal(const struct nf_worker *worker, int number);
/* Waits for its end; the status as of waitpid, or -1 if somebody else took it. */
int nf_worker_reap(struct nf_worker *worker);
/* Closes its files; the worker must be gone. */
void nf_worker_clear(struct nf_worker *worker);
/* Lets it go: it ends by itself, or is killed. */
void nf_worker_retire(struct nf_worker *worker);

/* ---- death.c: what a worker died of, and what is to be run again */

/* The worker is gone or must go: its fragments are taken, its range is kept to be run again. */
void nf_worker_bury(struct nf_pool *pool, struct nf_worker *worker);
void nf_suspect_add(struct nf_pool *pool, struct nf_suspect suspect);
/* Takes the lowest out. 1 if there was one. */
int nf_suspect_take(struct nf_pool *pool, struct nf_suspect *suspect);

/* ---- processes.c: what workers are told */

/* A worker ready for this run, or a code. */
int nf_worker_engage(struct nf_pool *pool, struct nf_worker *worker, nfold_error *err);
void nf_worker_give_range(struct nf_pool *pool, struct nf_worker *worker,
                          const struct nf_suspect *suspect);
void nf_worker_give_claims(struct nf_pool *pool, struct nf_worker *worker);
void nf_worker_give_native(struct nf_pool *pool, struct nf_worker *worker);
/* The object of native code, once there is one. */
void nf_pool_take_native(struct nf_pool *pool);

/* ---- supervise.c: what workers do */

/* Until every chunk is merged, or the run has failed or was stopped. */
void nf_pool_supervise(struct nf_pool *pool);

/* Merges what a worker has put into its ring. */
void nf_worker_drain(struct nf_pool *pool, struct nf_worker *worker);
/* Reads what it wrote to its standard error; 1 at the end of the stream. */
int nf_worker_listen(struct nf_worker *worker);

#endif
