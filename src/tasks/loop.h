/* loop.h: what the parts of the supervisor share: loop.c opens it, starting.c, finishing.c and
 * stopping.c change it, supervisor.c waits. Beside the loop's own thread there may be one a slot
 * (spawning.c); one lock is held by whoever does not wait. */
#ifndef NF_LOOP_H
#define NF_LOOP_H

#include "attempt.h"
#include "ending.h"
#include "gate.h"
#include "guardian.h"
#include "halt.h"
#include "ladder.h"
#include "memory_limit.h"
#include "retry.h"
#include "supervisor.h"
#include "timeout.h"
#include "walltime.h"

/* The numbers of events: the pipes of slot i are NF_LOOP_PIPES + 2 i and the next. */
enum {
    NF_LOOP_REQUESTS,
    NF_LOOP_CHILDREN,
    NF_LOOP_BELL,
    NF_LOOP_INPUT,
    NF_LOOP_STDOUT,
    NF_LOOP_WALLTIME,
    NF_LOOP_PIPES
};

/* Why nothing new is started. A later one outdoes an earlier one. */
enum nf_stage {
    NF_STAGE_RUN,
    NF_STAGE_DRAIN, /* what runs may end by itself */
    NF_STAGE_END,   /* what runs is being ended */
    NF_STAGE_KILL,  /* at once */
};

struct nf_loop {
    pthread_mutex_t lock; /* of all of it: held by whoever does not wait */
    const struct nf_supervision *with;
    struct nf_supervision_result *result;
    struct nf_attempt_setting setting;
    struct nf_template *tag; /* of --tag and --tagstring, or NULL */
    struct nf_halt halt;
    struct nf_retry retry;
    struct nf_timeout timeout;
    struct nf_ladder ladder;
    struct nf_endings endings;
    struct nf_gate gate;
    struct nf_memory_limit memory;
    struct nf_walltime walltime;

    unsigned slots, used;          /* used: the slots that ever had a task are the first ones */
    unsigned most_slots;           /* that there were so far */
    struct nf_attempt *attempt;    /* one a slot */
    pid_t *pid;                    /* of each; 0: free. By itself, because it is searched */
    double *due;                   /* of each: when its timer rings; infinity: never */
    struct nf_guardian_area *area; /* the same pids for the guardian; may be NULL */
    unsigned running, lowest_free;
    unsigned spawned;   /* of those that run: started by spawners */
    unsigned unwatched; /* attempts whose pipes are not in the epoll yet */

    int epoll_fd, child_fd;
    int bell_fd; /* spawners ring it when something is left to the loop: */
    int bell_rc; /* < 0: an error that one of them met, */
    nfold_error bell_error;
    double wakes_at; /* when the loop wakes up at the latest */
    double reap_due; /* children are of no interest until then, if spawners wait for all tasks */
    int are_children_watched;
    int is_input_over, is_input_awaited, is_input_watched;
    int blocked_fd; /* stdout, while it is slow and in the epoll; -1 */
    double now;     /* monotonic, of this turn */
    int is_record_urgent;
    double endings_due, look_due, look_seconds;
    double record_due, start_due; /* when to come again; infinity: need not */
    double shortage_since;        /* the system had no room for a process; 0: it has */
    enum nf_stage stage;
    enum nf_task_status end_status; /* of what is ended: CUT or PREEMPTED */
    unsigned interrupts;            /* Ctrl-C so far */
    unsigned terminations;          /* SIGTERM so far */
    double paused_since;            /* Ctrl-Z; 0: not */
    double hearing_due;             /* when it is worth waiting for the guardian again */
    int is_terminal;                /* somebody reads the legend */
    int has_hinted;
    int is_broken; /* by an error: nothing can be printed or read any more */
    double progress_due;
    nfold_error failure; /* why nothing new is started, told when all has ended; code 0: none */
};

/* ---- loop.c */
/* loop->with and result are set, descriptors are -1. On failure close it all the same. */
int nf_loop_open(struct nf_loop *loop, nfold_error *err);
void nf_loop_close(struct nf_loop *loop);
/* Adds a descriptor to what is waited for; errno on failure. */
int nf_loop_watch(struct nf_loop *loop, int fd, uint32_t events, uint64_t number);

/* ---- starting.c: fills the free slots as far as it may. */
int nf_loop_start_tasks(struct nf_loop *loop, nfold_error *err);
/* The same for one slot that has become free, in its spawner's thread: 1; 0: it is for the loop to
 * say what comes next; or < 0. */
int nf_loop_refill(struct nf_loop *loop, unsigned index, nfold_error *err);
/* What the input still gives without waiting for it is recorded as not started. */
int nf_loop_account_rest(struct nf_loop *loop, nfold_error *err);
/* The same after an error: nothing is read or printed any more, and what is known is counted. */
void nf_loop_account_broken(struct nf_loop *loop);

/* ---- finishing.c: the attempt of slot index ended with this wait status. */
int nf_loop_finish(struct nf_loop *loop, unsigned index, int status, const struct rusage *usage,
                   nfold_error *err);
/* Takes all children that have ended, tasks and orphans. */
int nf_loop_reap(struct nf_loop *loop, nfold_error *err);

/* ---- supervisor.c: reads the signals that the guardian got. */
int nf_loop_take_requests(struct nf_loop *loop, nfold_error *err);

/* ---- spawning.c */
/* Before any slot has a spawner; errno on failure. */
int nf_loop_open_bell(struct nf_loop *loop);
/* A task is about to start in a slot: its first one, or not. */
void nf_loop_want_spawner(struct nf_loop *loop, unsigned index, int is_first);
/* Does what spawners have left to the loop. */
int nf_loop_answer_bell(struct nf_loop *loop, nfold_error *err);
/* The system has no room for more processes: idle spawners give theirs, for good. */
void nf_loop_give_room(struct nf_loop *loop);
/* Waits until their tasks have ended. */
void nf_loop_close_spawners(struct nf_loop *loop);

/* ---- stopping.c */
/* A signal that the guardian got. */
int nf_loop_request(struct nf_loop *loop, int number, nfold_error *err);
/* Nothing new from now on; why is kept if it is the first. */
int nf_loop_enter(struct nf_loop *loop, enum nf_stage stage, enum nf_supervision_end end,
                  const char *why, nfold_error *err);
/* Nothing new from now on because of err, which is told once what runs has ended by itself. */
int nf_loop_break_off(struct nf_loop *loop, const char *why, const nfold_error *err);
/* Begins to end one attempt. */
int nf_loop_end_attempt(struct nf_loop *loop, unsigned index, enum nf_task_status cause,
                        nfold_error *err);
/* The job's time: too short for another task; so short that what runs must end. */
int nf_loop_time_is_short(struct nf_loop *loop, nfold_error *err);
int nf_loop_time_is_over(struct nf_loop *loop, nfold_error *err);
/* Asks Slurm when the job ends; 1: what is known is not to be acted upon until it has answered. */
int nf_loop_ask_walltime(struct nf_loop *loop);
/* Whoever reads stderr must know. */
void nf_loop_warn(const struct nf_loop *loop, const char *what);
/* For whoever watches on a terminal. */
void nf_loop_say(const struct nf_loop *loop, const char *what);
/* Sets when its time is over, as far as that is known. */
void nf_loop_limit_attempt(struct nf_loop *loop, unsigned index);
/* A running task's timer rang. */
int nf_loop_timer(struct nf_loop *loop, unsigned index, nfold_error *err);

#endif
