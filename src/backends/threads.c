/* threads.c: a pool of threads that outlives runs.
 *
 * A run is a job: opened, entered by the workers that are awake in time, closed. A worker that
 * comes late finds it closed and is not waited for. Waiting spins for a bounded time, then yields,
 * then sleeps on a futex, so that an idle pool costs nothing. One worker is woken by the caller;
 * each that enters wakes two more. */
#include <nfold/backend.h>

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpus.h"
#include "crash_signal.h"
#include "error.h"
#include "signal_stack.h"

#define SPIN_SECONDS  30e-6 /* longer spins starve whoever shares the processor */
#define SHARE_SECONDS 50e-6 /* less work than this is not worth waking anyone */
#define SPINS_A_LOOK  64    /* between two looks at the clock */

/* The job: generation (32 bits) | open (1) | entered (15) | active (16). Entering is one compare
 * and swap, which fails for a job that was closed or replaced meanwhile. */
#define OPEN              UINT64_C(0x80000000)
#define ENTERED_ONE       UINT64_C(0x10000)
#define ENTERED(state)    ((unsigned)((state) >> 16 & 0x7fff))
#define ACTIVE(state)     ((unsigned)((state)&0xffff))
#define GENERATION(state) ((uint32_t)((state) >> 32))

/* Moving more threads off the caller's processor than this costs more than it gains. */
#define KEEP_OFF_THREADS_MAX 16
#define BALANCE_SECONDS      5e-3 /* a shorter run is over before the kernel would move anyone */
#define NO_CPU               (-1)

struct pool;

struct thread {
    pthread_t id;
    struct pool *pool;
    _Atomic int kept_off; /* the processor that it may not run on, or NO_CPU */
};

struct pool {
    const struct nfold_engine *engine;
    unsigned threads; /* the caller not counted */
    double spin_seconds;
    cpu_set_t cpus;         /* the caller's when the pool was opened; fewer than 2: left alone */
    _Atomic int caller_cpu; /* where the last caller was */
    struct thread *thread;
    /* One line: whoever sees a new job has what it needs of it. */
    _Alignas(128) _Atomic uint64_t job;
    struct nfold_run *run;               /* of the open job: read after entering it */
    _Atomic unsigned wanted;             /* threads that may enter it */
    _Alignas(128) _Atomic uint32_t bell; /* futex: rung for threads */
    _Atomic uint32_t sleepers;
    _Atomic int is_closing;
    _Alignas(128) _Atomic uint32_t caller_bell; /* futex: rung for the caller */
    _Atomic int caller_sleeps;
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count)
{
    atomic_fetch_add(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int is_job_new(struct pool *pool, uint32_t seen)
{
    return GENERATION(atomic_load_explicit(&pool->job, memory_order_relaxed)) != seen;
}

/* Spins until the job is no longer `seen`, or its time is over. */
static int spin_for_job(struct pool *pool, uint32_t seen)
{
    double deadline;
    if (is_job_new(pool, seen))
        return 1;
    if (pool->spin_seconds <= 0)
        return 0;
    deadline = pool->engine->now() + pool->spin_seconds;
    do {
        for (int k = 0; k < SPINS_A_LOOK; k++) {
            if (is_job_new(pool, seen))
                return 1;
            pause_briefly();
        }
    } while (pool->engine->now() < deadline);
    return 0;
}

/* A woken thread is queued on its waker's processor and, on some machines, left there while the
 * waker computes: milliseconds. So a thread sleeps with that processor taken out of its affinity,
 * and puts it back in a run that is long enough for the kernel to balance, which it does better
 * than we. */
static void keep_off(struct thread *thread, pthread_t id, int cpu)
{
    cpu_set_t others = thread->pool->cpus;
    if (cpu < 0 || cpu >= CPU_SETSIZE || CPU_COUNT(&others) < 2 ||
        atomic_load_explicit(&thread->kept_off, memory_order_relaxed) == cpu)
        return;
    CPU_CLR((unsigned)cpu, &others);
    pthread_setaffinity_np(id, sizeof others, &others);
    /* Said after it is done: a thread that wakes in between goes anywhere at its next job. */
    atomic_store(&thread->kept_off, cpu);
}

/* By the thread itself. */
static void go_anywhere(struct thread *thread)
{
    cpu_set_t *cpus = &thread->pool->cpus;
    if (atomic_load_explicit(&thread->kept_off, memory_order_relaxed) == NO_CPU)
        return;
    atomic_store(&thread->kept_off, NO_CPU);
    pthread_setaffinity_np(pthread_self(), sizeof *cpus, cpus);
}

static void sleep_for_job(struct thread *thread, uint32_t seen)
{
    struct pool *pool = thread->pool;
    uint32_t bell;
    keep_off(thread, pthread_self(), atomic_load_explicit(&pool->caller_cpu, memory_order_relaxed));
    bell = atomic_load(&pool->bell);
    atomic_fetch_add(&pool->sleepers, 1);
    if (GENERATION(atomic_load(&pool->job)) == seen && !atomic_load(&pool->is_closing))
        futex_wait(&pool->bell, bell);
    atomic_fetch_sub(&pool->sleepers, 1);
}

/* The next job after generation *seen; 0 when the pool closes. */
static int wait_for_job(struct thread *thread, uint32_t *seen)
{
    struct pool *pool = thread->pool;
    if (!spin_for_job(pool, *seen))
        sched_yield();
    while (!atomic_load(&pool->is_closing)) {
        uint32_t generation = GENERATION(atomic_load_explicit(&pool->job, memory_order_acquire));
        if (generation != *seen) {
            *seen = generation;
            return 1;
        }
        sleep_for_job(thread, *seen);
    }
    return 0;
}

/* The worker's number in the job, or 0 if it is closed, full, or another one by now. */
static unsigned enter_job(struct pool *pool, uint32_t generation)
{
    uint64_t job = atomic_load(&pool->job);
    while (GENERATION(job) == generation && (job & OPEN) &&
           ENTERED(job) < atomic_load_explicit(&pool->wanted, memory_order_relaxed))
        if (atomic_compare_exchange_weak(&pool->job, &job, job + ENTERED_ONE + 1))
            return ENTERED(job) + 1;
    return 0;
}

static void leave_job(struct pool *pool)
{
    uint64_t job = atomic_fetch_sub(&pool->job, 1);
    if (ACTIVE(job) == 1 && !(job & OPEN) && atomic_load(&pool->caller_sleeps))
        futex_wake(&pool->caller_bell, 1);
}

/* Wakes up to `count` sleeping threads if those awake are too few for the job. */
static void wake_some(struct pool *pool, int count)
{
    unsigned sleepers = atomic_load(&pool->sleepers);
    unsigned wanted = atomic_load_explicit(&pool->wanted, memory_order_relaxed);
    if (sleepers > 0 && pool->threads - sleepers < wanted)
        futex_wake(&pool->bell, count);
}

/* Threads that a user's function starts keep the affinity that they are given for ever. */
static int is_user_code(const struct pool *pool)
{
    return (pool->engine->traits(pool->run) & NFOLD_BODY_USER_CODE) != 0;
}

/* Sleepers keep off the processor where the caller was; now it may be on another one. */
static void keep_sleepers_off(struct pool *pool)
{
    int cpu = sched_getcpu();
    if (cpu == atomic_load_explicit(&pool->caller_cpu, memory_order_relaxed))
        return;
    atomic_store_explicit(&pool->caller_cpu, cpu, memory_order_relaxed);
    if (pool->threads > KEEP_OFF_THREADS_MAX || atomic_load(&pool->sleepers) == 0)
        return;
    for (unsigned k = 0; k < pool->threads; k++)
        if (atomic_load(&pool->thread[k].kept_off) != NO_CPU)
            keep_off(&pool->thread[k], pool->thread[k].id, cpu);
}

static void *serve(void *argument)
{
    struct thread *thread = argument;
    struct pool *pool = thread->pool;
    void *signal_stack = nf_signal_stack_take();
    uint32_t seen = 0;
    while (wait_for_job(thread, &seen)) {
        unsigned number = enter_job(pool, seen);
        double left;
        if (number == 0)
            continue;
        left = pool->engine->left(pool->run);
        if (left < 0 || left > SHARE_SECONDS)
            wake_some(pool, 2);
        if (left < 0 || left > BALANCE_SECONDS || is_user_code(pool))
            go_anywhere(thread);
        pool->engine->work(pool->run, number);
        leave_job(pool);
    }
    nf_signal_stack_drop(signal_stack);
    return NULL;
}

static void open_job(struct pool *pool, struct nfold_run *run, unsigned wanted)
{
    uint64_t generation = GENERATION(atomic_load(&pool->job));
    pool->run = run;
    atomic_store_explicit(&pool->wanted, wanted, memory_order_relaxed);
    atomic_store(&pool->job, (uint64_t)(uint32_t)(generation + 1) << 32 | OPEN);
    keep_sleepers_off(pool);
    wake_some(pool, 1);
}

static int is_job_done(struct pool *pool)
{
    return ACTIVE(atomic_load_explicit(&pool->job, memory_order_acquire)) == 0;
}

static int spin_for_end(struct pool *pool)
{
    double deadline;
    if (pool->spin_seconds <= 0)
        return 0;
    deadline = pool->engine->now() + pool->spin_seconds;
    do {
        for (int k = 0; k < SPINS_A_LOOK; k++) {
            if (is_job_done(pool))
                return 1;
            pause_briefly();
        }
    } while (pool->engine->now() < deadline);
    return 0;
}

/* Nobody enters any more; waits for those inside. */
static void close_job(struct pool *pool)
{
    uint64_t job = atomic_fetch_and(&pool->job, ~OPEN);
    if (ACTIVE(job) == 0 || spin_for_end(pool))
        return;
    sched_yield();
    atomic_store(&pool->caller_sleeps, 1);
    for (;;) {
        uint32_t bell = atomic_load(&pool->caller_bell);
        if (ACTIVE(atomic_load(&pool->job)) == 0)
            break;
        futex_wait(&pool->caller_bell, bell);
    }
    atomic_store(&pool->caller_sleeps, 0);
}

static int threads_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct pool *pool = self;
    unsigned wanted = pool->engine->workers(run);
    int rc;
    (void)err;
    if (wanted > pool->threads + 1)
        wanted = pool->threads + 1;
    if (wanted <= 1)
        return pool->engine->work(run, 0);
    open_job(pool, run, wanted - 1);
    rc = pool->engine->work(run, 0);
    close_job(pool);
    return rc;
}

/* Fewer threads than asked for are fine; the engine says so. */
static void start_threads(struct pool *pool, unsigned threads)
{
    sigset_t before;
    nf_crash_signals_only(&before);
    while (pool->threads < threads) {
        struct thread *thread = &pool->thread[pool->threads];
        thread->pool = pool;
        thread->kept_off = NO_CPU;
        if (pthread_create(&thread->id, NULL, serve, thread) != 0)
            break;
        pool->threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int threads_open(void *self, const struct nfold_engine *engine, unsigned workers,
                        const nfold_options *options, nfold_error *err)
{
    struct pool *pool = self;
    struct nf_cpus cpus;
    (void)options;
    pool->engine = engine;
    pool->thread = calloc(workers, sizeof *pool->thread);
    if (!pool->thread)
        return nf_fail_memory(err);
    nf_cpus_read(&cpus, "");
    if (sched_getaffinity(0, sizeof pool->cpus, &pool->cpus) < 0)
        CPU_ZERO(&pool->cpus); /* more processors than a cpu_set_t has */
    atomic_store(&pool->caller_cpu, sched_getcpu());
    pool->spin_seconds = workers > cpus.allowed ? 0 : SPIN_SECONDS;
    start_threads(pool, workers - 1);
    return (int)pool->threads + 1;
}

static void threads_close(void *self)
{
    struct pool *pool = self;
    atomic_store(&pool->is_closing, 1);
    futex_wake(&pool->bell, 1 << 30);
    for (unsigned k = 0; k < pool->threads; k++)
        pthread_join(pool->thread[k].id, NULL);
    free(pool->thread);
}

/* The threads did not come along into a forked copy of the program. */
static void threads_forget(void *self)
{
    struct pool *pool = self;
    free(pool->thread);
}

extern const nfold_backend nf_backend_threads;
const nfold_backend nf_backend_threads = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "threads",
    .summary = "threads of this process",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE,
    .same_memory = 1,
    .state_size = sizeof(struct pool),
    .open = threads_open,
    .run = threads_run,
    .close = threads_close,
    .forget = threads_forget,
};
