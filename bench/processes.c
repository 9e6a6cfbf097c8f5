/* processes.c: what worker processes cost beside their work. The backend is driven through the
 * contract of backends, by an engine of this file whose claims are numbers and whose chunks are
 * empty. A program with the manners of serve.h: bench_processes MODE WORKERS [CLAIMS]
 *
 *     start       seconds from opening to the first answer of all, for each worker
 *     run         a run in which a worker gets its mail, finds nothing and answers
 *     trip        of that the trip alone: until the worker sees its mail, and until its answer is
 *                 seen
 *     claims      seconds a claim, over all workers
 *     by-hand     the same with nothing but a shared counter, in processes forked here
 *     chunks, chunks-by-hand    the same with chunks of 20 us or so
 *     killed      not a time: a worker is killed at a random instant; what was done in vain, as a
 *                 part of the range that it had claimed
 *     idle        processor time of an open context while nothing runs, as a part of the time
 */
#include <nfold/backend.h>

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "option.h"
#include "serve.h"

extern const nfold_backend nf_backend_processes;

#define KILLED_BATCH 16

/* In the memory that the workers share. */
struct counter {
    _Alignas(128) _Atomic uint64_t next;
    _Alignas(128) uint64_t all;
    unsigned items; /* of a chunk */
    unsigned batch; /* chunks of a claim */
    _Atomic pid_t victim;
    _Alignas(128) _Atomic uint64_t executed;
    _Alignas(128) double seen_at, answered_at; /* by one worker: its mail, and that it is done */
};

struct nfold_run {
    struct counter *counter;
    uint64_t all, merged;
    unsigned workers, items, batch;
    unsigned char *is_merged;    /* [all], or NULL */
    double posted_at, looked_at; /* by the caller: before its mail, and at its last look */
};

/* A chunk's work, in registers. */
static double compute(unsigned items)
{
    double sum = 0, x = 1;
    for (unsigned k = 0; k < items; k++) {
        sum += x * x;
        x += 1e-9;
    }
    return sum;
}

/* ---- an engine without work ------------------------------------------------------------------ */

static int claim(struct nfold_run *run, unsigned worker, struct nfold_range *chunks)
{
    struct counter *counter = run->counter;
    uint64_t batch = counter->batch;
    uint64_t first = atomic_fetch_add_explicit(&counter->next, batch, memory_order_relaxed);
    if (worker == 0)
        atomic_store_explicit(&counter->victim, getpid(), memory_order_relaxed);
    if (first >= counter->all)
        return 0;
    *chunks =
        (struct nfold_range){first, batch < counter->all - first ? batch : counter->all - first};
    return 1;
}

static int execute(struct nfold_run *run, unsigned worker, struct nfold_range chunks,
                   struct nfold_fragment *fragment, nfold_error *err)
{
    (void)worker, (void)err;
    fragment->chunks = chunks;
    fragment->even_hi = fragment->even_lo = 0;
    fragment->node_count = 1;
    fragment->node[0] = (struct nfold_node){0, 0};
    for (uint64_t k = 0; k < chunks.count; k++) {
        if (run->counter->batch > 1)
            atomic_fetch_add_explicit(&run->counter->executed, 1, memory_order_relaxed);
        fragment->node[0].hi += compute(run->counter->items);
    }
    return 0;
}

static void merge(struct nfold_run *run, unsigned worker, const struct nfold_fragment *fragment)
{
    (void)worker;
    run->merged += fragment->chunks.count;
    if (run->is_merged)
        memset(run->is_merged + fragment->chunks.first, 1, fragment->chunks.count);
}

static double left(const struct nfold_run *run)
{
    (void)run;
    return 0;
}

static unsigned traits(const struct nfold_run *run)
{
    (void)run;
    return NFOLD_BODY_USER_CODE; /* so that the caller does nothing itself */
}

static unsigned workers_wanted(const struct nfold_run *run)
{
    return run->workers;
}

static size_t share_size(unsigned workers)
{
    (void)workers;
    return sizeof(struct counter);
}

/* A handler is given nothing but the number. */
static _Atomic(struct counter *) counter_of_victim;

static void share(struct nfold_run *run, void *memory)
{
    run->counter = memory;
    atomic_store(&counter_of_victim, memory);
    run->counter->all = run->all;
    run->counter->items = run->items;
    run->counter->batch = run->batch;
}

static int describe(struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err)
{
    (void)run, (void)err;
    nf_buffer_string(buffer, "nothing");
    return 0;
}

static int attach(void **remote, struct nfold_run **run, const void *description, size_t size,
                  void *memory, unsigned workers, nfold_error *err)
{
    static struct nfold_run attached;
    (void)remote, (void)description, (void)size, (void)err;
    attached = (struct nfold_run){.counter = memory, .workers = workers};
    attached.counter->seen_at = bench_now();
    *run = &attached;
    return 0;
}

static void inherit(struct nfold_run *run)
{
    (void)run;
}

static int native_object(struct nfold_run *run, const void **object, size_t *size)
{
    (void)object, (void)size;
    if (run->posted_at == 0) /* the last call before mail is sent */
        run->posted_at = bench_now();
    return 0;
}

/* The first call after the caller has seen something. */
static int tend(struct nfold_run *run)
{
    run->looked_at = bench_now();
    return 0;
}

static uint64_t pulse(const struct nfold_run *run, unsigned worker, uint64_t *item)
{
    (void)run, (void)worker, (void)item;
    return 0;
}

/* The first chunks in [*range] that were claimed and not merged. */
static int gap(const struct nfold_run *run, struct nfold_range *range)
{
    uint64_t next = atomic_load(&run->counter->next), end = next < run->all ? next : run->all;
    uint64_t first = range->first, last;
    if (range->count < end && range->first + range->count < end)
        end = range->first + range->count;
    while (run->is_merged && first < end && run->is_merged[first])
        first++;
    if (!run->is_merged || first >= end)
        return 0;
    for (last = first; last < end && !run->is_merged[last]; last++)
        ;
    *range = (struct nfold_range){first, last - first};
    return 1;
}

static void careful(struct nfold_run *run, unsigned worker, int is_careful)
{
    (void)run, (void)worker, (void)is_careful;
}

static void restart(struct nfold_run *run, unsigned worker)
{
    (void)run, (void)worker;
}

static void note(struct nfold_run *run, const char *sentence)
{
    (void)run, (void)sentence;
}

static void rest(struct nfold_run *run, unsigned worker)
{
    (void)worker;
    run->counter->answered_at = bench_now();
}

static void note_worker(struct nfold_run *run, unsigned worker, double start_up, uint64_t memory,
                        unsigned restarts)
{
    (void)run, (void)worker, (void)start_up, (void)memory, (void)restarts;
}

static const struct nfold_engine engine = {.abi = NFOLD_BACKEND_ABI,
                                           .claim = claim,
                                           .execute = execute,
                                           .merge = merge,
                                           .left = left,
                                           .workers = workers_wanted,
                                           .describe = describe,
                                           .now = bench_now,
                                           .traits = traits,
                                           .share_size = share_size,
                                           .share = share,
                                           .inherit = inherit,
                                           .attach = attach,
                                           .native_object = native_object,
                                           .tend = tend,
                                           .pulse = pulse,
                                           .gap = gap,
                                           .careful = careful,
                                           .restart = restart,
                                           .rest = rest,
                                           .note = note,
                                           .note_worker = note_worker};

/* ---- modes ----------------------------------------------------------------------------------- */

struct bench {
    const char *mode;
    unsigned workers;
    uint64_t claims;
    unsigned items;
    void *pool;
    nfold_options *options;
};

static void open_pool(struct bench *bench)
{
    const nfold_backend *backend = &nf_backend_processes;
    nfold_error err;
    bench->pool = aligned_alloc(128, (backend->state_size + 127) / 128 * 128);
    memset(bench->pool, 0, backend->state_size);
    if (backend->open(bench->pool, &engine, bench->workers, bench->options, &err) <
        (int)bench->workers) {
        fprintf(stderr, "bench_processes: fewer than %u workers\n", bench->workers);
        exit(3);
    }
}

static void close_pool(struct bench *bench)
{
    nf_backend_processes.close(bench->pool);
    free(bench->pool);
}

/* One run; seconds. */
static double run_once(struct bench *bench, struct nfold_run *run)
{
    double start = bench_now(), seconds;
    int rc = nf_backend_processes.run(bench->pool, run, NULL);
    seconds = bench_now() - start;
    if (rc < 0 || run->merged != run->all) {
        fprintf(stderr, "bench_processes: %llu chunks came back\n",
                (unsigned long long)run->merged);
        exit(3);
    }
    return seconds;
}

/* A run of so many claims; seconds. */
static double run_claims(struct bench *bench, uint64_t claims)
{
    struct nfold_run run = {
        .all = claims, .workers = bench->workers, .items = bench->items, .batch = 1};
    return run_once(bench, &run);
}

static double work_start(void *user, double *value)
{
    struct bench *bench = user;
    double start = bench_now(), seconds;
    open_pool(bench);
    run_claims(bench, bench->workers);
    seconds = bench_now() - start;
    close_pool(bench);
    *value = seconds / bench->workers;
    return *value;
}

static double work_claims(void *user, double *value)
{
    struct bench *bench = user;
    *value = run_claims(bench, bench->claims) / (double)bench->claims;
    return *value;
}

static double work_run(void *user, double *value)
{
    return *value = run_claims(user, 0);
}

/* The counter stays readable: it is in the memory of the pool. */
static double work_trip(void *user, double *value)
{
    struct bench *bench = user;
    struct nfold_run run = {.workers = 1, .batch = 1};
    run_once(bench, &run);
    *value = run.counter->seen_at - run.posted_at + run.looked_at - run.counter->answered_at;
    return *value;
}

static void kill_victim(int number)
{
    struct counter *counter = atomic_load(&counter_of_victim);
    pid_t victim = counter ? atomic_load(&counter->victim) : 0;
    (void)number;
    if (victim > 0)
        kill(victim, SIGKILL);
}

/* One worker is killed some time in a run; chunks that were executed twice. */
static double work_killed(void *user, double *value)
{
    struct bench *bench = user;
    struct nfold_run run = {.all = bench->claims,
                            .workers = bench->workers,
                            .items = bench->items,
                            .batch = KILLED_BATCH};
    struct itimerval soon = {.it_value.tv_usec = 1000 + rand() % 15000}, never = {0};
    run.is_merged = calloc(1, run.all + 1);
    signal(SIGALRM, kill_victim);
    setitimer(ITIMER_REAL, &soon, NULL);
    run_once(bench, &run);
    setitimer(ITIMER_REAL, &never, NULL);
    atomic_store(&counter_of_victim, NULL);
    free(run.is_merged);
    *value = (double)(atomic_load(&run.counter->executed) - run.all) / KILLED_BATCH;
    return *value;
}

static double work_by_hand(void *user, double *value)
{
    const struct bench *bench = user;
    struct counter *counter =
        mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile double sink;
    double start;
    counter->all = bench->claims;
    counter->items = bench->items;
    start = bench_now();
    for (unsigned k = 0; k < bench->workers; k++)
        if (fork() == 0) {
            while (atomic_fetch_add_explicit(&counter->next, 1, memory_order_relaxed) <
                   counter->all)
                sink = compute(counter->items);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    (void)sink;
    *value = (bench_now() - start) / (double)bench->claims;
    munmap(counter, sizeof *counter);
    return *value;
}

static double processor_seconds(void)
{
    struct timespec own;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    return (double)own.tv_sec + 1e-9 * (double)own.tv_nsec;
}

/* The workers' time is known once they have ended. */
static double work_idle(void *user, double *value)
{
    struct bench *bench = user;
    const unsigned wait_us = 1000000;
    struct rusage before, after;
    double own, busy;
    getrusage(RUSAGE_CHILDREN, &before);
    open_pool(bench);
    run_claims(bench, bench->workers);
    own = processor_seconds();
    usleep(wait_us);
    own = processor_seconds() - own;
    close_pool(bench);
    getrusage(RUSAGE_CHILDREN, &after);
    busy = (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec -
                    before.ru_stime.tv_sec) +
           1e-6 * (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec -
                           before.ru_utime.tv_usec - before.ru_stime.tv_usec);
    return *value = (own + busy) / (1e-6 * wait_us);
}

int main(int argc, char **argv)
{
    struct bench bench = {.mode = argc > 1 ? argv[1] : "",
                          .workers = argc > 2 ? (unsigned)atoi(argv[2]) : 2,
                          .claims = argc > 3 ? (uint64_t)atof(argv[3]) : 1000000};
    static const struct {
        const char *mode;
        bench_work_fn *work;
        int is_open;
        unsigned items;
    } modes[] = {{"start", work_start, 0, 0},       {"trip", work_trip, 1, 0},
                 {"run", work_run, 1, 0},           {"killed", work_killed, 1, 20000},
                 {"claims", work_claims, 1, 0},     {"by-hand", work_by_hand, 0, 0},
                 {"chunks", work_claims, 1, 20000}, {"chunks-by-hand", work_by_hand, 0, 20000},
                 {"idle", work_idle, 0, 0}};
    if (nf_options_new(&bench.options, NULL) < 0 ||
        nf_options_add(bench.options, nf_backend_processes.options, NULL) < 0)
        return 3;
    for (unsigned k = 0; k < sizeof modes / sizeof *modes; k++)
        if (strcmp(bench.mode, modes[k].mode) == 0) {
            int rc;
            bench.items = modes[k].items;
            if (modes[k].is_open)
                open_pool(&bench);
            rc = bench_serve(modes[k].work, &bench);
            if (modes[k].is_open)
                close_pool(&bench);
            return rc;
        }
    fprintf(stderr, "usage: bench_processes MODE WORKERS [CLAIMS]\n");
    return 2;
}
