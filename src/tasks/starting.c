/* starting.c: takes tasks from the input, leaves out what is done, and puts them into slots. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "clock.h"
#include "loop.h"
#include "slot.h"
#include "statistics.h"

#define SHORTAGE_PAUSE    0.1
#define SHORTAGE_PATIENCE 30  /* with nothing running that could give room */
#define REST_SECONDS      0.2 /* an input whose length is not known is read for so long, */
#define BOUNDED_SECONDS   2   /* and one that can be counted, where nothing of it may be done */
#define COUNT_MOST        10000000
#define FOLLOW_SECONDS    1

static int render(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    int rc = nf_template_render(loop->with->pattern, &attempt->task, attempt->slot->number,
                                &attempt->line, err);
    if (rc >= 0 && loop->tag)
        rc = nf_template_render_text(loop->tag, &attempt->task, attempt->slot->number,
                                     &attempt->tag, err);
    if (rc >= 0 && (attempt->line.failed || attempt->tag.failed))
        rc = nf_fail_memory(err);
    return rc;
}

/* An input that cannot be used: what runs may end, and then the error is told. What stands behind
 * it is counted, unless there is no going on, or nothing was begun: such a run is refused. */
static int leave_input(struct nf_loop *loop, struct nf_attempt *attempt, const nfold_error *why)
{
    nf_task_clear(&attempt->task);
    if (why->code == NFOLD_E_VALUE && nf_record_counts(loop->with->record)->submitted > 0)
        nf_record_unusable(loop->with->record);
    else
        loop->is_input_over = 1;
    return nf_loop_break_off(loop, "an input that cannot be used", why);
}

/* From the input into the attempt: 1, 0: nothing now, or < 0. Tasks that are done are passed over.
 */
static int take_new(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    nfold_error why;
    for (;;) {
        int rc = nf_input_next(loop->with->input, &attempt->task, &why);
        if (rc < 0)
            return leave_input(loop, attempt, &why);
        if (rc == 0 || rc == NF_INPUT_WAIT) {
            loop->is_input_over = rc == 0;
            loop->is_input_awaited = rc == NF_INPUT_WAIT;
            return 0;
        }
        attempt->task.attempt = 1;
        attempt->line.size = attempt->tag.size = 0;
        if (render(loop, attempt, &why) < 0)
            return leave_input(loop, attempt, &why);
        rc = nf_record_admit(loop->with->record, &attempt->task, attempt->line.data, err);
        if (rc != 0)
            return rc;
        uint64_t sequence = attempt->task.sequence;
        nf_task_clear(&attempt->task);
        if ((rc = nf_output_skip(loop->with->output, sequence, err)) < 0)
            return rc;
    }
}

static int take_task(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    uint64_t memory = 0;
    if (nf_retry_take(&loop->retry, loop->now, &attempt->task, &memory)) {
        attempt->line.size = attempt->tag.size = 0;
        attempt->memory_limit = memory;
        int rc = render(loop, attempt, err);
        return rc < 0 ? rc : 1;
    }
    attempt->memory_limit = 0;
    if (loop->is_input_over || loop->is_input_awaited)
        return 0;
    return take_new(loop, attempt, err);
}

/* The process table or the table of files is full: others must end first. */
static int wait_for_room(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    if (loop->shortage_since == 0)
        loop->shortage_since = loop->now;
    if (loop->running == 0 && loop->now - loop->shortage_since > SHORTAGE_PATIENCE)
        return nf_fail_errno(err, "no process can be started");
    nf_loop_give_room(loop);
    loop->start_due = loop->now + SHORTAGE_PAUSE;
    return nf_retry_put(&loop->retry, &attempt->task, attempt->memory_limit, loop->now, 1, err);
}

static int wait_for_memory(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    if (loop->running == 0 && loop->shortage_since == 0) {
        loop->shortage_since = loop->now;
        nf_loop_say(loop, "waiting until --mem-per-task is free");
    }
    loop->start_due = loop->now + SHORTAGE_PAUSE;
    return nf_retry_put(&loop->retry, &attempt->task, attempt->memory_limit, loop->now, 1, err);
}

static void note_start(struct nf_loop *loop, unsigned index)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    if (!attempt->is_spawned)
        loop->shortage_since = 0;
    loop->spawned += attempt->is_spawned;
    loop->running++;
    loop->pid[index] = attempt->pid;
    if (loop->area && index < NF_GUARDIAN_GROUPS && !attempt->is_spawned)
        loop->area->group[index] = attempt->pid;
    int is_piped = attempt->read_fd[0] >= 0 || attempt->read_fd[1] >= 0;
    loop->unwatched += is_piped;
    attempt->is_watched = !is_piped;
    attempt->paused = 0;
    nf_loop_limit_attempt(loop, index);
    nf_gate_started(&loop->gate, attempt->began);
    nf_statistics_began(loop->with->statistics, index + 1, attempt->began);
    nf_statistics_name_task(loop->with->statistics, index + 1, attempt->task.sequence);
    nf_record_began(loop->with->record, &attempt->task, index + 1);
}

/* For the first task of a slot, and when its tasks have another number of CPUs (-j FILE). */
static int prepare(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    const struct nf_slot *slot = &loop->with->slots->slot[index];
    int is_first = index == loop->used;
    if (!is_first && attempt->cpu_count == slot->cpu_count)
        return 0;
    if (!is_first)
        nf_attempt_clear(attempt);
    int rc = nf_attempt_prepare(attempt, slot, &loop->setting, err);
    loop->used += is_first && rc >= 0;
    return rc;
}

/* 1: a task was started; 0: none can be now. */
static int start_one(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    int groups[2] = {-1, -1};
    struct nf_attempt *attempt = &loop->attempt[index];
    int is_first = index == loop->used;
    int rc = prepare(loop, index, err);
    if (rc >= 0)
        rc = take_task(loop, attempt, err);
    if (rc <= 0)
        return rc;
    if (!nf_memory_limit_admits(&loop->memory, attempt->memory_limit, loop->attempt, loop->used))
        return wait_for_memory(loop, attempt, err);
    nf_loop_want_spawner(loop, index, is_first);
    nf_memory_limit_begin(&loop->memory, attempt, &groups[0]);
    rc = nf_attempt_start(attempt, &loop->setting, groups, err);
    if (rc == 0)
        return wait_for_room(loop, attempt, err);
    if (rc < 0)
        return rc;
    note_start(loop, index);
    if (attempt->is_done)
        rc = nf_loop_finish(loop, index, 0, NULL, err);
    return rc < 0 ? rc : 1;
}

static unsigned lowest_free(struct nf_loop *loop)
{
    while (loop->lowest_free < loop->used && (loop->pid[loop->lowest_free] != 0))
        loop->lowest_free++;
    return loop->lowest_free;
}

/* -j FILE. More slots are filled at once; where there are fewer, tasks end and none follows. */
static void follow_slots(struct nf_loop *loop)
{
    struct nf_slots *slots = loop->with->slots;
    nfold_error why;
    char text[300];
    int rc = nf_slots_follow(slots, loop->with->options, &why);
    if (rc < 0) {
        snprintf(text, sizeof text, "%.200s; it stays at %u", why.message, loop->slots);
        nf_loop_warn(loop, text);
    }
    if (rc <= 0)
        return;
    snprintf(text, sizeof text, "%u slot%s from now on, not %u", slots->count,
             slots->count == 1 ? "" : "s", loop->slots);
    nf_loop_say(loop, text);
    loop->slots = slots->count;
    loop->most_slots = loop->slots > loop->most_slots ? loop->slots : loop->most_slots;
    nf_statistics_set_slots(loop->with->statistics, loop->most_slots);
}

/* Also while no task ends somebody may write to the file. */
static void plan_follow(struct nf_loop *loop)
{
    int is_over = loop->stage != NF_STAGE_RUN || (loop->is_input_over && loop->retry.count == 0);
    if (!nf_slots_may_change(loop->with->slots) || is_over || isfinite(loop->start_due))
        return;
    loop->start_due = loop->now + FOLLOW_SECONDS;
    if (loop->running < loop->slots)
        loop->start_due = fmin(loop->start_due, nf_retry_due(&loop->retry));
}

int nf_loop_start_tasks(struct nf_loop *loop, nfold_error *err)
{
    int rc = 1;
    follow_slots(loop);
    double awaited = nf_walltime_awaited(&loop->walltime, loop->now);
    loop->start_due = awaited > 0 ? awaited : INFINITY;
    if (awaited > 0)
        return 0;
    if (loop->stage == NF_STAGE_RUN &&
        !nf_walltime_admits(&loop->walltime, loop->with->statistics, loop->now))
        return nf_loop_time_is_short(loop, err);
    while (rc > 0 && loop->stage == NF_STAGE_RUN && loop->paused_since == 0 &&
           loop->running < loop->slots) {
        double closed = nf_gate_closed_until(&loop->gate, loop->now);
        if (closed > 0) {
            loop->start_due = closed;
            break;
        }
        rc = start_one(loop, lowest_free(loop), err);
        if (isfinite(loop->start_due))
            break;
    }
    plan_follow(loop);
    return rc < 0 ? rc : 0;
}

/* A slot below that is free comes first, which is for the loop to see. */
int nf_loop_refill(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    const struct nf_walltime *walltime = &loop->walltime;
    if (loop->stage != NF_STAGE_RUN || loop->paused_since > 0 || isfinite(loop->start_due) ||
        loop->running >= loop->slots || lowest_free(loop) != index || !loop->attempt[index].born ||
        nf_walltime_awaited(walltime, loop->now) > 0 ||
        !nf_walltime_admits(walltime, loop->with->statistics, loop->now) ||
        nf_gate_closed_until(&loop->gate, loop->now) > 0)
        return 0;
    return start_one(loop, index, err);
}

static int account_one(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    int rc = nf_record_not_started(loop->with->record, &attempt->task, NF_TASK_NOT_STARTED, err);
    if (rc >= 0 && !loop->is_broken)
        rc = nf_output_skip(loop->with->output, attempt->task.sequence, err);
    nf_task_clear(&attempt->task);
    return rc;
}

static int account_waiting(struct nf_loop *loop, struct nf_attempt *attempt, nfold_error *err)
{
    int rc = 0;
    uint64_t memory;
    while (rc >= 0 && nf_retry_take(&loop->retry, INFINITY, &attempt->task, &memory))
        rc = account_one(loop, attempt, err);
    return rc;
}

/* What standard input still gives would have to be saved. */
static int is_rest_readable(const struct nf_loop *loop)
{
    return !nf_record_is_full(loop->with->record) || !nf_input_uses_stdin(loop->with->input);
}

/* What is not read, but whose number is known. */
static void count_rest(struct nf_loop *loop)
{
    if (loop->is_input_over)
        return;
    nf_input_count(loop->with->input, COUNT_MOST);
    loop->is_input_over = nf_record_rest(loop->with->record, nf_input_total(loop->with->input));
}

int nf_loop_account_rest(struct nf_loop *loop, nfold_error *err)
{
    struct nf_attempt rest = {.slot = &loop->with->slots->slot[0]};
    int is_bounded = nf_input_is_bounded(loop->with->input);
    double until = nf_clock_now() + (is_bounded ? BOUNDED_SECONDS : REST_SECONDS);
    int rc = account_waiting(loop, &rest, err);
    loop->is_input_awaited = 0;
    /* To be counted is enough where none of them may be done; to take each is to remember it. */
    if (rc >= 0)
        count_rest(loop);
    while (rc >= 0 && !loop->is_input_over && !loop->is_input_awaited && is_rest_readable(loop)) {
        if (nf_clock_now() >= until && !(is_bounded && nf_record_resumes(loop->with->record)))
            break;
        rc = take_new(loop, &rest, err);
        if (rc > 0)
            rc = account_one(loop, &rest, err);
    }
    if (rc >= 0)
        count_rest(loop);
    nf_attempt_clear(&rest);
    return rc < 0 ? rc : 0;
}

void nf_loop_account_broken(struct nf_loop *loop)
{
    struct nf_attempt rest = {.slot = &loop->with->slots->slot[0]};
    account_waiting(loop, &rest, NULL);
    count_rest(loop);
    nf_attempt_clear(&rest);
}
