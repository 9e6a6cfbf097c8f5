/* ranks.c: a run that several processes make, each a part of it. Every one has a whole run; it is
 * confined to its part, executed by an inner backend, and emptied of its fragments, which the run
 * of rank 0 accepts. */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "deferred.h"
#include "error.h"
#include "identity.h"
#include "registry.h"

void nf_ranks_spread(struct nfold_run *run, unsigned crowd)
{
    run->job.stop = &run->shared->stop;
    run->job.crowd = crowd;
    run->cpu_started = nf_clock_process_cpu();
    run->started = nf_clock_now();
    run->unwanted = UINT64_MAX;
}

/* ---- the inner backend --------------------------------------------------------------------- */

struct inner {
    const nfold_backend *backend;
    void *state;
};

static int open_inner(struct inner *inner, unsigned workers, const nfold_options *options,
                      nfold_error *err)
{
    size_t size = (inner->backend->state_size + 128) / 128 * 128;
    int rc;
    inner->state = aligned_alloc(128, size);
    if (!inner->state)
        return nf_fail_memory(err);
    memset(inner->state, 0, size);
    rc = inner->backend->open(inner->state, &nf_engine, workers, options, err);
    if (rc < 0)
        free(inner->state);
    return rc;
}

int nf_ranks_inner_open(void **opaque, const char *name, unsigned workers,
                        const nfold_options *options, nfold_error *err)
{
    struct inner *inner = calloc(1, sizeof *inner);
    int rc;
    *opaque = NULL;
    if (!inner)
        return nf_fail_memory(err);
    inner->backend = nf_backend_find(name);
    rc = inner->backend ? open_inner(inner, workers, options, err)
                        : nf_fail(err, NFOLD_E_INTERNAL, "there is no backend %s", name);
    if (rc < 0)
        free(inner);
    else
        *opaque = inner;
    return rc;
}

int nf_ranks_inner_run(void *opaque, struct nfold_run *run, nfold_error *err)
{
    struct inner *inner = opaque;
    return inner->backend->run(inner->state, run, err);
}

void nf_ranks_inner_close(void *opaque)
{
    struct inner *inner = opaque;
    if (!inner)
        return;
    inner->backend->close(inner->state);
    free(inner->state);
    free(inner);
}

/* ---- the body ------------------------------------------------------------------------------ */

int nf_ranks_lacks_body(const struct nfold_run *run)
{
    return run->deferred != NULL;
}

int nf_ranks_take_body(struct nfold_run *run, const void *description, size_t size,
                       nfold_error *err)
{
    return nf_deferred_take(run->deferred, description, size, err);
}

/* ---- parts --------------------------------------------------------------------------------- */

/* A function of the user's is compared by its name: to see whether its text is the same a compiler
 * would have to be run, on every rank and for every run. */
int nf_ranks_identity(const struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err)
{
    const struct nf_plan *plan = run->job.plan;
    const struct nfold_body *body = run->job.body;
    if (body->type->identify && !(body->type->traits & NFOLD_BODY_USER_CODE))
        return nf_identity(&run->job, buffer, err);
    nf_buffer_print(buffer, "%d %d %d %llu %a %a %d %s %s", (int)plan->kind, (int)plan->rule,
                    (int)plan->op, (unsigned long long)plan->items, plan->first, plan->last,
                    plan->allow_nonfinite, body->type->name, body->operand ? body->operand : "");
    return buffer->failed ? nf_fail_memory(err) : 0;
}

uint64_t nf_ranks_chunks(const struct nfold_run *run)
{
    return run->job.plan->chunks;
}

void nf_ranks_confine(struct nfold_run *run, struct nfold_range chunks, int has_ends)
{
    uint64_t limit = chunks.first + chunks.count;
    pthread_mutex_lock(&run->lock);
    if (limit > run->unwanted)
        limit = run->unwanted;
    atomic_store(&run->shared->next, chunks.first);
    atomic_store(&run->shared->limit, limit);
    pthread_mutex_unlock(&run->lock);
    if (!has_ends || nf_known_count(&run->known, run->job.plan->chunks, UINT64_MAX) > 0)
        atomic_store(&run->shared->ends_taken, 1);
}

double nf_ranks_each(const struct nfold_run *run)
{
    double each = atomic_load_explicit(&run->shared->seconds_each, memory_order_relaxed);
    return (each > 0 ? each : run->cost_seconds) / run->workers;
}

static void lower_limit(struct nfold_run *run, uint64_t wanted)
{
    uint64_t limit = atomic_load(&run->shared->limit);
    while (wanted < limit && !atomic_compare_exchange_weak(&run->shared->limit, &limit, wanted))
        ;
}

void nf_ranks_fail(struct nfold_run *run, uint64_t place, const nfold_error *err)
{
    uint64_t wanted = place > 0 ? place - 1 : 0;
    pthread_mutex_lock(&run->lock);
    if (err && (run->failure.code == 0 || place < run->failure.place))
        run->failure = (struct nf_failure){.code = err->code, .place = place, .err = *err};
    if (wanted < run->unwanted)
        run->unwanted = wanted;
    lower_limit(run, wanted);
    pthread_mutex_unlock(&run->lock);
}

int nf_ranks_failure(struct nfold_run *run, uint64_t *place, nfold_error *err)
{
    int is_there;
    pthread_mutex_lock(&run->lock);
    is_there = run->failure.code < 0;
    if (is_there) {
        *place = run->failure.place;
        *err = run->failure.err;
    }
    pthread_mutex_unlock(&run->lock);
    return is_there;
}

void nf_ranks_halt(struct nfold_run *run)
{
    atomic_store(&run->shared->stop, 1);
}

/* ---- fragments ----------------------------------------------------------------------------- */

int nf_ranks_take(struct nfold_run *run, struct nfold_fragment *fragment)
{
    int is_there;
    pthread_mutex_lock(&run->lock);
    is_there = nf_pieces_take(&run->pieces, fragment);
    pthread_mutex_unlock(&run->lock);
    return is_there;
}

/* Its items were counted when the other rank told of them. */
int nf_ranks_accept(struct nfold_run *run, const struct nfold_fragment *fragment)
{
    const struct nf_plan *plan = run->job.plan;
    struct nfold_range chunks = fragment->chunks;
    int has_room;
    if (chunks.count == 0)
        return 1;
    pthread_mutex_lock(&run->lock);
    has_room = nf_pieces_has_room(plan, &run->pieces, fragment);
    pthread_mutex_unlock(&run->lock);
    if (!has_room)
        return 0;
    nf_engine.merge(run, 0, fragment);
    atomic_fetch_sub(run->items_done, nf_plan_items_of(plan, chunks.first, chunks.count));
    return 1;
}

int nf_ranks_whole(struct nfold_run *run, struct nfold_fragment *fragment)
{
    const struct nfold_fragment *whole;
    pthread_mutex_lock(&run->lock);
    whole = nf_pieces_whole(run->job.plan, &run->pieces);
    if (whole)
        nf_fragment_copy(fragment, whole);
    pthread_mutex_unlock(&run->lock);
    return whole != NULL;
}

int nf_ranks_conclude(struct nfold_run *run, const struct nfold_fragment *whole)
{
    int fits;
    pthread_mutex_lock(&run->lock);
    nf_pieces_clear(&run->pieces);
    fits = nf_pieces_has_room(run->job.plan, &run->pieces, whole) &&
           nf_pieces_add(run->job.plan, &run->pieces, whole) == 0;
    pthread_mutex_unlock(&run->lock);
    return fits;
}

uint64_t nf_ranks_items_done(const struct nfold_run *run)
{
    return atomic_load(run->items_done);
}

void nf_ranks_items_elsewhere(struct nfold_run *run, uint64_t items)
{
    atomic_fetch_add(run->items_done, items - run->items_elsewhere);
    run->items_elsewhere = items;
}

/* ---- for the report ------------------------------------------------------------------------ */

void nf_ranks_sum_up(const struct nfold_run *run, struct nfold_rank_report *report)
{
    double first = INFINITY, last = 0;
    for (unsigned k = 0; k < run->workers; k++) {
        const struct nf_run_worker *worker = &run->worker[k];
        if (worker->first_claim == 0)
            continue;
        first = fmin(first, worker->first_claim);
        last = fmax(last, worker->last_claim);
        report->busy += worker->busy;
        report->chunks += worker->chunks;
        report->claims += worker->claims;
        report->native_chunks += worker->native_chunks;
    }
    report->threads = run->workers;
    report->start = last > 0 ? first - run->started : 0;
    report->span = last > 0 ? last - first : 0;
    report->cpu = nf_clock_process_cpu() - run->cpu_started;
}

int nf_ranks_note(struct nfold_run *run, const struct nfold_rank_report *rank, unsigned ranks)
{
    struct nfold_rank_report *copy = calloc(ranks, sizeof *copy);
    if (!copy)
        return NFOLD_E_MEMORY;
    memcpy(copy, rank, ranks * sizeof *copy);
    free(run->rank);
    run->rank = copy;
    run->ranks = ranks;
    return 0;
}
