/* supervisor.c: the loop that waits: for tasks' output and ends, for inputs, timers and signals.
 *
 * A short task costs one wake-up: its pipes come into the epoll only once it is ten milliseconds
 * old, and what it wrote is taken at its end. */
#include "supervisor.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "descendants.h"
#include "guardian.h"
#include "loop.h"

#define EVENTS       64
#define SHOW_SECONDS 0.25
#define REAP_SECONDS 0.1

/* ---- waiting ---- */

static double earliest_timer(const struct nf_loop *loop)
{
    double due = INFINITY;
    for (unsigned i = 0; i < loop->used; i++)
        due = loop->due[i] < due ? loop->due[i] : due;
    return due;
}

/* When something is to be done to tasks; while they are stopped nothing is. */
static double next_deed(const struct nf_loop *loop)
{
    double due = fmin(earliest_timer(loop), fmin(loop->endings_due, loop->look_due));
    due = fmin(due, loop->start_due);
    if (loop->stage < NF_STAGE_END)
        due = fmin(due, fmin(nf_walltime_stop(&loop->walltime), loop->walltime.ask_due));
    /* A task that waits for a slot or for room is not what we wake up for. */
    if (loop->stage == NF_STAGE_RUN && loop->running < loop->slots && isinf(loop->start_due))
        due = fmin(due, nf_retry_due(&loop->retry));
    return due;
}

static int milliseconds_to_wait(const struct nf_loop *loop)
{
    double due = fmin(loop->progress_due, loop->record_due);
    if (!loop->are_children_watched)
        due = fmin(due, loop->reap_due);
    if (loop->paused_since == 0)
        due = fmin(due, next_deed(loop));
    if (isinf(due))
        return -1;
    double wait = ceil((due - loop->now) * 1000);
    return wait <= 0 ? 0 : wait < 1e6 ? (int)wait : 1000000;
}

/* A file cannot be waited for and never has to be: epoll refuses it. */
static int watch_input(struct nf_loop *loop)
{
    int fd = nf_input_fd(loop->with->input);
    int is_wanted = loop->is_input_awaited && loop->stage == NF_STAGE_RUN && fd >= 0;
    if (is_wanted && !loop->is_input_watched &&
        nf_loop_watch(loop, fd, EPOLLIN | EPOLLRDHUP, NF_LOOP_INPUT) < 0 && errno != EEXIST) {
        loop->is_input_awaited = 0;
        return 1;
    }
    if (!is_wanted && loop->is_input_watched)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    loop->is_input_watched = is_wanted;
    return 0;
}

static void watch_stdout(struct nf_loop *loop)
{
    int fd = nf_output_blocked_fd(loop->with->output);
    if (fd == loop->blocked_fd)
        return;
    if (loop->blocked_fd >= 0)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->blocked_fd, NULL);
    loop->blocked_fd = fd;
    if (fd >= 0)
        nf_loop_watch(loop, fd, EPOLLOUT, NF_LOOP_STDOUT);
}

/* The end of each task is a signal, of which nobody needs to know where a spawner waits for it.
 * Orphans of tasks, who become our children, can be waited for later. */
static void watch_children(struct nf_loop *loop)
{
    int is_wanted = loop->spawned < loop->running || loop->now >= loop->reap_due;
    if (is_wanted && !loop->are_children_watched)
        nf_loop_watch(loop, loop->child_fd, EPOLLIN, NF_LOOP_CHILDREN);
    if (!is_wanted && loop->are_children_watched)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->child_fd, NULL);
    loop->are_children_watched = is_wanted;
}

/* ---- what happened ---- */

static int end_guardless(struct nf_loop *loop, nfold_error *err)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->with->guardian->requests, NULL);
    loop->result->signal = SIGKILL;
    loop->end_status = NF_TASK_CUT;
    return nf_loop_enter(loop, NF_STAGE_END, NF_SUPERVISION_STOPPED, "its guardian was killed",
                         err);
}

int nf_loop_take_requests(struct nf_loop *loop, nfold_error *err)
{
    unsigned char bytes[64];
    ssize_t size = read(loop->with->guardian->requests, bytes, sizeof bytes);
    int rc = 0;
    if (size == 0)
        return end_guardless(loop, err);
    for (ssize_t i = 0; rc >= 0 && i < size; i++)
        rc = nf_loop_request(loop, bytes[i], err);
    return rc;
}

/* Which pipe of which slot had something to read. */
static int take_output(struct nf_loop *loop, uint64_t number, nfold_error *err)
{
    unsigned index = (unsigned)((number - NF_LOOP_PIPES) / 2), which = (number - NF_LOOP_PIPES) % 2;
    struct nf_attempt *attempt = &loop->attempt[index];
    if (loop->pid[index] == 0 || !attempt->is_watched || attempt->read_fd[which] < 0)
        return 0; /* of a task that has ended since */
    int rc = nf_output_readable(attempt->stream, (int)which, err);
    if (rc > 0 && attempt->first_output < 0)
        attempt->first_output = loop->now - attempt->began;
    if (rc == 0)
        attempt->read_fd[which] = -1; /* closed, and so out of the epoll */
    return rc;
}

/* Who told that tasks have ended. */
struct ends {
    int are_children, is_bell;
};

static int take_event(struct nf_loop *loop, const struct epoll_event *event, struct ends *ends,
                      nfold_error *err)
{
    struct signalfd_siginfo seen[8];
    switch (event->data.u64) {
    case NF_LOOP_REQUESTS:
        return nf_loop_take_requests(loop, err);
    case NF_LOOP_CHILDREN:
        while (read(loop->child_fd, seen, sizeof seen) == sizeof seen)
            continue;
        ends->are_children = 1;
        loop->reap_due = loop->now + REAP_SECONDS;
        return 0;
    case NF_LOOP_BELL:
        ends->is_bell = 1;
        return 0;
    case NF_LOOP_INPUT:
        loop->is_input_awaited = 0;
        return 0;
    case NF_LOOP_WALLTIME:
        nf_walltime_answered(&loop->walltime, loop->now);
        return 0;
    case NF_LOOP_STDOUT:
        return nf_output_writable(loop->with->output, err);
    default:
        return take_output(loop, event->data.u64, err);
    }
}

/* Ends come last: what a task wrote before is taken in order. */
static int take_events(struct nf_loop *loop, const struct epoll_event *event, int count,
                       nfold_error *err)
{
    struct ends ends = {0};
    int rc = 0;
    for (int i = 0; rc >= 0 && i < count; i++)
        rc = take_event(loop, &event[i], &ends, err);
    if (rc >= 0 && ends.is_bell)
        rc = nf_loop_answer_bell(loop, err);
    return rc >= 0 && ends.are_children ? nf_loop_reap(loop, err) : rc;
}

/* The youngest has the least to lose. */
static int end_youngest(struct nf_loop *loop, nfold_error *err)
{
    unsigned youngest = loop->used;
    for (unsigned i = 0; i < loop->used; i++)
        if (loop->attempt[i].pid != 0 && !loop->attempt[i].is_ending &&
            (youngest == loop->used || loop->attempt[i].began > loop->attempt[youngest].began))
            youngest = i;
    if (youngest == loop->used)
        return 0;
    loop->attempt[youngest].is_put_back = 1;
    return nf_loop_end_attempt(loop, youngest, NF_TASK_CUT, err);
}

/* What has to be looked at, because nothing tells us: memory, and the median that limits depend on.
 */
static int look(struct nf_loop *loop, nfold_error *err)
{
    int rc = 0;
    loop->look_due = loop->now + loop->look_seconds;
    for (unsigned i = 0; rc >= 0 && i < loop->used; i++) {
        struct nf_attempt *attempt = &loop->attempt[i];
        if (nf_memory_limit_look(&loop->memory, attempt) && !loop->memory.is_grouped)
            rc = nf_loop_end_attempt(loop, i, NF_TASK_OOM, err);
        if (loop->timeout.share > 0 && attempt->pid != 0 && !attempt->is_ending)
            nf_loop_limit_attempt(loop, i);
    }
    if (rc >= 0 && loop->running > 1 && nf_gate_is_starved(&loop->gate))
        rc = end_youngest(loop, err);
    return rc;
}

static int take_timers(struct nf_loop *loop, nfold_error *err)
{
    int rc = 0;
    if (loop->paused_since > 0)
        return 0;
    for (unsigned i = 0; rc >= 0 && i < loop->used; i++)
        if (loop->due[i] <= loop->now)
            rc = nf_loop_timer(loop, i, err);
    if (loop->stage < NF_STAGE_END && loop->walltime.ask_due <= loop->now)
        nf_loop_ask_walltime(loop);
    if (rc >= 0 && nf_walltime_stop(&loop->walltime) <= loop->now)
        rc = nf_loop_time_is_over(loop, err);
    if (rc >= 0 && loop->look_due <= loop->now)
        rc = look(loop, err);
    if (loop->endings.count > 0 && (loop->endings_due <= loop->now || loop->stage == NF_STAGE_KILL))
        loop->endings_due = nf_endings_climb(&loop->endings, loop->now);
    return rc;
}

static void show_progress(struct nf_loop *loop)
{
    const struct nf_supervision *with = loop->with;
    if (!with->show || loop->now < loop->progress_due)
        return;
    with->show(with->user, loop->now);
    loop->progress_due = loop->now + SHOW_SECONDS;
}

/* The ends of what runs can still be written down, and mostly are worth more than the error. */
static int tick_record(struct nf_loop *loop)
{
    nfold_error why = {0};
    if (loop->now < loop->record_due && !loop->is_record_urgent)
        return 0;
    double seconds = nf_record_tick(loop->with->record, loop->is_record_urgent, &why);
    loop->is_record_urgent = 0;
    loop->record_due = seconds < 0 ? INFINITY : loop->now + seconds;
    return seconds < 0 ? nf_loop_break_off(loop, "the record cannot be written", &why) : 0;
}

/* Full, but with room for the ends of what runs: no error, the rest is for `nfold resume`. */
static int look_at_disk(struct nf_loop *loop)
{
    char text[PATH_MAX + 80];
    if (!nf_record_is_full(loop->with->record) || loop->stage >= NF_STAGE_DRAIN)
        return 0;
    snprintf(text, sizeof text, "the disk of %s is full: no more tasks are started",
             nf_record_directory(loop->with->record));
    nf_loop_warn(loop, text);
    return nf_loop_enter(loop, NF_STAGE_DRAIN, NF_SUPERVISION_DRAINED, "disk full", NULL);
}

static int wait_and_take(struct nf_loop *loop, nfold_error *err)
{
    struct epoll_event event[EVENTS];
    if (watch_input(loop))
        return 0;
    watch_stdout(loop);
    watch_children(loop);
    int wait = milliseconds_to_wait(loop);
    loop->wakes_at = wait < 0 ? INFINITY : loop->now + 1e-3 * wait;
    pthread_mutex_unlock(&loop->lock);
    int count = epoll_wait(loop->epoll_fd, event, EVENTS, wait);
    pthread_mutex_lock(&loop->lock);
    if (count < 0 && errno != EINTR)
        return nf_fail_errno(err, "the supervisor of the tasks cannot wait");
    loop->now = nf_clock_now();
    int rc = take_events(loop, event, count, err);
    if (rc >= 0)
        rc = take_timers(loop, err);
    show_progress(loop);
    if (rc >= 0)
        rc = tick_record(loop);
    return rc >= 0 ? look_at_disk(loop) : rc;
}

/* ---- the run ---- */

static int is_over(const struct nf_loop *loop)
{
    if (loop->running > 0 || loop->endings.count > 0)
        return 0;
    return loop->stage > NF_STAGE_RUN || (loop->is_input_over && loop->retry.count == 0);
}

static int run(struct nf_loop *loop, nfold_error *err)
{
    int rc = 0;
    while (rc >= 0) {
        rc = nf_loop_start_tasks(loop, err);
        if (rc < 0 || is_over(loop))
            break;
        rc = wait_and_take(loop, err);
    }
    return rc;
}

/* Something broke: a full disk, a closed stdout. What runs is ended and, as far as that still goes,
 * recorded; the first error is the one that counts. */
static void end_broken(struct nf_loop *loop)
{
    nfold_error ignored = {0};
    double until = nf_clock_now() + 10;
    loop->is_broken = 1;
    nf_loop_enter(loop, NF_STAGE_END, NF_SUPERVISION_STOPPED, "an error", &ignored);
    while ((loop->running > 0 || loop->endings.count > 0) && nf_clock_now() < until)
        if (wait_and_take(loop, &ignored) < 0)
            nf_loop_reap(loop, &ignored);
    nf_loop_account_broken(loop);
}

/* Whether a stop left anything undone is known only once the rest of the input is. */
static int account(struct nf_loop *loop, nfold_error *err)
{
    const struct nf_record_counts *counts = nf_record_counts(loop->with->record);
    uint64_t before = counts->status[NF_TASK_NOT_STARTED];
    int rc = nf_loop_account_rest(loop, err);
    int is_whole = loop->is_input_over && counts->status[NF_TASK_NOT_STARTED] == before &&
                   counts->status[NF_TASK_CUT] == 0 && counts->status[NF_TASK_PREEMPTED] == 0;
    if (loop->result->end == NF_SUPERVISION_DRAINED && is_whole)
        loop->result->end = NF_SUPERVISION_DONE;
    return rc;
}

/* As GNU parallel: who asks for a share is told one. */
static void give_share(struct nf_loop *loop)
{
    loop->result->is_share = loop->halt.is_share;
    if (loop->halt.is_share && loop->result->end == NF_SUPERVISION_DONE)
        loop->result->halt_status = nf_halt_share(&loop->halt);
}

/* Whatever tasks left running, in sessions of their own or not. */
static void end_left(struct nf_loop *loop)
{
    struct nf_groups groups = {loop->area ? loop->area->group : NULL,
                               loop->area ? NF_GUARDIAN_GROUPS : 0};
    nf_walltime_close(&loop->walltime);
    loop->result->left_behind = nf_descendants_end(&groups, NULL);
    nf_loop_close_spawners(loop);
}

static int supervise(struct nf_loop *loop, nfold_error *err)
{
    const struct nf_supervision_result *result = loop->result;
    int rc = run(loop, err);
    if (rc < 0)
        end_broken(loop);
    else if (loop->stage > NF_STAGE_RUN)
        rc = account(loop, err);
    if (rc >= 0 && (result->end != NF_SUPERVISION_DONE || !loop->is_input_over))
        nf_record_stopped(loop->with->record, result->why[0] ? result->why : NULL);
    give_share(loop);
    end_left(loop);
    if (loop->failure.code == 0)
        return rc;
    if (err)
        *err = loop->failure;
    return loop->failure.code;
}

int nf_supervise(const struct nf_supervision *supervision, struct nf_supervision_result *result,
                 nfold_error *err)
{
    struct nf_loop loop = {.with = supervision,
                           .result = result,
                           .epoll_fd = -1,
                           .child_fd = -1,
                           .bell_fd = -1,
                           .setting.null_fd = -1,
                           .walltime.answer = -1};
    *result = (struct nf_supervision_result){.end = NF_SUPERVISION_DONE};
    int rc = nf_loop_open(&loop, err);
    if (rc >= 0) {
        pthread_mutex_lock(&loop.lock);
        rc = supervise(&loop, err);
        pthread_mutex_unlock(&loop.lock);
    }
    nf_loop_close(&loop);
    return rc;
}
