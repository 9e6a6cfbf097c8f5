/* spawning.c: the spawners of the loop: when a slot gets one, and what becomes of a task that has
 * ended. A spawner does itself what is plain, because the slot waits for it: it writes down a task
 * that is ok and starts the next one. All else is left to the loop, which it wakes up. Without
 * spawners, or where no room for one is, all goes on as well: the loop starts the tasks. */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "record.h"

int nf_loop_open_bell(struct nf_loop *loop)
{
    loop->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->bell_fd < 0 ? -1 : nf_loop_watch(loop, loop->bell_fd, EPOLLIN, NF_LOOP_BELL);
}

/* ---- in a spawner's thread, which holds the lock */

static void ring(const struct nf_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->bell_fd, &one, sizeof one);
    (void)written;
}

static int finish_told(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    const struct nf_spawner_end end = attempt->end;
    attempt->is_told = 0;
    loop->shortage_since = 0;
    int rc = nf_loop_finish(loop, index, end.status, &end.usage, err);
    nf_spawner_release(&end);
    return rc;
}

static int is_plain(const struct nf_loop *loop, const struct nf_attempt *attempt)
{
    return loop->stage == NF_STAGE_RUN && loop->paused_since == 0 && loop->bell_rc >= 0 &&
           attempt->end.cause == 0 && attempt->end.status == 0 && !attempt->is_ending;
}

/* What the loop waits for, or until when, is not what it thinks. */
static int is_loop_wanted(const struct nf_loop *loop, unsigned index)
{
    return loop->is_record_urgent || loop->due[index] < loop->wakes_at ||
           nf_record_is_full(loop->with->record) ||
           nf_output_blocked_fd(loop->with->output) != loop->blocked_fd;
}

static void told(void *user, unsigned index, const struct nf_spawner_end *end)
{
    struct nf_loop *loop = user;
    struct nf_attempt *attempt = &loop->attempt[index];
    int rc = 0;
    attempt->end = *end;
    attempt->is_told = 1;
    loop->now = nf_clock_now();
    if (is_plain(loop, attempt)) {
        rc = finish_told(loop, index, &loop->bell_error);
        if (rc >= 0)
            rc = nf_loop_refill(loop, index, &loop->bell_error);
        loop->bell_rc = rc;
    }
    if (rc <= 0 || is_loop_wanted(loop, index))
        ring(loop);
}

/* ---- in the loop */

/* One task alone is started as fast without; a slot with CPUs of its own that has a second one will
 * have more. */
void nf_loop_want_spawner(struct nf_loop *loop, unsigned index, int is_first)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    struct nf_spawner *spawner = &attempt->spawner;
    if (is_first && attempt->slot->is_pinned && loop->area && index < NF_GUARDIAN_GROUPS)
        attempt->born = &loop->area->group[index];
    if (is_first || !attempt->born || spawner->has_thread)
        return;
    *spawner = (struct nf_spawner){.cpus = attempt->cpus,
                                   .cpus_size = attempt->cpus_size,
                                   .index = index,
                                   .told = told,
                                   .user = loop,
                                   .lock = &loop->lock};
    nf_spawner_open(spawner);
}

/* The thread ends by itself; it is waited for at the end of the run. */
static void dismiss(struct nf_attempt *attempt)
{
    nf_spawner_dismiss(&attempt->spawner);
    attempt->born = NULL;
}

void nf_loop_give_room(struct nf_loop *loop)
{
    for (unsigned i = 0; i < loop->used; i++)
        if (loop->attempt[i].born && !loop->attempt[i].is_spawned)
            dismiss(&loop->attempt[i]);
}

/* No program ran. The spawner may have taken the last place for a process. */
static int put_back(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    dismiss(attempt);
    if (!attempt->is_ending)
        attempt->cause = NF_TASK_CUT;
    attempt->is_ending = 1;
    attempt->is_put_back = 1;
    attempt->is_told = 0;
    return nf_loop_finish(loop, index, 0, NULL, err);
}

/* The first error counts; what has ended is written down all the same. */
int nf_loop_answer_bell(struct nf_loop *loop, nfold_error *err)
{
    uint64_t count;
    int rc = loop->bell_rc < 0 ? loop->bell_rc : 0;
    ssize_t size = read(loop->bell_fd, &count, sizeof count);
    (void)size;
    if (rc < 0 && err)
        *err = loop->bell_error;
    loop->bell_rc = 0;
    for (unsigned i = 0; i < loop->used; i++) {
        const struct nf_attempt *attempt = &loop->attempt[i];
        nfold_error *first = rc < 0 ? NULL : err;
        int done = !attempt->is_told         ? 0
                   : attempt->end.cause != 0 ? put_back(loop, i, first)
                                             : finish_told(loop, i, first);
        rc = rc < 0 ? rc : done;
    }
    return rc;
}

void nf_loop_close_spawners(struct nf_loop *loop)
{
    for (unsigned i = 0; i < loop->used; i++)
        nf_spawner_dismiss(&loop->attempt[i].spawner);
    pthread_mutex_unlock(&loop->lock);
    for (unsigned i = 0; i < loop->used; i++)
        nf_spawner_close(&loop->attempt[i].spawner);
    pthread_mutex_lock(&loop->lock);
}
