/* stopping.c: what asks a run to stop, and how it does. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "buffer.h"
#include "loop.h"

#define WATCH_SECONDS 0.01 /* a task that ends before is never in the epoll: one wake-up less */

void nf_loop_say(const struct nf_loop *loop, const char *what)
{
    if (loop->is_terminal)
        nf_loop_warn(loop, what);
}

void nf_loop_warn(const struct nf_loop *loop, const char *what)
{
    struct nfold_buffer text = {0};
    nf_buffer_print(&text, "%snfold: %s\n", loop->is_terminal ? "\n" : "", what);
    ssize_t written = write(STDERR_FILENO, nf_buffer_text(&text), text.size);
    (void)written;
    nf_buffer_clear(&text);
}

int nf_loop_end_attempt(struct nf_loop *loop, unsigned index, enum nf_task_status cause,
                        nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    if (attempt->pid == 0 || attempt->is_ending)
        return 0;
    attempt->is_ending = 1;
    attempt->cause = cause;
    attempt->deadline = INFINITY;
    loop->endings_due = loop->now;
    if (nf_attempt_settle(attempt) < 0)
        return 0; /* it will not be born */
    /* What eats memory goes on eating while it is asked politely. */
    unsigned rung = cause == NF_TASK_OOM ? loop->ladder.count - 1 : 0;
    return nf_endings_add(&loop->endings, attempt->pid, attempt->read_fd, rung, loop->now, err);
}

static int end_all(struct nf_loop *loop, nfold_error *err)
{
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && i < loop->used; i++)
        rc = nf_loop_end_attempt(loop, i, loop->end_status, err);
    return rc;
}

int nf_loop_enter(struct nf_loop *loop, enum nf_stage stage, enum nf_supervision_end end,
                  const char *why, nfold_error *err)
{
    if (stage <= loop->stage)
        return 0;
    int is_first = loop->stage == NF_STAGE_RUN;
    loop->stage = stage;
    loop->is_record_urgent = 1;
    /* A halt that is being waited for and then cut short by Ctrl-C is no longer the halt's end. */
    if (is_first || end == NF_SUPERVISION_STOPPED || loop->result->end == NF_SUPERVISION_DRAINED) {
        loop->result->end = end;
        snprintf(loop->result->why, sizeof loop->result->why, "%s", why);
    }
    int rc = stage >= NF_STAGE_END ? end_all(loop, err) : 0;
    if (stage == NF_STAGE_KILL)
        nf_endings_hurry(&loop->endings);
    return rc;
}

int nf_loop_break_off(struct nf_loop *loop, const char *why, const nfold_error *err)
{
    if (loop->failure.code == 0)
        loop->failure = *err;
    return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_STOPPED, why, NULL);
}

static int interrupt(struct nf_loop *loop, nfold_error *err)
{
    char text[160];
    loop->interrupts++;
    if (loop->interrupts == 1) {
        snprintf(text, sizeof text,
                 "waiting for %u running task%s, starting no more;\n"
                 "nfold: Ctrl-C again ends them, a third one at once",
                 loop->running, loop->running == 1 ? "" : "s");
        nf_loop_say(loop, text);
        return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_DRAINED, "Ctrl-C", err);
    }
    loop->result->signal = SIGINT;
    loop->end_status = NF_TASK_CUT;
    if (loop->interrupts == 2) {
        nf_loop_say(loop, "ending the running tasks: SIGTERM, then SIGKILL;\n"
                          "nfold: Ctrl-C again is SIGKILL now");
        return nf_loop_enter(loop, NF_STAGE_END, NF_SUPERVISION_STOPPED, "Ctrl-C twice", err);
    }
    return nf_loop_enter(loop, NF_STAGE_KILL, NF_SUPERVISION_STOPPED, "Ctrl-C three times", err);
}

/* What a batch system sends before it kills: tasks are asked to end, and what they did not do is
 * for the next job. */
static int terminate(struct nf_loop *loop, nfold_error *err)
{
    loop->terminations++;
    if (loop->stage < NF_STAGE_END) {
        loop->end_status = NF_TASK_PREEMPTED;
        loop->result->is_time_over = 1;
        loop->result->may_be_cancelled = loop->now < loop->walltime.end;
        return nf_loop_enter(loop, NF_STAGE_END, NF_SUPERVISION_DRAINED, "SIGTERM", err);
    }
    if (loop->result->is_time_over && loop->terminations == 1)
        return 0; /* the job's end was known: what runs is being ended already */
    loop->result->signal = SIGTERM;
    return nf_loop_enter(loop, NF_STAGE_KILL, NF_SUPERVISION_STOPPED, "SIGTERM twice", err);
}

int nf_loop_ask_walltime(struct nf_loop *loop)
{
    return nf_walltime_ask_again(&loop->walltime, loop->now) &&
           nf_loop_watch(loop, loop->walltime.answer, EPOLLIN, NF_LOOP_WALLTIME) == 0;
}

int nf_loop_time_is_short(struct nf_loop *loop, nfold_error *err)
{
    if (nf_loop_ask_walltime(loop))
        return 0;
    loop->result->is_time_over = 1;
    return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_DRAINED, "time limit", err);
}

int nf_loop_time_is_over(struct nf_loop *loop, nfold_error *err)
{
    if (loop->stage >= NF_STAGE_END)
        return 0;
    loop->result->is_time_over = 1;
    loop->end_status = NF_TASK_PREEMPTED;
    return nf_loop_enter(loop, NF_STAGE_END, NF_SUPERVISION_DRAINED, "time limit", err);
}

static void signal_all(struct nf_loop *loop, int number)
{
    for (unsigned i = 0; i < loop->used; i++)
        nf_attempt_signal(&loop->attempt[i], number);
}

static void pause_tasks(struct nf_loop *loop)
{
    if (loop->paused_since > 0)
        return;
    loop->paused_since = loop->now;
    signal_all(loop, SIGSTOP);
}

/* Time that a task was stopped does not count for its limit. */
static void continue_tasks(struct nf_loop *loop)
{
    if (loop->paused_since == 0)
        return;
    for (unsigned i = 0; i < loop->used; i++) {
        loop->attempt[i].paused += loop->now - loop->paused_since;
        loop->attempt[i].deadline += loop->now - loop->paused_since;
        loop->due[i] += loop->now - loop->paused_since;
    }
    loop->paused_since = 0;
    signal_all(loop, SIGCONT);
}

int nf_loop_request(struct nf_loop *loop, int number, nfold_error *err)
{
    switch (number) {
    case SIGINT:
        return interrupt(loop, err);
    case SIGTERM:
        return terminate(loop, err);
    case SIGHUP:
        return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_DRAINED, "SIGHUP", err);
    case SIGUSR1:
        loop->result->is_time_over = 1;
        return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_DRAINED, "SIGUSR1", err);
    case SIGQUIT:
        loop->result->signal = SIGQUIT;
        loop->end_status = NF_TASK_CUT;
        return nf_loop_enter(loop, NF_STAGE_KILL, NF_SUPERVISION_STOPPED, "SIGQUIT", err);
    case SIGTSTP:
        pause_tasks(loop);
        return 0;
    case SIGCONT:
        continue_tasks(loop);
        return 0;
    default:
        return 0;
    }
}

static void watch(struct nf_loop *loop, unsigned index)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    for (unsigned which = 0; which < 2; which++) {
        struct epoll_event event = {.events = EPOLLIN,
                                    .data.u64 = NF_LOOP_PIPES + 2 * (uint64_t)index + which};
        if (attempt->read_fd[which] >= 0)
            epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, attempt->read_fd[which], &event);
    }
    attempt->is_watched = 1;
    loop->unwatched--;
}

void nf_loop_limit_attempt(struct nf_loop *loop, unsigned index)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    double seconds = nf_timeout_now(&loop->timeout, loop->with->statistics);
    attempt->deadline = attempt->began + attempt->paused + seconds;
    loop->due[index] = attempt->is_watched
                           ? attempt->deadline
                           : fmin(attempt->deadline, attempt->began + WATCH_SECONDS);
}

int nf_loop_timer(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    if (!attempt->is_watched)
        watch(loop, index);
    int rc =
        attempt->deadline <= loop->now ? nf_loop_end_attempt(loop, index, NF_TASK_TIMEOUT, err) : 0;
    loop->due[index] = attempt->deadline;
    return rc;
}
