/* upgrade.c: compiles, compares, publishes. */
#include "upgrade.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "float_env.h"

#define WORTH_SECONDS     0.2   /* left on all workers: compiling takes about 0.05 */
#define SLOW_ITEM_SECONDS 10e-6 /* calls of such a function cost nothing beside it */
#define COMPARED_CHUNK    1     /* whole under every rule: chunk 0 may lack item 0 */

/* COMPILED: not compared yet, as chunks so far were too small for it. */
enum kernel_state { KERNEL_NONE, KERNEL_COMPILED, KERNEL_READY, KERNEL_REFUSED };

struct nf_kernels {
    pthread_mutex_t lock; /* guards all below, and is held while compiling or making the body */
    enum kernel_state state[NFOLD_SHAPES];
    struct nfold_native native[NFOLD_SHAPES];
};

static int has_native(enum kernel_state state)
{
    return state == KERNEL_COMPILED || state == KERNEL_READY;
}

struct nf_kernels *nf_kernels_create(void)
{
    struct nf_kernels *kernels = calloc(1, sizeof *kernels);
    if (kernels)
        pthread_mutex_init(&kernels->lock, NULL);
    return kernels;
}

void nf_kernels_destroy(struct nf_kernels *kernels, const struct nfold_body_type *type)
{
    if (!kernels)
        return;
    for (int shape = 0; shape < NFOLD_SHAPES; shape++)
        if (has_native(kernels->state[shape]) && type->unload)
            type->unload(&kernels->native[shape]);
    pthread_mutex_destroy(&kernels->lock);
    free(kernels);
}

void nf_kernels_hold(struct nf_kernels *kernels)
{
    pthread_mutex_lock(&kernels->lock);
}

void nf_kernels_release(struct nf_kernels *kernels)
{
    pthread_mutex_unlock(&kernels->lock);
}

nfold_kernel_fn *nf_kernels_take(struct nf_kernels *kernels, enum nfold_shape shape)
{
    nfold_kernel_fn *kernel = NULL;
    pthread_mutex_lock(&kernels->lock);
    if (kernels->state[shape] == KERNEL_READY)
        kernel = kernels->native[shape].kernel;
    pthread_mutex_unlock(&kernels->lock);
    return kernel;
}

int nf_kernels_object(struct nf_kernels *kernels, enum nfold_shape shape, const void **object,
                      size_t *size)
{
    pthread_mutex_lock(&kernels->lock);
    *object = kernels->state[shape] == KERNEL_READY ? kernels->native[shape].object : NULL;
    *size = kernels->native[shape].object_size;
    pthread_mutex_unlock(&kernels->lock);
    return *object != NULL;
}

void nf_kernels_put(struct nf_kernels *kernels, enum nfold_shape shape,
                    const struct nfold_native *native)
{
    pthread_mutex_lock(&kernels->lock);
    kernels->native[shape] = *native;
    kernels->state[shape] = KERNEL_READY;
    pthread_mutex_unlock(&kernels->lock);
}

/* 1: equal bits; 0: other bits; < 0: could not be compared. */
static int compare_chunk(const struct nf_upgrade *upgrade, nfold_kernel_fn *kernel,
                         nfold_error *err)
{
    const _Atomic uint64_t no_limit = UINT64_MAX;
    struct nf_order_job job = upgrade->job;
    struct nf_executor *executor = nf_executor_create();
    struct nf_float_env env;
    int rc;
    if (!executor)
        return nf_fail_memory(err);
    job.stop = upgrade->give_up;
    job.limit = &no_limit;
    nf_float_env_enter(&env);
    rc = nf_executor_prepare(executor, &job, err);
    if (rc == 0)
        rc = nf_executor_compare(executor, COMPARED_CHUNK, kernel, err);
    nf_float_env_leave(&env);
    nf_executor_destroy(executor);
    return rc < 0 ? rc : rc == 0;
}

static int compile_kernel(struct nf_upgrade *upgrade, struct nf_kernels *kernels, nfold_error *err)
{
    const struct nfold_body *body = upgrade->job.body;
    enum nfold_shape shape = upgrade->job.plan->shape;
    int rc = body->type->compile(body->self, shape, (const volatile int *)upgrade->give_up,
                                 &kernels->native[shape], err);
    if (rc == 0)
        kernels->state[shape] = KERNEL_COMPILED;
    return rc;
}

/* Where the body fails the kernel is left for another run: this one will name the item. */
static int try_kernel(struct nf_upgrade *upgrade, struct nf_kernels *kernels, nfold_error *err)
{
    const struct nfold_body *body = upgrade->job.body;
    enum nfold_shape shape = upgrade->job.plan->shape;
    struct nfold_native *native = &kernels->native[shape];
    int rc = compare_chunk(upgrade, native->kernel, err);
    if (rc < 0)
        return rc == NFOLD_E_BODY ? 0 : rc;
    kernels->state[shape] = rc > 0 ? KERNEL_READY : KERNEL_REFUSED;
    if (rc == 0 && body->type->unload)
        body->type->unload(native);
    return 0;
}

/* A kernel works on whole groups of steps. */
static int has_use(const struct nf_plan *plan)
{
    return plan->chunk_items >= NFOLD_GROUP_ITEMS && !plan->is_empty;
}

/* The kernel is published, or note says why not. */
static int provide_kernel(struct nf_upgrade *upgrade, nfold_error *err)
{
    struct nf_kernels *kernels = upgrade->job.body->kernels;
    enum nfold_shape shape = upgrade->job.plan->shape;
    double start = nf_clock_now();
    int rc = 0;
    pthread_mutex_lock(&kernels->lock);
    if (kernels->state[shape] == KERNEL_NONE)
        rc = compile_kernel(upgrade, kernels, err);
    if (rc == 0 && kernels->state[shape] == KERNEL_COMPILED && has_use(upgrade->job.plan))
        rc = try_kernel(upgrade, kernels, err);
    if (kernels->state[shape] == KERNEL_READY)
        atomic_store_explicit(&upgrade->kernel, kernels->native[shape].kernel,
                              memory_order_release);
    if (kernels->state[shape] == KERNEL_REFUSED)
        snprintf(upgrade->note, sizeof upgrade->note,
                 "native code was dropped: its bits differed in one chunk");
    pthread_mutex_unlock(&kernels->lock);
    upgrade->seconds = nf_clock_now() - start;
    return rc;
}

static void *help(void *argument)
{
    struct nf_upgrade *upgrade = argument;
    nfold_error err;
    int rc = provide_kernel(upgrade, &err);
    if (rc < 0 && rc != NFOLD_E_STOPPED)
        snprintf(upgrade->note, sizeof upgrade->note, "no native code: %.230s", err.message);
    return NULL;
}

static int is_ready(struct nf_kernels *kernels, enum nfold_shape shape)
{
    int ready = 0;
    if (pthread_mutex_trylock(&kernels->lock) != 0)
        return 0; /* another run is compiling it */
    ready = kernels->state[shape] == KERNEL_READY || kernels->state[shape] == KERNEL_REFUSED;
    pthread_mutex_unlock(&kernels->lock);
    return ready;
}

int nf_upgrade_start(struct nf_upgrade *upgrade, const struct nf_order_job *job,
                     enum nf_upgrade_policy policy, nfold_error *err)
{
    const struct nfold_body *body = job->body;
    *upgrade = (struct nf_upgrade){.job = *job};
    if (policy == NF_UPGRADE_OFF || !body->kernels || !body->type->compile)
        return 0;
    if (policy == NF_UPGRADE_AUTO && !has_use(job->plan))
        return 0;
    upgrade->give_up = policy == NF_UPGRADE_ON ? job->stop : &upgrade->cancel;
    if (policy == NF_UPGRADE_ON && !has_use(job->plan))
        snprintf(upgrade->note, sizeof upgrade->note,
                 "too few items for native code, which begins at 2^21");
    /* Even where it has no use: a missing compiler is no matter of the number of items. */
    if (policy == NF_UPGRADE_ON || is_ready(body->kernels, job->plan->shape))
        return provide_kernel(upgrade, err);
    atomic_store(&upgrade->state, NF_UPGRADE_WAITING);
    return 0;
}

void nf_upgrade_take(struct nf_upgrade *upgrade)
{
    struct nf_kernels *kernels = upgrade->job.body->kernels;
    if (kernels)
        atomic_store(&upgrade->kernel, nf_kernels_take(kernels, upgrade->job.plan->shape));
}

void nf_upgrade_consider(struct nf_upgrade *upgrade, double seconds_left, double seconds_an_item)
{
    int waiting = NF_UPGRADE_WAITING;
    if (atomic_load_explicit(&upgrade->state, memory_order_relaxed) != NF_UPGRADE_WAITING ||
        seconds_left < WORTH_SECONDS || seconds_an_item > SLOW_ITEM_SECONDS)
        return;
    if (!atomic_compare_exchange_strong(&upgrade->state, &waiting, NF_UPGRADE_STARTED))
        return;
    if (pthread_create(&upgrade->helper, NULL, help, upgrade) != 0)
        atomic_store(&upgrade->state, NF_UPGRADE_IDLE);
}

void nf_upgrade_end(struct nf_upgrade *upgrade)
{
    atomic_store(&upgrade->cancel, 1);
    if (atomic_exchange(&upgrade->state, NF_UPGRADE_IDLE) == NF_UPGRADE_STARTED)
        pthread_join(upgrade->helper, NULL);
}
