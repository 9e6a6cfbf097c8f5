/* attempt.h: one try of a task in its slot: from the start of its process to its result. */
#ifndef NF_ATTEMPT_H
#define NF_ATTEMPT_H

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "buffer.h"
#include "command_form.h"
#include "task_output.h"
#include "slot.h"
#include "spawner.h"
#include "task.h"
#include "task_environment.h"

/* What all attempts of a run share. */
struct nf_attempt_setting {
    struct nf_output *output;
    struct nf_shell_choice *shell;
    const char *directory;     /* --workdir; NULL: ours */
    const char *slot_variable; /* --process-slot-var; NULL */
    int has_nice, nice;
    unsigned files; /* see spawn.h */
    int null_fd;    /* /dev/null, what tasks read */
    pid_t pid;      /* $PARALLEL_PID */
    sigset_t mask;
};

struct nf_attempt {
    const struct nf_slot *slot;
    unsigned cpu_count;       /* of the slot, when it was prepared */
    pid_t pid;                /* 0: the slot is free; NF_ATTEMPT_UNBORN: see is_spawned */
    int is_done;              /* its program could not be run */
    struct nf_task task;      /* owned while the slot is not free */
    struct nfold_buffer line; /* the command; kept between tasks for its memory */
    struct nf_command_form form;
    struct nfold_buffer tag;
    struct nf_output_task *stream;
    int read_fd[2]; /* -1: closed, or not ours */
    int is_watched; /* they are in the loop's epoll */
    double began, began_epoch;
    double paused;       /* seconds that it was stopped by Ctrl-Z */
    double first_output; /* seconds after began; < 0: nothing yet */
    int exit_code;       /* of is_done */
    /* How it is being ended, if it is. */
    int is_ending;
    enum nf_task_status cause;
    double deadline; /* monotonic; infinity: none */
    /* Memory: see memory_limit.h. */
    uint64_t memory_limit, memory_now, memory_peak; /* bytes; 0: none, not known */
    int is_put_back; /* it is ended for others' sake and does not count as tried */
    struct nf_task_environment environment;
    cpu_set_t *cpus;
    size_t cpus_size;
    /* Who starts the slot's tasks and waits for them; none: the supervisor itself. */
    struct nf_spawner spawner;
    int is_spawned;            /* by it; pid is not known before *born is */
    volatile pid_t *born;      /* shared with the guardian; NULL: no spawner is wanted */
    int is_told;               /* its task has ended, and nobody has done anything about it yet */
    struct nf_spawner_end end; /* of is_told */
};

#define NF_ATTEMPT_UNBORN ((pid_t)-1)

/* Once a slot, at its first use. */
int nf_attempt_prepare(struct nf_attempt *attempt, const struct nf_slot *slot,
                       const struct nf_attempt_setting *setting, nfold_error *err);
/* Starts attempt->task, whose command is attempt->line. 1: it runs, or is_done; 0: the system has
 * no room for another process or file now; < 0. group_fd: see spawn.h. On 0 and < 0 the task stays
 * in attempt. */
int nf_attempt_start(struct nf_attempt *attempt, const struct nf_attempt_setting *setting,
                     const int group_fd[2], nfold_error *err);
/* Its process ended so: fills result and, through the output, its byte counts. usage may be NULL.
 * The slot is free then, but task and line stay until nf_attempt_free. */
void nf_attempt_result(const struct nf_attempt *attempt, int status, const struct rusage *usage,
                       double now, struct nf_task_result *result);
int nf_attempt_end(struct nf_attempt *attempt, struct nf_task_result *result, int is_dropped,
                   nfold_error *err);
void nf_attempt_free(struct nf_attempt *attempt);  /* the slot is free for the next task */
void nf_attempt_clear(struct nf_attempt *attempt); /* all its memory */
/* Its process, as far as it is known now. */
pid_t nf_attempt_pid(struct nf_attempt *attempt);
/* The same, waiting for the moment until it is born. < 0: it never will be. */
pid_t nf_attempt_settle(struct nf_attempt *attempt);
/* Its process group. */
void nf_attempt_signal(struct nf_attempt *attempt, int number);

#endif
