/* supervise.c: the caller's part of a run that is going on: it merges what workers put into their
 * rings, sees them die or stand still, and has others do again what they had claimed. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "pool.h"

#define SPIN_WORKERS    16 /* watching more takes too long */
#define SPINS_A_LOOK    64
#define TICK_MS         5
#define WATCH_SECONDS   2e-3 /* between two looks at who is stopped or late */
#define STOP_SECONDS    0.08 /* for workers to notice a stop; then they are killed */
#define STOPPED_SECONDS 1.0  /* a worker that was sent SIGSTOP is waited for so long */
#define BARREN_MAX      10   /* workers in a row that die before they answer */
#define START_TRIES     20   /* when there is no worker left and none can be started */
#define START_WAIT_MS   50

/* ---- what workers send ----------------------------------------------------------------------- */

void nf_worker_drain(struct nf_pool *pool, struct nf_worker *worker)
{
    struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    struct nfold_fragment fragment;
    int rc;
    while ((rc = nf_ring_take(&slot->ring, &worker->taken, &fragment)) > 0)
        pool->engine->merge(pool->run, worker->number, &fragment);
    if (rc < 0)
        nf_worker_signal(worker, SIGKILL); /* it scribbled: its claims are done again */
}

/* Keeps the latest lines. */
static void keep_words(struct nf_worker *worker, const char *text, size_t size)
{
    size_t room = sizeof worker->words, over;
    if (size > room) {
        text += size - room;
        size = room;
    }
    over = worker->words_size + size > room ? worker->words_size + size - room : 0;
    memmove(worker->words, worker->words + over, worker->words_size - over);
    worker->words_size -= over;
    memcpy(worker->words + worker->words_size, text, size);
    worker->words_size += size;
}

int nf_worker_listen(struct nf_worker *worker)
{
    char text[4096];
    for (;;) {
        ssize_t count = recv(worker->socket, text, sizeof text, MSG_DONTWAIT);
        if (count == 0)
            return 1;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno != EAGAIN && errno != EWOULDBLOCK;
        keep_words(worker, text, (size_t)count);
    }
}

static int is_idle(const struct nf_pool *pool, const struct nf_worker *worker)
{
    const struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    return atomic_load_explicit(&slot->answered, memory_order_acquire) == worker->posted;
}

static unsigned count_alive(const struct nf_pool *pool)
{
    unsigned alive = 0;
    for (unsigned k = 0; k < pool->wanted; k++)
        alive += pool->worker[k].pid > 0;
    return alive;
}

/* In the place of a worker that died. With others alive it may fail: they go on. */
static void replace(struct nf_pool *pool, struct nf_worker *worker)
{
    if (pool->barren >= BARREN_MAX) {
        pool->is_failed = 1;
        nf_fail(&pool->err, NFOLD_E_SYSTEM, "worker processes do not come up: the last was %s",
                pool->cause);
        return;
    }
    pool->engine->restart(pool->run, worker->number);
    for (unsigned tries = 0; tries < START_TRIES; tries++) {
        if (nf_worker_engage(pool, worker, &pool->err) >= 0)
            return;
        if (count_alive(pool) > 0 || pool->err.code == NFOLD_E_USAGE)
            break;
        poll(NULL, 0, START_WAIT_MS);
    }
    pool->is_failed = count_alive(pool) == 0;
}

/* ---- watching -------------------------------------------------------------------------------- */

static int is_gone(const struct nf_pool *pool, struct nf_worker *worker, unsigned index)
{
    const struct pollfd *files = &pool->poll[1 + 2 * index];
    if (files[0].revents && nf_worker_listen(worker))
        return 1;
    return worker->pidfd >= 0 && (files[1].revents & POLLIN);
}

/* Has a worker come to an end, or its ring to a half? */
static int has_news(const struct nf_pool *pool)
{
    for (unsigned k = 0; k < pool->wanted; k++) {
        const struct nf_worker *worker = &pool->worker[k];
        const struct nf_slot *slot = nf_area_slot(pool->area, k);
        if (worker->pid > 0 && (is_idle(pool, worker) != worker->was_idle ||
                                nf_ring_used(&slot->ring) > NF_RING_BYTES / 2))
            return 1;
    }
    return 0;
}

/* The end is near when all chunks are claimed: it is waited for awake. */
static int spin_for_news(const struct nf_pool *pool)
{
    double deadline;
    if (pool->spin_seconds <= 0 || pool->wanted > SPIN_WORKERS ||
        pool->engine->left(pool->run) > pool->spin_seconds)
        return 0;
    deadline = pool->engine->now() + pool->spin_seconds;
    do
        for (int k = 0; k < SPINS_A_LOOK; k++)
            if (has_news(pool))
                return 1;
    while (pool->engine->now() < deadline);
    return 0;
}

/* Between two looks: until a worker rings, dies or speaks, or for a tick. */
static void wait_a_tick(struct nf_pool *pool)
{
    uint64_t rung;
    ssize_t ignored = 0;
    unsigned files = 1 + 2 * pool->wanted;
    pool->poll[0] = (struct pollfd){.fd = pool->bell, .events = POLLIN};
    for (unsigned k = 0; k < pool->wanted; k++) {
        pool->poll[1 + 2 * k] = (struct pollfd){.fd = pool->worker[k].socket, .events = POLLIN};
        pool->poll[2 + 2 * k] = (struct pollfd){.fd = pool->worker[k].pidfd, .events = POLLIN};
    }
    if (spin_for_news(pool))
        return;
    atomic_store(&pool->area->caller_sleeps, 1);
    if (poll(pool->poll, files, has_news(pool) ? 0 : TICK_MS) <= 0)
        for (unsigned k = 0; k < files; k++)
            pool->poll[k].revents = 0;
    atomic_store(&pool->area->caller_sleeps, 0);
    if (pool->poll[0].revents)
        ignored = read(pool->bell, &rung, sizeof rung);
    (void)ignored;
}

/* Was it stopped, and for how long? Ctrl-Z stops the caller, too, and its clock begins only when
 * both go on. */
static void watch_stops(struct nf_worker *worker, double now)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)worker->pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
        info.si_pid == worker->pid)
        worker->stopped_at = info.si_code == CLD_STOPPED ? now : 0;
    if (worker->stopped_at > 0 && now - worker->stopped_at > STOPPED_SECONDS) {
        worker->is_stopped = 1;
        worker->stopped_at = 0;
        nf_worker_signal(worker, SIGKILL);
    }
}

/* One call of a function may hold many items: when it takes too long it is done again item by item,
 * and only there is the item to blame. */
static void watch_item(struct nf_pool *pool, struct nf_worker *worker, double now)
{
    const struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    uint64_t beats = pool->engine->pulse(pool->run, worker->number, NULL);
    if (beats != worker->beats || !atomic_load(&slot->has_claim)) {
        worker->beats = beats;
        worker->beaten_at = now;
    }
    if (now - worker->beaten_at > pool->timeout && !worker->is_overdue) {
        worker->is_overdue = 1;
        nf_worker_signal(worker, SIGKILL);
    }
}

static void watch(struct nf_pool *pool, int is_user_code)
{
    double now = pool->engine->now();
    if (now - pool->watched_at < WATCH_SECONDS)
        return;
    pool->watched_at = now;
    for (unsigned k = 0; k < pool->wanted; k++) {
        struct nf_worker *worker = &pool->worker[k];
        if (worker->pid == 0)
            continue;
        if (!is_idle(pool, worker))
            watch_stops(worker, now);
        if (is_user_code && pool->timeout > 0 && !is_idle(pool, worker))
            watch_item(pool, worker, now);
        nf_worker_give_native(pool, worker);
    }
}

static int is_refused(struct nf_pool *pool, const struct nf_worker *worker)
{
    struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    int code = atomic_load(&slot->refused);
    if (code >= 0)
        return 0;
    pool->is_failed = 1;
    slot->refusal[sizeof slot->refusal - 1] = '\0';
    nf_fail(&pool->err, code, "worker %u: %s", worker->number, slot->refusal);
    return 1;
}

/* Gives something to each worker that has nothing to do. 1: somebody is at work. */
static int keep_busy(struct nf_pool *pool)
{
    struct nf_suspect suspect;
    int is_busy = 0;
    for (unsigned k = 0; k < pool->wanted; k++) {
        struct nf_worker *worker = &pool->worker[k];
        if (worker->pid == 0)
            continue;
        if (is_idle(pool, worker)) {
            worker->range = (struct nfold_range){0, 0};
            if (is_refused(pool, worker))
                return 0;
            if (nf_suspect_take(pool, &suspect))
                nf_worker_give_range(pool, worker, &suspect);
            else if (!worker->has_claimed)
                nf_worker_give_claims(pool, worker);
        }
        worker->was_idle = is_idle(pool, worker);
        is_busy |= !worker->was_idle;
    }
    return is_busy;
}

/* All rest: what is missing still, because nobody could know that it was claimed? */
static int find_gap(struct nf_pool *pool)
{
    struct nf_suspect suspect = {.chunks = {0, UINT64_MAX}, .level = NF_LEVEL_WHOLE};
    if (!pool->engine->gap(pool->run, &suspect.chunks))
        return 0;
    nf_suspect_add(pool, suspect);
    return 1;
}

static void kill_busy(struct nf_pool *pool)
{
    for (unsigned k = 0; k < pool->wanted; k++) {
        struct nf_worker *worker = &pool->worker[k];
        if (worker->pid == 0 || is_idle(pool, worker))
            continue;
        nf_worker_signal(worker, SIGKILL);
        nf_worker_reap(worker);
        nf_worker_drain(pool, worker);
        nf_worker_clear(worker);
    }
}

/* What has happened since the last look. */
static void look_around(struct nf_pool *pool, int is_stopped)
{
    for (unsigned k = 0; k < pool->wanted; k++) {
        struct nf_worker *worker = &pool->worker[k];
        if (worker->pid == 0)
            continue;
        nf_worker_drain(pool, worker);
        if (!is_gone(pool, worker, k))
            continue;
        nf_worker_bury(pool, worker);
        if (!is_stopped)
            replace(pool, worker);
    }
}

/* Until every chunk is merged, or the run has failed or was stopped. */
void nf_pool_supervise(struct nf_pool *pool)
{
    int is_user_code = (pool->engine->traits(pool->run) & NFOLD_BODY_USER_CODE) != 0;
    double stop_at = 0;
    for (;;) {
        int is_stopped = pool->engine->tend(pool->run);
        if (is_stopped && stop_at == 0)
            stop_at = pool->engine->now() + STOP_SECONDS;
        if (is_stopped)
            pool->suspects = 0;
        look_around(pool, is_stopped);
        if (pool->is_failed)
            break;
        nf_pool_take_native(pool);
        if (!keep_busy(pool) && !pool->is_failed && pool->suspects == 0) {
            look_around(pool, is_stopped); /* the last fragments */
            if (is_stopped || (pool->suspects == 0 && !find_gap(pool)))
                break;
            continue;
        }
        if (pool->is_failed || (is_stopped && pool->engine->now() > stop_at))
            break;
        watch(pool, is_user_code);
        wait_a_tick(pool);
    }
    kill_busy(pool);
}
