/* finishing.c: what becomes of a task whose process has ended. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "loop.h"
#include "statistics.h"

#define EXIT_NOT_FOUND 127
#define HEARING_MS     50  /* the guardian has only to be given a processor */
#define HEARING_PAUSE  1.0 /* tasks may have reasons of their own for so many signals */

static void free_slot(struct nf_loop *loop, unsigned index)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    loop->unwatched -= !attempt->is_watched;
    loop->running--;
    loop->spawned -= attempt->is_spawned;
    loop->pid[index] = 0;
    if (loop->area && index < NF_GUARDIAN_GROUPS)
        loop->area->group[index] = 0;
    loop->due[index] = INFINITY;
    if (index < loop->lowest_free)
        loop->lowest_free = index;
    nf_attempt_free(attempt);
}

/* Tasks in all: 0 while that is not known. */
static uint64_t total_of(const struct nf_loop *loop)
{
    uint64_t total = nf_input_total(loop->with->input);
    return total == 0 && loop->is_input_over ? nf_record_counts(loop->with->record)->submitted
                                             : total;
}

/* An ended task counts for --halt; a halt that ends tasks must not count those. */
static int note_halt(struct nf_loop *loop, const struct nf_task_result *result, nfold_error *err)
{
    if (loop->stage >= NF_STAGE_END)
        return 0;
    enum nf_halt_when when = nf_halt_note(&loop->halt, result, total_of(loop));
    if (when == NF_HALT_NEVER)
        return 0;
    loop->result->halt_status = loop->halt.status;
    char why[sizeof loop->result->why];
    snprintf(why, sizeof why, "--halt %s", nf_options_text(loop->with->options, "halt"));
    return nf_loop_enter(loop, when == NF_HALT_NOW ? NF_STAGE_END : NF_STAGE_DRAIN,
                         NF_SUPERVISION_HALTED, why, err);
}

static int is_tried_again(const struct nf_loop *loop, const struct nf_attempt *attempt,
                          const struct nf_task_result *result)
{
    if (loop->stage != NF_STAGE_RUN)
        return 0;
    return attempt->is_put_back || nf_retry_wants(&loop->retry, &attempt->task, result);
}

/* An attempt that will be made again: after an oom with more memory, if that is asked for. */
static int put_back(struct nf_loop *loop, struct nf_attempt *attempt,
                    const struct nf_task_result *result, nfold_error *err)
{
    uint64_t memory = attempt->memory_limit;
    if (result->status == NF_TASK_OOM && loop->retry.memory_factor > 0)
        memory = nf_memory_limit_raise(&loop->memory, memory, loop->retry.memory_factor);
    return nf_retry_put(&loop->retry, &attempt->task, memory, loop->now, attempt->is_put_back, err);
}

/* Once, not a thousand times. */
static void hint_not_found(struct nf_loop *loop, const struct nf_task_result *result)
{
    if (result->exit_code != EXIT_NOT_FOUND || loop->has_hinted)
        return;
    loop->has_hinted = 1;
    nf_loop_say(loop,
                loop->halt.when == NF_HALT_NEVER
                    ? "a task's command was not found (exit code 127);\n"
                      "nfold: with --halt now,fail=1 the first failure ends the run"
                    : "a task's command was not found (exit code 127)");
}

/* What it printed is lost: its end must be in the record, and must not be ok. */
static void spoil(struct nf_task_result *result)
{
    result->is_final = 1;
    if (result->status == NF_TASK_OK)
        result->status = NF_TASK_CUT;
}

/* Slurm's scancel and a service's stop send to every process what asks us to stop: a task may be
 * gone before the guardian has passed it on. Its own end it was not. */
static int hear_why(struct nf_loop *loop, struct nf_attempt *attempt, int number, nfold_error *err)
{
    const struct nf_guardian *guardian = loop->with->guardian;
    if (!guardian || attempt->is_ending || (number != SIGTERM && number != SIGUSR1))
        return 0;
    if (loop->stage == NF_STAGE_RUN) {
        struct pollfd requests = {.fd = guardian->requests, .events = POLLIN};
        int is_heard = poll(&requests, 1, loop->now < loop->hearing_due ? 0 : HEARING_MS) > 0;
        int rc = is_heard ? nf_loop_take_requests(loop, err) : 0;
        if (!is_heard)
            loop->hearing_due = loop->now + HEARING_PAUSE;
        if (rc < 0)
            return rc;
    }
    if (loop->result->is_time_over && loop->result->end == NF_SUPERVISION_DRAINED) {
        attempt->is_ending = 1;
        attempt->cause = NF_TASK_PREEMPTED;
    }
    return 0;
}

int nf_loop_finish(struct nf_loop *loop, unsigned index, int status, const struct rusage *usage,
                   nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    struct nf_task_result result;
    if (WIFSIGNALED(status)) {
        int heard = hear_why(loop, attempt, WTERMSIG(status), err);
        if (heard < 0)
            return heard;
    }
    nf_attempt_result(attempt, status, usage, loop->now, &result);
    nf_memory_limit_end(&loop->memory, attempt, &result);
    result.is_final = !is_tried_again(loop, attempt, &result);
    int rc = nf_attempt_end(attempt, &result, !result.is_final, err);
    if (rc < 0)
        spoil(&result);
    int recorded = nf_record_ended(loop->with->record, &attempt->task,
                                   nf_buffer_text(&attempt->line), &result, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : recorded;
    nf_statistics_ended(loop->with->statistics, &result, loop->now);
    nf_gate_ended(&loop->gate, result.status == NF_TASK_OK);
    if (loop->with->ended)
        loop->with->ended(loop->with->user, &attempt->task, nf_buffer_text(&attempt->line), &result,
                          attempt->began);
    hint_not_found(loop, &result);
    if (rc >= 0 && !result.is_final)
        rc = put_back(loop, attempt, &result, err);
    free_slot(loop, index);
    if (rc >= 0 && result.status != NF_TASK_OK)
        loop->is_record_urgent = 1;
    return rc >= 0 && result.is_final ? note_halt(loop, &result, err) : rc;
}

/* The slot of a process that we started, or loop->used: an orphan of some task. */
static unsigned slot_of(const struct nf_loop *loop, pid_t pid)
{
    unsigned i = 0;
    while (i < loop->used && (loop->pid[i] != pid || loop->attempt[i].is_spawned))
        i++;
    return i;
}

/* A spawner's task is a child of its thread, not of ours. */
int nf_loop_reap(struct nf_loop *loop, nfold_error *err)
{
    int rc = 0;
    while (rc >= 0) {
        struct rusage usage;
        int status;
        pid_t pid = wait4(-1, &status, WNOHANG | __WNOTHREAD, &usage);
        if (pid <= 0)
            break;
        unsigned index = slot_of(loop, pid);
        if (pid == loop->walltime.asked)
            loop->walltime.asked = 0;
        else if (index < loop->used)
            rc = nf_loop_finish(loop, index, status, &usage, err);
    }
    return rc;
}
