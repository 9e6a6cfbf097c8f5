/* processes.c: worker processes that may die. The caller computes nothing but what is too little to
 * share: it merges what workers put into their rings, sees them die, and has others do again what
 * they had claimed.
 *
 * Workers claim by themselves, in memory that all share, so that the caller sleeps nearly always.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffer.h"
#include "cgroup.h"
#include "cpus.h"
#include "error.h"
#include "mail.h"
#include "option.h"
#include "pool.h"

#define SPIN_SECONDS  30e-6
#define SHARE_SECONDS 200e-6 /* less work than this is done by the caller, unless it may crash */

static const struct nf_option processes_options[] = {
    {.name = "timeout",
     .type = NF_OPTION_SECONDS,
     .metavar = "SECONDS",
     .help = "processes: a C function may take so long for one item; then its worker is killed"},
    {0},
};

/* ---- mail ------------------------------------------------------------------------------------ */

/* A worker that cannot be written to is dead or dying: that is seen elsewhere. */
static void post(struct nf_pool *pool, struct nf_worker *worker, struct nf_mail mail, int fd)
{
    static const char wake = NF_SOCKET_WAKE, file = NF_SOCKET_FILE;
    struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    mail.has_file = fd >= 0;
    slot->mail[worker->posted % NF_MAILS] = mail;
    worker->posted++;
    atomic_store(&slot->posted, worker->posted);
    if (fd >= 0 || atomic_load(&slot->sleeps))
        atomic_store_explicit(&pool->area->caller_cpu, sched_getcpu(), memory_order_relaxed);
    if (fd >= 0)
        nf_mail_send(worker->socket, &file, 1, &fd, 1);
    else if (atomic_load(&slot->sleeps))
        nf_mail_send(worker->socket, &wake, 1, NULL, 0);
}

/* The description of the work: in the area, or as a file if it is long. */
static int make_work(struct nf_pool *pool, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = pool->engine->describe(pool->run, &text, err);
    pool->text_size = 0;
    if (rc >= 0 && text.size <= sizeof pool->area->text) {
        memcpy(pool->area->text, text.data, text.size);
        pool->text_size = text.size;
    } else if (rc >= 0) {
        pool->work_fd = nf_mail_file(text.data, text.size);
        rc = pool->work_fd < 0 ? nf_fail_errno(err, "describing the work to worker processes") : 0;
    }
    nf_buffer_clear(&text);
    return rc;
}

void nf_worker_give_native(struct nf_pool *pool, struct nf_worker *worker)
{
    if (pool->native_fd >= 0 && worker->has_work && !worker->has_native)
        post(pool, worker, (struct nf_mail){.kind = NF_MAIL_NATIVE}, pool->native_fd);
    worker->has_native = pool->native_fd >= 0;
}

/* The object of native code, once there is one. */
void nf_pool_take_native(struct nf_pool *pool)
{
    const void *object;
    size_t size;
    if (pool->native_fd < 0 && pool->engine->native_object(pool->run, &object, &size))
        pool->native_fd = nf_mail_file(object, size);
}

/* A worker that was forked during this run, or has had the mail, knows the work. */
static void give_work(struct nf_pool *pool, struct nf_worker *worker)
{
    const struct nf_mail mail = {.kind = NF_MAIL_WORK, .chunks.count = pool->text_size};
    if (!worker->has_work)
        post(pool, worker, mail, pool->work_fd);
    worker->has_work = 1;
    nf_worker_give_native(pool, worker);
}

void nf_worker_give_range(struct nf_pool *pool, struct nf_worker *worker,
                          const struct nf_suspect *suspect)
{
    const struct nf_mail mail = {
        .kind = NF_MAIL_RANGE, .level = suspect->level, .chunks = suspect->chunks};
    worker->range = suspect->chunks;
    worker->suspect_item_known = suspect->has_item;
    worker->suspect_item = suspect->item;
    worker->beats_at_range = pool->engine->pulse(pool->run, worker->number, NULL);
    worker->beaten_at = pool->engine->now();
    post(pool, worker, mail, -1);
}

void nf_worker_give_claims(struct nf_pool *pool, struct nf_worker *worker)
{
    const struct nf_mail mail = {.kind = NF_MAIL_CLAIM};
    worker->range = (struct nfold_range){0, 0};
    worker->has_claimed = 1;
    worker->beaten_at = pool->engine->now();
    post(pool, worker, mail, -1);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* A worker ready for this run, or a code. */
int nf_worker_engage(struct nf_pool *pool, struct nf_worker *worker, nfold_error *err)
{
    int rc = 0;
    if (worker->pid > 0 && pool->must_inherit && !worker->has_work)
        nf_worker_retire(worker);
    if (worker->pid == 0) {
        rc = nf_worker_start(pool, worker, err);
        if (rc < 0)
            return rc;
    }
    give_work(pool, worker);
    return 0;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void begin_run(struct nf_pool *pool, struct nfold_run *run)
{
    void *share = nf_area_share(pool->area);
    pool->run = run;
    memset(share, 0, pool->engine->share_size(pool->area->workers));
    pool->engine->share(run, share);
    pool->suspects = 0;
    pool->deaths = pool->barren = pool->stops = 0;
    pool->is_failed = 0;
    pool->err = (nfold_error){0};
    for (unsigned k = 0; k < pool->area->workers; k++) {
        struct nf_worker *worker = &pool->worker[k];
        worker->has_work = worker->has_native = worker->has_claimed = 0;
        worker->restarts = 0;
        worker->beats = 0;
        worker->words_size = 0;
    }
}

static void write_notes(struct nf_pool *pool)
{
    char text[320];
    for (unsigned k = 0; k < pool->wanted; k++) {
        const struct nf_worker *worker = &pool->worker[k];
        const struct nf_slot *slot = nf_area_slot(pool->area, k);
        double start_up = atomic_load(&slot->ready_at) - worker->started_at;
        pool->engine->note_worker(pool->run, k, start_up > 0 ? start_up : 0,
                                  atomic_load(&slot->memory), worker->restarts);
    }
    if (pool->deaths == 0)
        return;
    snprintf(text, sizeof text, "%u worker%s died and %s range%s run again; the last was %s",
             pool->deaths, pool->deaths == 1 ? "" : "s", pool->deaths == 1 ? "its" : "their",
             pool->deaths == 1 ? " was" : "s were", pool->cause);
    pool->engine->note(pool->run, text);
}

static void end_run(struct nf_pool *pool)
{
    write_notes(pool);
    if (pool->work_fd >= 0)
        close(pool->work_fd);
    if (pool->native_fd >= 0)
        close(pool->native_fd);
    pool->work_fd = pool->native_fd = -1;
    pool->run = NULL;
}

/* Engages as many workers as can be had; < 0: none. */
static int engage_all(struct nf_pool *pool, nfold_error *err)
{
    unsigned engaged = 0, missing = pool->area->workers - pool->count;
    char text[640];
    for (unsigned k = 0; k < pool->wanted; k++) {
        int rc = nf_worker_engage(pool, &pool->worker[k], &pool->start_err);
        if (rc >= 0)
            nf_worker_give_claims(pool, &pool->worker[k]); /* one answer for both mails */
        engaged += rc >= 0;
        if (rc == NFOLD_E_USAGE)
            break;
    }
    if (engaged == 0) {
        if (err)
            *err = pool->start_err;
        return pool->start_err.code;
    }
    missing += pool->wanted - engaged;
    if (missing > 0) {
        snprintf(text, sizeof text, "%u worker%s could not be started: %.400s", missing,
                 missing == 1 ? "" : "s", pool->start_err.message);
        pool->engine->note(pool->run, text);
    }
    return 0;
}

/* Without their files there is only the number: the worker is our child, so nobody else has it. */
static void end_lost_workers(struct nf_pool *pool)
{
    for (unsigned k = 0; k < pool->area->workers; k++) {
        struct nf_worker *worker = &pool->worker[k];
        if (worker->pid <= 0)
            continue;
        kill(worker->pid, SIGKILL);
        nf_worker_reap(worker);
        worker->pid = 0;
    }
}

/* The files of a forgotten pool are others' by now, or nobody's. */
static int renew_files(struct nf_pool *pool, nfold_error *err)
{
    unsigned workers = pool->area->workers;
    if (nf_pool_has_files(pool))
        return 0;
    end_lost_workers(pool);
    nf_pool_release(pool);
    return nf_pool_prepare(pool, workers, err);
}

/* Too little to share, and nothing that could crash. */
static int is_small(const struct nf_pool *pool, const struct nfold_run *run)
{
    double left = pool->engine->left(run);
    return !(pool->engine->traits(run) & NFOLD_BODY_USER_CODE) && left >= 0 && left < SHARE_SECONDS;
}

static int processes_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct nf_pool *pool = self;
    nfold_error why;
    int rc;
    if (is_small(pool, run))
        return pool->engine->work(run, 0);
    rc = renew_files(pool, err);
    if (rc < 0)
        return rc;
    pool->wanted = pool->engine->workers(run);
    if (pool->wanted > pool->count)
        pool->wanted = pool->count;
    begin_run(pool, run);
    pool->must_inherit = make_work(pool, &why) < 0;
    nf_pool_take_native(pool);
    rc = engage_all(pool, err);
    if (rc >= 0) {
        nf_pool_supervise(pool);
        if (pool->is_failed) {
            rc = pool->err.code;
            if (err)
                *err = pool->err;
        }
    }
    end_run(pool);
    return rc;
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void end_workers(struct nf_pool *pool)
{
    if (!pool->worker || !pool->area)
        return;
    if (!nf_pool_has_files(pool)) {
        end_lost_workers(pool);
        return;
    }
    for (unsigned k = 0; k < pool->area->workers; k++)
        if (pool->worker[k].pid > 0)
            shutdown(pool->worker[k].socket, SHUT_WR);
    for (unsigned k = 0; k < pool->area->workers; k++)
        nf_worker_retire(&pool->worker[k]);
}

static void processes_close(void *self)
{
    struct nf_pool *pool = self;
    end_workers(pool);
    nf_pool_release(pool);
}

static void processes_forget(void *self)
{
    nf_pool_release(self);
}

static int processes_open(void *self, const struct nfold_engine *engine, unsigned workers,
                          const nfold_options *options, nfold_error *err)
{
    struct nf_pool *pool = self;
    struct nf_cpus cpus;
    int rc;
    pool->engine = engine;
    nf_cpus_read(&cpus, "");
    pool->spin_seconds = workers < cpus.allowed ? SPIN_SECONDS : 0;
    pool->worker_spin_seconds = workers > cpus.allowed ? 0 : SPIN_SECONDS;
    pool->timeout = nf_options_seconds(options, "timeout");
    pool->oom_kills = nf_cgroup_oom_kills("");
    rc = nf_pool_prepare(pool, workers, err);
    while (rc >= 0 && pool->count < workers) {
        rc = nf_worker_start(pool, &pool->worker[pool->count], &pool->start_err);
        pool->count += rc >= 0;
    }
    if (pool->count > 0)
        return (int)pool->count;
    if (pool->start_err.code < 0 && err)
        *err = pool->start_err;
    processes_close(pool);
    return rc;
}

/* Async-signal-safe: the bell ends the caller's sleep, and the engine's flag says why. */
static void processes_stop(void *self)
{
    static const uint64_t one = 1;
    const struct nf_pool *pool = self;
    int before = errno;
    ssize_t ignored = write(pool->bell, &one, sizeof one);
    (void)ignored;
    errno = before;
}

static int processes_probe(nfold_error *err)
{
    int fd = nf_mail_file("", 0);
    if (fd < 0)
        return nf_fail_errno(err, "this system has no memory without a name (memfd_create)");
    close(fd);
    return 0;
}

extern const nfold_backend nf_backend_processes;
const nfold_backend nf_backend_processes = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "processes",
    .summary = "worker processes: a crash costs a range, not the run",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE,
    .same_memory = 0,
    .state_size = sizeof(struct nf_pool),
    .options = processes_options,
    .probe = processes_probe,
    .open = processes_open,
    .run = processes_run,
    .stop = processes_stop,
    .close = processes_close,
    .forget = processes_forget,
};
