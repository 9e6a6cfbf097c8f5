/* remote.c: a run whose workers are in several processes.
 *
 * The caller's run moves what workers must see into shared memory: who has claimed how far, each
 * worker's notes, each worker's lowest failure. A worker has a run of its own (inherited by fork,
 * or made from a description) that uses the same memory; it claims and executes there. Nothing in
 * the shared memory is a pointer, and nothing in it is believed when an index or a size is made of
 * it. */
#include "remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "describe.h"
#include "error.h"
#include "number.h"
#include "registry.h"

/* In the shared memory: struct nf_run_shared, then an array of each of these. */
static size_t aligned(size_t size)
{
    return (size + 127) / 128 * 128;
}

size_t nf_remote_share_size(unsigned workers)
{
    return aligned(sizeof(struct nf_run_shared)) + aligned(workers * sizeof(struct nf_run_worker)) +
           aligned(workers * sizeof(struct nf_run_mishap));
}

static void use_memory(struct nfold_run *run, void *memory)
{
    char *at = memory;
    run->shared = (struct nf_run_shared *)at;
    at += aligned(sizeof(struct nf_run_shared));
    run->worker = (struct nf_run_worker *)at;
    at += aligned(run->workers * sizeof(struct nf_run_worker));
    run->mishap = (struct nf_run_mishap *)at;
    run->job.limit = &run->shared->limit;
}

void nf_remote_share(struct nfold_run *run, void *memory)
{
    use_memory(run, memory);
    nf_run_begin(run);
}

unsigned nf_remote_traits(const struct nfold_run *run)
{
    return run->job.body->type->traits;
}

/* ---- in a worker --------------------------------------------------------------------------- */

/* The caller compiles for all. */
static void become_worker(struct nfold_run *run)
{
    run->job.stop = &run->shared->stop;
    atomic_store(&run->upgrade->state, NF_UPGRADE_IDLE);
    pthread_mutex_init(&run->lock, NULL);
    memset(&run->failure, 0, sizeof run->failure);
    memset(run->hand, 0, run->workers * sizeof *run->hand);
    run->cpu_started = nf_clock_process_cpu();
}

void nf_remote_inherit(struct nfold_run *run)
{
    become_worker(run);
    run->cpu_started = 0; /* a forked process begins to count anew */
}

/* A body and a run of it, kept by a worker from one run to the next. */
struct remote {
    struct nfold_body body;
    char *body_text;
    size_t body_size;
    char isa[16];
    struct nf_plan plan;
    struct nf_upgrade upgrade;
    struct nf_executor **executor; /* [workers] */
    unsigned workers;
    _Atomic uint64_t items_done;
    struct nfold_run *run;
};

static void forget_body(struct remote *remote)
{
    if (remote->body.type) {
        nf_kernels_destroy(remote->body.kernels, remote->body.type);
        remote->body.type->close(remote->body.self);
    }
    remote->body = (struct nfold_body){0};
    free(remote->body_text);
    remote->body_text = NULL;
}

void nf_remote_detach(void *opaque)
{
    struct remote *remote = opaque;
    if (!remote)
        return;
    nf_run_destroy(remote->run);
    forget_body(remote);
    for (unsigned k = 0; k < remote->workers; k++)
        nf_executor_destroy(remote->executor[k]);
    free(remote->executor);
    free(remote);
}

static const struct nfold_body_type *find_type(const char *name)
{
    for (unsigned k = 0; nf_body_types[k]; k++)
        if (strcmp(nf_body_types[k]->name, name) == 0)
            return nf_body_types[k];
    return NULL;
}

/* The same body again keeps its native code. */
static int take_body(struct remote *remote, const struct nf_description *description,
                     nfold_error *err)
{
    const struct nfold_body_type *type = find_type(description->body);
    int rc;
    if (!type || !type->rebuild)
        return nf_fail(err, NFOLD_E_INTERNAL, "a worker cannot make a body of type %s",
                       description->body);
    if (remote->body.type == type && remote->body_size == description->body_size &&
        memcmp(remote->body_text, description->body_text, remote->body_size) == 0)
        return 0;
    forget_body(remote);
    rc = type->rebuild(&remote->body.self, description->body_text, description->body_size, err);
    if (rc < 0)
        return rc;
    remote->body.type = type;
    remote->body.kernels = type->compile ? nf_kernels_create() : NULL;
    remote->body_text = malloc(description->body_size + 1);
    if (!remote->body_text || (type->compile && !remote->body.kernels))
        return nf_fail_memory(err);
    remote->body_size = description->body_size;
    memcpy(remote->body_text, description->body_text, description->body_size);
    return 0;
}

static int make_run(struct remote *remote, const struct nf_description *description, void *memory,
                    nfold_error *err)
{
    static const _Atomic int never_stopped;
    struct nf_run_settings settings = {.workers = remote->workers,
                                       .executors = remote->executor,
                                       .upgrade = &remote->upgrade,
                                       .items_done = &remote->items_done};
    int rc;
    memcpy(remote->isa, description->isa, sizeof remote->isa);
    atomic_store(&remote->items_done, 0);
    settings.job = (struct nf_order_job){.plan = &remote->plan,
                                         .body = &remote->body,
                                         .loops = nf_order_loops_find(remote->isa),
                                         .stop = &never_stopped,
                                         .crowd = description->crowd,
                                         .isa = remote->isa};
    if (!settings.job.loops)
        return nf_fail(err, NFOLD_E_INTERNAL, "a worker has no instruction set %s", remote->isa);
    remote->upgrade = (struct nf_upgrade){.job = settings.job};
    if (remote->body.kernels)
        atomic_store(&remote->upgrade.kernel,
                     nf_kernels_take(remote->body.kernels, remote->plan.shape));
    rc = nf_run_create(&remote->run, &settings, err);
    if (rc < 0)
        return rc;
    use_memory(remote->run, memory);
    become_worker(remote->run);
    return nf_describe_known(description, &remote->run->known, err);
}

static struct remote *create(unsigned workers)
{
    struct remote *remote = calloc(1, sizeof *remote);
    if (!remote)
        return NULL;
    remote->workers = workers;
    remote->executor = calloc(workers, sizeof(struct nf_executor *));
    if (remote->executor)
        return remote;
    free(remote);
    return NULL;
}

int nf_remote_attach(void **opaque, struct nfold_run **run, const void *text, size_t size,
                     void *memory, unsigned workers, nfold_error *err)
{
    struct remote *remote = *opaque ? *opaque : create(workers);
    struct nf_description description;
    int rc;
    if (!remote)
        return nf_fail_memory(err);
    *opaque = remote;
    nf_run_destroy(remote->run);
    remote->run = NULL;
    rc = nf_describe_read(&description, text, size, err);
    if (rc == 0)
        rc = take_body(remote, &description, err);
    description.work.body = &remote->body;
    if (rc == 0)
        rc = nf_plan_make(&remote->plan, &description.work, err);
    if (rc == 0)
        rc = make_run(remote, &description, memory, err);
    if (rc == 0)
        *run = remote->run;
    return rc;
}

int nf_remote_native_load(struct nfold_run *run, const void *object, size_t size, nfold_error *err)
{
    const struct nfold_body *body = run->job.body;
    enum nfold_shape shape = run->job.plan->shape;
    struct nfold_native native = {0};
    nfold_kernel_fn *kernel;
    int rc;
    if (!body->kernels || !body->type->load)
        return 0;
    if (!(kernel = nf_kernels_take(body->kernels, shape))) {
        rc = body->type->load(body->self, object, size, &native, err);
        if (rc < 0)
            return rc;
        nf_kernels_put(body->kernels, shape, &native);
        kernel = native.kernel;
    }
    atomic_store_explicit(&run->upgrade->kernel, kernel, memory_order_release);
    return 0;
}

void nf_remote_careful(struct nfold_run *run, unsigned number, int is_careful)
{
    atomic_store_explicit(&run->worker[number].watch.is_careful, is_careful, memory_order_relaxed);
}

void nf_remote_rest(struct nfold_run *run, unsigned number)
{
    run->worker[number].cpu += nf_clock_process_cpu() - run->cpu_started;
    run->cpu_started = nf_clock_process_cpu();
}

void nf_run_tell(struct nfold_run *run, unsigned number, struct nfold_range chunks,
                 const struct nf_failure *failure)
{
    struct nf_run_mishap *mishap = &run->mishap[number];
    if (chunks.first == run->job.plan->chunks)
        atomic_store(&run->shared->ends_failed, 1);
    if (atomic_load(&mishap->is_there) && mishap->failure.place <= failure->place)
        return;
    /* Nobody reads it before this worker rests or is dead; one that dies here has told nothing,
     * and its chunks are done again. */
    atomic_store(&mishap->is_there, 0);
    mishap->failure = *failure;
    atomic_store(&mishap->is_there, 1);
}

/* ---- in the caller ------------------------------------------------------------------------- */

void nf_run_collect(struct nfold_run *run)
{
    for (unsigned k = 0; run->mishap && k < run->workers; k++) {
        struct nf_failure failure;
        if (!atomic_load(&run->mishap[k].is_there))
            continue;
        failure = run->mishap[k].failure;
        failure.err.message[sizeof failure.err.message - 1] = '\0';
        failure.err.detail[sizeof failure.err.detail - 1] = '\0';
        if (failure.code < 0)
            nf_run_keep_failure(run, &failure);
    }
}

int nf_remote_native_object(struct nfold_run *run, const void **object, size_t *size)
{
    if (!atomic_load_explicit(&run->upgrade->kernel, memory_order_acquire))
        return 0;
    return nf_kernels_object(run->job.body->kernels, run->job.plan->shape, object, size);
}

int nf_remote_tend(struct nfold_run *run)
{
    int is_stopped = atomic_load(run->caller_stop);
    double each = atomic_load_explicit(&run->shared->seconds_each, memory_order_relaxed);
    double left = nf_engine.left(run);
    if (is_stopped)
        atomic_store(&run->shared->stop, 1);
    else if (each > 0 && left > 0)
        nf_upgrade_consider(run->upgrade, left / run->workers,
                            each / (double)run->job.plan->chunk_items);
    return is_stopped;
}

uint64_t nf_remote_pulse(const struct nfold_run *run, unsigned number, uint64_t *item)
{
    const struct nf_watch *watch = &run->worker[number].watch;
    if (item)
        *item = atomic_load_explicit(&watch->item, memory_order_relaxed);
    return atomic_load_explicit(&watch->beats, memory_order_acquire);
}

/* The ends are wanted whatever failed among the chunks, until they fail themselves. */
static int find_ends_gap(const struct nfold_run *run, struct nfold_range within,
                         struct nfold_range *gap)
{
    const struct nf_plan *plan = run->job.plan;
    if (!plan->has_ends || !atomic_load(&run->shared->ends_taken) ||
        atomic_load(&run->shared->ends_failed) || within.first > plan->chunks ||
        within.first + within.count <= plan->chunks)
        return 0;
    *gap = (struct nfold_range){plan->chunks, 1};
    return nf_pieces_gap(&run->pieces, gap);
}

int nf_remote_gap(const struct nfold_run *run, struct nfold_range *gap)
{
    struct nfold_range within = *gap, found = within;
    uint64_t end = atomic_load(&run->shared->next), limit = atomic_load(&run->shared->limit);
    if (limit < end)
        end = limit;
    if (within.count > nf_plan_claims(run->job.plan))
        within.count = nf_plan_claims(run->job.plan);
    if (within.first < end) {
        found = within;
        if (found.count > end - found.first)
            found.count = end - found.first;
        if (nf_pieces_gap(&run->pieces, &found)) {
            *gap = found;
            return 1;
        }
    }
    return find_ends_gap(run, within, gap);
}

void nf_remote_poisoned(struct nfold_run *run, unsigned number, uint64_t chunk, const char *what,
                        const char *detail)
{
    const struct nf_plan *plan = run->job.plan;
    const struct nf_watch *watch = &run->worker[number].watch;
    unsigned long long item = atomic_load(&watch->item), items = plan->items;
    struct nf_failure failure = {.code = NFOLD_E_POISON, .place = 1 + chunk};
    const char *name = nf_plan_variable(plan);
    char x[NF_NUMBER_SIZE];
    nf_number_print(atomic_load(&watch->x), x);
    if (plan->kind != NFOLD_INTEGRATE)
        snprintf(x, sizeof x, "%llu", item);
    if (plan->kind == NFOLD_FOR)
        nf_fail(&failure.err, NFOLD_E_POISON, "item %llu of %llu %s", item, items, what);
    else
        nf_fail(&failure.err, NFOLD_E_POISON, "f(%s) %s at %s = %s (item %llu of %llu)", name, what,
                name, x, item, items);
    nf_error_detail(&failure.err, "%s", detail);
    if (chunk == plan->chunks) {
        atomic_store(&run->shared->ends_failed, 1);
        failure.is_first_item = item == 0;
        failure.place = item == 0 ? 0 : failure.place;
    }
    nf_run_keep_failure(run, &failure);
}

void nf_remote_restart(struct nfold_run *run, unsigned number)
{
    run->worker[number].pending = 0;
    run->worker[number].seconds_each = 0;
}

void nf_remote_note(struct nfold_run *run, const char *sentence)
{
    if (run->note.size > 0)
        nf_buffer_string(&run->note, "; ");
    nf_buffer_string(&run->note, sentence);
}

void nf_remote_note_worker(struct nfold_run *run, unsigned number, double start_up, uint64_t memory,
                           unsigned restarts)
{
    run->worker[number].start_up = start_up;
    run->worker[number].memory = memory;
    run->worker[number].restarts = restarts;
}
