/* run.c: claims, failures and merging of one run; what backends call. */
#include "run.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "current.h"
#include "describe.h"
#include "error.h"
#include "float_env.h"
#include "ranks.h"
#include "remote.h"

#define CLAIM_SECONDS_MAX 5e-3  /* so that native code is taken up soon, and progress moves */
#define TURNS_SECONDS     50e-3 /* until each of the workers of one processor had a claim */
#define APART_SECONDS     5e-3  /* a shorter rest is done before moving to another processor pays */
#define MOVES_MAX         3 /* in a run: whoever is sent back so often is beside somebody else */
#define CLAIMS_TO_THE_END 4 /* a claim is at most this part of a worker's share of the rest */

static int is_stopped(const struct nfold_run *run)
{
    return atomic_load_explicit(run->job.stop, memory_order_relaxed);
}

static double seconds_each(const struct nfold_run *run)
{
    double measured = atomic_load_explicit(&run->shared->seconds_each, memory_order_relaxed);
    return measured > 0 ? measured : run->cost_seconds;
}

static uint64_t chunks_left(const struct nfold_run *run)
{
    uint64_t next = atomic_load_explicit(&run->shared->next, memory_order_relaxed);
    uint64_t limit = atomic_load_explicit(&run->shared->limit, memory_order_relaxed);
    return next < limit ? limit - next - nf_known_count(&run->known, next, limit) : 0;
}

static double run_left(const struct nfold_run *run)
{
    double each = seconds_each(run);
    uint64_t chunks = chunks_left(run);
    return each > 0 || chunks == 0 ? each * (double)chunks : -1;
}

static unsigned run_workers(const struct nfold_run *run)
{
    double left = run_left(run), most = (double)chunks_left(run);
    if (left >= 0 && left / NF_SHARE_SECONDS < most)
        most = left / NF_SHARE_SECONDS;
    if (most < 1)
        return 1;
    return most < run->workers ? (unsigned)most : run->workers;
}

static double run_now(void)
{
    return nf_clock_now();
}

/* Books the time since a worker's last claim, and what it says about the speed. */
static void book_claim(struct nfold_run *run, struct nf_run_worker *worker, double now)
{
    double elapsed = now - worker->last_claim;
    if (worker->first_claim == 0)
        worker->first_claim = now;
    else if (worker->pending > 0)
        worker->busy += elapsed;
    if (worker->pending > 0 && elapsed > 0) {
        double each = elapsed / (double)worker->pending;
        /* Half the old value: one preempted claim must not mislead for long. */
        worker->seconds_each =
            worker->seconds_each > 0 ? 0.5 * (worker->seconds_each + each) : each;
        atomic_store_explicit(&run->shared->seconds_each, worker->seconds_each,
                              memory_order_relaxed);
    }
    worker->last_claim = now;
    worker->pending = 0;
}

static uint64_t batch_size(const struct nfold_run *run, const struct nf_run_worker *worker)
{
    double each = worker->seconds_each > 0 ? worker->seconds_each : run->cost_seconds;
    double share = (double)chunks_left(run) / (CLAIMS_TO_THE_END * (double)run->workers);
    double least = 1, most = 1;
    if (each > 0) {
        least = ceil(NF_SHARE_SECONDS / each);
        most = fmin(CLAIM_SECONDS_MAX, TURNS_SECONDS / fmax(1, run->job.crowd)) / each;
    }
    share = fmax(least, fmin(share, most));
    return share < 0x1p40 ? (uint64_t)share : (uint64_t)1 << 40;
}

/* Lost chunks come first: they are the lowest. 1 if there were any. */
static int claim_lost(struct nfold_run *run, struct nfold_range *chunks)
{
    int found = 0;
    if (atomic_load_explicit(&run->lost_count, memory_order_relaxed) == 0)
        return 0;
    pthread_mutex_lock(&run->lock);
    while (!found && run->lost_count > 0) {
        uint64_t limit = atomic_load_explicit(&run->shared->limit, memory_order_relaxed);
        *chunks = run->lost[run->lost_count - 1];
        atomic_fetch_sub_explicit(&run->lost_count, 1, memory_order_relaxed);
        found = chunks->first < limit || chunks->first == run->job.plan->chunks;
    }
    pthread_mutex_unlock(&run->lock);
    return found;
}

static int claim_next(struct nfold_run *run, const struct nf_run_worker *worker,
                      struct nfold_range *chunks)
{
    uint64_t batch = batch_size(run, worker);
    uint64_t next = atomic_load_explicit(&run->shared->next, memory_order_relaxed), first, count;
    do {
        uint64_t end = atomic_load_explicit(&run->shared->limit, memory_order_relaxed), known;
        first = next;
        known = nf_known_skip(&run->known, &first);
        if (first >= end)
            return 0;
        if (known < end)
            end = known;
        count = batch < end - first ? batch : end - first;
    } while (!atomic_compare_exchange_weak_explicit(&run->shared->next, &next, first + count,
                                                    memory_order_relaxed, memory_order_relaxed));
    *chunks = (struct nfold_range){first, count};
    return 1;
}

/* More workers than processors: whoever waits for one, with a stop in hand perhaps, waits for as
 * many time slices as there are workers unless these give way. */
static void take_turns(const struct nfold_run *run, struct nf_run_worker *worker)
{
    if (run->job.crowd <= 1)
        return;
    sched_yield();
    worker->last_claim = nf_clock_now(); /* the others' time is not this worker's */
}

static const nf_place *place_of_worker(void *run, unsigned number)
{
    return &((struct nfold_run *)run)->worker[number].place;
}

/* Those with lower numbers stay where they are. */
static void keep_apart(struct nfold_run *run, unsigned number, double left)
{
    struct nf_run_worker *worker = &run->worker[number];
    if (run->workers > 1 && run->job.crowd <= 1 && left > APART_SECONDS &&
        worker->moves < MOVES_MAX)
        worker->moves += (unsigned)nf_place_part(&worker->place, number, place_of_worker, run);
}

static int run_claim(struct nfold_run *run, unsigned number, struct nfold_range *chunks)
{
    const struct nf_plan *plan = run->job.plan;
    struct nf_run_worker *worker = &run->worker[number];
    double left;
    book_claim(run, worker, nf_clock_now());
    take_turns(run, worker);
    if (is_stopped(run))
        return 0;
    left = run_left(run) / run->workers;
    nf_upgrade_consider(run->upgrade, left, seconds_each(run) / (double)plan->chunk_items);
    keep_apart(run, number, left);
    /* The ends go first: a function that is infinite there fails at once. */
    if (plan->has_ends && !atomic_load_explicit(&run->shared->ends_taken, memory_order_relaxed) &&
        !atomic_exchange_explicit(&run->shared->ends_taken, 1, memory_order_relaxed)) {
        *chunks = (struct nfold_range){plan->chunks, 1};
        return 1; /* pending stays 0: two calls say nothing about a chunk */
    }
    if (!claim_lost(run, chunks) && !claim_next(run, worker, chunks))
        return 0;
    worker->pending = chunks->count;
    worker->claims++;
    return 1;
}

/* Other processes do not see the lock. */
static void lower_limit(struct nfold_run *run, uint64_t wanted)
{
    uint64_t limit = atomic_load_explicit(&run->shared->limit, memory_order_relaxed);
    while (wanted < limit &&
           !atomic_compare_exchange_weak_explicit(&run->shared->limit, &limit, wanted,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

/* Keeps the lowest failure; what lies above it need not be done. */
static void keep_failure(struct nfold_run *run, const struct nf_failure *failure)
{
    pthread_mutex_lock(&run->lock);
    if (run->failure.code == 0 || failure->place < run->failure.place) {
        run->failure = *failure;
        lower_limit(run, failure->place > 0 ? failure->place - 1 : 0);
    }
    pthread_mutex_unlock(&run->lock);
}

void nf_run_keep_failure(struct nfold_run *run, const struct nf_failure *failure)
{
    keep_failure(run, failure);
}

static int fail_at(struct nfold_run *run, uint64_t place, int code, nfold_error *err)
{
    struct nf_failure failure = {.code = code, .place = place};
    nf_fail_memory(&failure.err);
    failure.err.code = code;
    keep_failure(run, &failure);
    if (err)
        *err = failure.err;
    return code;
}

static int prepare_worker(struct nfold_run *run, unsigned number, nfold_error *err)
{
    struct nf_run_hand *hand = &run->hand[number];
    if (hand->is_prepared)
        return 0;
    if (!run->executors[number])
        run->executors[number] = nf_executor_create();
    hand->executor = run->executors[number];
    if (!hand->executor)
        return nf_fail_memory(err);
    hand->is_prepared = nf_executor_prepare(hand->executor, &run->job, err) == 0;
    if (run->mishap)
        hand->executor->watch = &run->worker[number].watch;
    return hand->is_prepared ? 0 : NFOLD_E_MEMORY;
}

static struct nf_current current_chunks(const struct nfold_run *run, unsigned number,
                                        struct nfold_range chunks)
{
    const struct nf_plan *plan = run->job.plan;
    uint64_t first = chunks.first * plan->chunk_items;
    uint64_t items = nf_plan_items_of(plan, chunks.first, chunks.count);
    struct nf_current current = {.worker = number,
                                 .first_chunk = chunks.first,
                                 .last_chunk = chunks.first + chunks.count - 1,
                                 .first_item = first,
                                 .last_item = first + items - 1};
    if (chunks.first == plan->chunks) {
        current.is_ends = 1;
        current.first_item = 0;
        current.last_item = plan->items - 1;
    }
    return current;
}

static int run_execute(struct nfold_run *run, unsigned number, struct nfold_range chunks,
                       struct nfold_fragment *fragment, nfold_error *err)
{
    struct nf_current current = current_chunks(run, number, chunks);
    nfold_kernel_fn *kernel = atomic_load_explicit(&run->upgrade->kernel, memory_order_acquire);
    struct nf_run_worker *worker = &run->worker[number];
    struct nf_current before;
    struct nf_executor *executor;
    struct nf_failure failure;
    struct nf_float_env env;
    int is_nested, rc;
    nf_fragment_start(fragment, chunks.first);
    if (prepare_worker(run, number, err) < 0)
        return fail_at(run, chunks.first + 1, NFOLD_E_MEMORY, err);
    executor = run->hand[number].executor;
    executor->is_careful =
        atomic_load_explicit(&worker->watch.is_careful, memory_order_relaxed) && run->mishap;
    if (executor->is_careful)
        kernel = NULL;
    is_nested = nf_current_read(&before);
    nf_current_enter(&current);
    nf_float_env_enter(&env);
    rc = nf_executor_run(executor, chunks, worker->last_claim, kernel, fragment, &failure);
    nf_float_env_leave(&env);
    nf_current_leave();
    if (is_nested)
        nf_current_enter(&before);
    if (chunks.first < run->job.plan->chunks)
        worker->chunks += fragment->chunks.count;
    worker->native_chunks = executor->native_chunks;
    if (rc == NFOLD_E_STOPPED)
        return nf_fail(err, NFOLD_E_STOPPED, "stopped");
    if (rc < 0) {
        keep_failure(run, &failure);
        if (run->mishap)
            nf_run_tell(run, number, chunks, &failure);
        if (err)
            *err = failure.err;
    }
    return rc;
}

static void run_merge(struct nfold_run *run, unsigned number, const struct nfold_fragment *fragment)
{
    const struct nf_plan *plan = run->job.plan;
    uint64_t items = nf_plan_items_of(plan, fragment->chunks.first, fragment->chunks.count);
    struct nf_float_env env;
    int rc;
    (void)number;
    if (fragment->chunks.count == 0)
        return;
    nf_float_env_enter(&env);
    pthread_mutex_lock(&run->lock);
    /* A worker in another process may have written anything into the memory it shares. */
    if (run->mishap && !nf_pieces_has_room(plan, &run->pieces, fragment)) {
        pthread_mutex_unlock(&run->lock);
        nf_float_env_leave(&env);
        return;
    }
    rc = nf_pieces_add(plan, &run->pieces, fragment);
    pthread_mutex_unlock(&run->lock);
    if (rc < 0)
        fail_at(run, fragment->chunks.first + 1, rc, NULL);
    else
        atomic_fetch_add_explicit(run->items_done, items, memory_order_relaxed);
    if (rc == 0)
        nf_checkpoint_keep(run->checkpoint, fragment);
    nf_float_env_leave(&env);
}

static int grow_lost(struct nfold_run *run)
{
    unsigned capacity = run->lost_capacity ? 2 * run->lost_capacity : 16;
    void *grown;
    if (run->lost_count < run->lost_capacity)
        return 0;
    grown = realloc(run->lost, capacity * sizeof *run->lost);
    if (!grown)
        return NFOLD_E_MEMORY;
    run->lost = grown;
    run->lost_capacity = capacity;
    return 0;
}

static void run_lost(struct nfold_run *run, struct nfold_range chunks, const char *cause)
{
    int rc;
    (void)cause;
    pthread_mutex_lock(&run->lock);
    rc = grow_lost(run);
    if (rc == 0) {
        run->lost[run->lost_count] = chunks;
        atomic_fetch_add_explicit(&run->lost_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&run->lock);
    if (rc < 0)
        fail_at(run, chunks.first + 1, rc, NULL);
}

static int run_work(struct nfold_run *run, unsigned number)
{
    struct nfold_fragment fragment;
    struct nfold_range chunks;
    int rc = 0;
    while (run_claim(run, number, &chunks)) {
        int failed = run_execute(run, number, chunks, &fragment, NULL);
        run_merge(run, number, &fragment);
        if (failed < 0 && rc == 0)
            rc = failed;
    }
    return rc;
}

static int run_describe(struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err)
{
    return nf_describe(&run->job, &run->known, buffer, err);
}

void nf_run_begin(struct nfold_run *run)
{
    const struct nf_plan *plan = run->job.plan;
    uint64_t claims = nf_plan_claims(plan);
    atomic_store(&run->shared->limit, plan->chunks);
    atomic_store(&run->shared->ends_taken, nf_known_count(&run->known, plan->chunks, claims) > 0);
}

int nf_run_skip(struct nfold_run *run, const struct nfold_range *known, unsigned count)
{
    int rc = nf_known_set(&run->known, known, count);
    if (rc == 0)
        nf_run_begin(run);
    return rc;
}

static double run_keep_every(const struct nfold_run *run)
{
    return nf_checkpoint_every(run->checkpoint);
}

static unsigned run_known(const struct nfold_run *run, const struct nfold_range **known)
{
    *known = run->known.range;
    return run->known.count;
}

const struct nfold_engine nf_engine = {
    .abi = NFOLD_BACKEND_ABI,
    .claim = run_claim,
    .execute = run_execute,
    .merge = run_merge,
    .lost = run_lost,
    .work = run_work,
    .left = run_left,
    .workers = run_workers,
    .describe = run_describe,
    .now = run_now,
    .traits = nf_remote_traits,
    .share_size = nf_remote_share_size,
    .share = nf_remote_share,
    .inherit = nf_remote_inherit,
    .attach = nf_remote_attach,
    .detach = nf_remote_detach,
    .native_object = nf_remote_native_object,
    .native_load = nf_remote_native_load,
    .tend = nf_remote_tend,
    .careful = nf_remote_careful,
    .pulse = nf_remote_pulse,
    .gap = nf_remote_gap,
    .poisoned = nf_remote_poisoned,
    .restart = nf_remote_restart,
    .rest = nf_remote_rest,
    .note = nf_remote_note,
    .note_worker = nf_remote_note_worker,
    .spread = nf_ranks_spread,
    .inner_open = nf_ranks_inner_open,
    .inner_run = nf_ranks_inner_run,
    .inner_close = nf_ranks_inner_close,
    .lacks_body = nf_ranks_lacks_body,
    .take_body = nf_ranks_take_body,
    .identity = nf_ranks_identity,
    .chunks = nf_ranks_chunks,
    .confine = nf_ranks_confine,
    .each = nf_ranks_each,
    .take = nf_ranks_take,
    .accept = nf_ranks_accept,
    .whole = nf_ranks_whole,
    .conclude = nf_ranks_conclude,
    .failure = nf_ranks_failure,
    .fail = nf_ranks_fail,
    .halt = nf_ranks_halt,
    .items_done = nf_ranks_items_done,
    .items_elsewhere = nf_ranks_items_elsewhere,
    .sum_up = nf_ranks_sum_up,
    .note_ranks = nf_ranks_note,
    .known = run_known,
    .skip = nf_run_skip,
    .keep_every = run_keep_every,
};

/* Begins with what earlier runs have merged. */
static int continue_from(struct nfold_run *run, struct nf_checkpoint *checkpoint)
{
    struct nfold_range *range;
    int rc;
    if (!checkpoint)
        return 0;
    run->checkpoint = checkpoint;
    nf_checkpoint_take(checkpoint, &run->pieces);
    range = calloc((size_t)run->pieces.count + 1, sizeof *range);
    if (!range)
        return NFOLD_E_MEMORY;
    for (unsigned k = 0; k < run->pieces.count; k++)
        range[k] = run->pieces.piece[k]->chunks;
    rc = nf_run_skip(run, range, run->pieces.count);
    free(range);
    atomic_fetch_add(run->items_done, nf_checkpoint_facts(checkpoint)->items_known);
    return rc;
}

int nf_run_create(struct nfold_run **run, const struct nf_run_settings *settings, nfold_error *err)
{
    const struct nf_plan *plan = settings->job.plan;
    const struct nfold_body *body = settings->job.body;
    struct nfold_run *made = aligned_alloc(128, (sizeof *made + 127) / 128 * 128);
    size_t size = settings->workers * sizeof *made->worker;
    struct nf_run_worker *worker = aligned_alloc(128, size);
    struct nf_run_hand *hand = calloc(settings->workers, sizeof *hand);
    if (!made || !worker || !hand) {
        free(made);
        free(worker);
        free(hand);
        return nf_fail_memory(err);
    }
    memset(made, 0, sizeof *made);
    memset(worker, 0, size);
    made->job = settings->job;
    made->shared = &made->own;
    made->job.limit = &made->own.limit;
    made->caller_stop = settings->job.stop;
    made->workers = settings->workers;
    made->worker = made->own_worker = worker;
    made->hand = hand;
    made->executors = settings->executors;
    made->upgrade = settings->upgrade;
    made->items_done = settings->items_done;
    made->deferred = settings->deferred;
    nf_run_begin(made);
    if (body->type->cost_ns && body->self)
        made->cost_seconds = body->type->cost_ns(body->self) * 1e-9 * (double)plan->chunk_items;
    pthread_mutex_init(&made->lock, NULL);
    made->started = nf_clock_now();
    *run = made;
    return continue_from(made, settings->checkpoint) < 0 ? nf_fail_memory(err) : 0;
}

void nf_run_destroy(struct nfold_run *run)
{
    if (!run)
        return;
    nf_pieces_clear(&run->pieces);
    nf_known_clear(&run->known);
    pthread_mutex_destroy(&run->lock);
    nf_buffer_clear(&run->note);
    free(run->rank);
    free(run->lost);
    free(run->hand);
    free(run->own_worker);
    free(run);
}

/* Values were finite chunk by chunk; their sum over chunks, or the answer, may not be. */
static int check_finite(const struct nf_plan *plan, struct nfold_node root, nfold_error *err)
{
    if (plan->allow_nonfinite || plan->kind == NFOLD_FOR)
        return 0;
    if (!nf_node_is_finite(plan->shape, root))
        return nf_fail(err, NFOLD_E_NONFINITE, "the %s overflowed, though every value is finite",
                       plan->shape == NFOLD_SHAPE_PROD ? "product" : "sum");
    if (!isfinite(nf_order_answer(plan, root)))
        return nf_fail(err, NFOLD_E_NONFINITE,
                       "the answer is larger than the largest number (about 1.8e308)");
    return 0;
}

int nf_run_finish(struct nfold_run *run, struct nfold_node *root, double *step_error,
                  nfold_error *err)
{
    const struct nf_plan *plan = run->job.plan;
    const struct nfold_fragment *whole = nf_pieces_whole(plan, &run->pieces);
    struct nfold_node ends, tree;
    int rc;
    nf_run_collect(run);
    if (run->failure.code < 0) {
        if (err)
            *err = run->failure.err;
        return run->failure.code;
    }
    if (!whole && is_stopped(run))
        return nf_fail(err, NFOLD_E_STOPPED, "stopped after %llu of %llu items",
                       (unsigned long long)atomic_load(run->items_done),
                       (unsigned long long)plan->items);
    if (!whole)
        return nf_fail(err, NFOLD_E_INTERNAL, "a backend returned before every chunk was merged");
    tree = nf_fragment_tree(plan, whole, &ends);
    *root = plan->has_ends ? nf_dd_add(tree, ends) : tree;
    *step_error =
        nf_order_step_error(plan, tree, (struct nfold_node){whole->even_hi, whole->even_lo}, ends);
    rc = check_finite(plan, *root, err);
    if (!nf_shape_is_sum(plan->shape) && plan->shape != NFOLD_SHAPE_PROD)
        root->lo = 0; /* it said whether all values were finite; that is no part of the result */
    return rc;
}
