/* executor.c: chunks become nodes: by native code where there is some, else by calls of the body on
 * blocks of points. The bits are those of order.h and order_loops.c either way. */
#include "executor.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "float_env.h"
#include "fma.h"
#include "number.h"

#define CALL_SECONDS_MAX  2e-3  /* of native code: one group a call from here on */
#define CHUNK_SECONDS_MAX 10e-3 /* a chunk of more is not run blindly */
/* From here on native code gains nothing, and a group of such items cannot be interrupted. */
#define SLOW_ITEM_SECONDS  10e-6
#define NATIVE_CHUNK_ITEMS NFOLD_GROUP_ITEMS

struct nf_executor *nf_executor_create(void)
{
    struct nf_executor *executor = aligned_alloc(64, (sizeof *executor + 63) / 64 * 64);
    if (executor)
        memset(executor, 0, sizeof *executor);
    return executor;
}

void nf_executor_destroy(struct nf_executor *executor)
{
    if (executor)
        free(executor->scratch);
    free(executor);
}

/* Unless a whole chunk is known to be quick, the stop flag is looked at inside it. */
static int may_be_slow(const struct nf_order_job *job)
{
    const struct nfold_body_type *type = job->body->type;
    double cost_ns = type->cost_ns ? type->cost_ns(job->body->self) : 0;
    return (type->traits & NFOLD_BODY_USER_CODE) || cost_ns <= 0 ||
           cost_ns * 1e-9 * (double)job->plan->chunk_items * fmax(1, job->crowd) >
               CHUNK_SECONDS_MAX;
}

int nf_executor_prepare(struct nf_executor *executor, const struct nf_order_job *job,
                        nfold_error *err)
{
    const struct nfold_body_type *type = job->body->type;
    size_t size = type->scratch_size ? type->scratch_size(job->body->self) : 0;
    executor->job = *job;
    executor->is_paced = may_be_slow(job);
    nf_pace_start(&executor->pace, job->crowd > 1);
    executor->native_chunks = 0;
    if (job->plan->chunk_items < NF_BLOCK_ITEMS)
        memset(executor->padded, 0, sizeof executor->padded);
    executor->is_careful = 0;
    executor->watch = NULL;
    for (int l = 0; l < NFOLD_LANES; l++)
        executor->fold.weight[l] = l % 2 ? 4 : 2;
    if (size <= executor->scratch_size)
        return 0;
    free(executor->scratch);
    executor->scratch_size = 0;
    executor->scratch = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!executor->scratch)
        return nf_fail_memory(err);
    executor->scratch_size = size;
    return 0;
}

/* The ends are wanted whatever failed among the chunks: item 0 is lower. */
static int is_unwanted(const struct nf_executor *executor, uint64_t chunk)
{
    if (atomic_load_explicit(executor->job.stop, memory_order_relaxed))
        return 1;
    return chunk < executor->job.plan->chunks &&
           chunk >= atomic_load_explicit(executor->job.limit, memory_order_relaxed);
}

/* Bits must not depend on what else ran on a worker: a function that leaves another rounding mode
 * behind fails, and is undone before anything is computed. rc: the function's. */
static int check_mode(int rc, nfold_error *err)
{
    const char *changed = nf_float_env_repair();
    if (rc < 0 || !changed)
        return rc;
    return nf_fail(err, NFOLD_E_BODY, "the function changed %s", changed);
}

static int call_body(struct nf_executor *executor, const double *x, double *y, size_t count,
                     nfold_error *err)
{
    const struct nfold_body *body = executor->job.body;
    int rc = body->type->call(body->self, executor->scratch, x, y, count, err);
    return body->type->traits & NFOLD_BODY_USER_CODE ? check_mode(rc, err) : rc;
}

/* Says which item comes next: whoever watches knows then what a worker died of. */
static void give_sign(struct nf_executor *executor, uint64_t item, double x)
{
    struct nf_watch *watch = executor->watch;
    uint64_t beats;
    if (!watch)
        return;
    beats = atomic_load_explicit(&watch->beats, memory_order_relaxed);
    if (executor->is_careful) {
        atomic_store_explicit(&watch->item, item, memory_order_relaxed);
        atomic_store_explicit(&watch->x, x, memory_order_relaxed);
    }
    atomic_store_explicit(&watch->beats, beats + 1, memory_order_release);
}

/* Few items a call, asking in between whether to go on. */
static int evaluate_paced(struct nf_executor *executor, uint64_t chunk, const double *x, double *y,
                          size_t count, nfold_error *err)
{
    size_t done = 0;
    while (done < count) {
        size_t part = count - done;
        int rc;
        if (part > executor->pace.grain)
            part = executor->pace.grain;
        if (executor->is_careful)
            part = 1;
        if (is_unwanted(executor, chunk))
            return NFOLD_E_STOPPED;
        give_sign(executor, executor->item + done, x[done]);
        memcpy(executor->part_x, x + done, part * sizeof *x);
        rc = call_body(executor, executor->part_x, executor->part_y, part, err);
        if (rc < 0)
            return rc;
        memcpy(y + done, executor->part_y, part * sizeof *y);
        done += part;
        nf_pace_keep(&executor->pace, part, NF_BLOCK_ITEMS);
    }
    return 0;
}

/* y[k] = f(x[k]) for items of a chunk; x and y are the executor's blocks. */
static int evaluate(struct nf_executor *executor, uint64_t chunk, size_t count, nfold_error *err)
{
    if (executor->is_paced || executor->is_careful)
        return evaluate_paced(executor, chunk, executor->x, executor->y, count, err);
    return call_body(executor, executor->x, executor->y, count, err);
}

/* The items that are in the lanes: first … last-1, counted from `start`, of `count`. */
static void present_items(const struct nf_plan *plan, uint64_t start, uint64_t count,
                          unsigned *first, unsigned *last)
{
    uint64_t low = plan->has_ends ? 1 : 0, high = plan->items - low;
    uint64_t end = start + count;
    *first = start < low ? (unsigned)(low - start) : 0;
    *last = high <= start ? 0 : (unsigned)((high < end ? high : end) - start);
    if (*last < *first)
        *last = *first;
}

/* The block's x are made; evaluates items first … last-1 of its `count`, in place; the others
 * become +0. */
static int evaluate_present(struct nf_executor *executor, uint64_t chunk, unsigned first,
                            unsigned last, unsigned count, nfold_error *err)
{
    size_t present = last - first;
    int rc = 0;
    if (first > 0)
        memmove(executor->x, executor->x + first, present * sizeof(double));
    if (present > 0)
        rc = evaluate(executor, chunk, present, err);
    if (rc < 0)
        return rc;
    if (first > 0)
        memmove(executor->y + first, executor->y, present * sizeof(double));
    for (unsigned k = 0; k < first; k++)
        executor->y[k] = 0;
    for (unsigned k = last; k < count; k++)
        executor->y[k] = 0;
    return 0;
}

/* How many chunks lack no item, from one on and before an end that is not far. */
static uint64_t count_whole(const struct nf_plan *plan, uint64_t chunk, uint64_t end)
{
    uint64_t ends = plan->has_ends ? 1 : 0;
    if (chunk < ends)
        return 0;
    while (end > chunk && end * plan->chunk_items > plan->items - ends)
        end--;
    return end - chunk;
}

static void chunk_bases(struct nf_executor *executor, uint64_t chunk)
{
    const struct nf_plan *plan = executor->job.plan;
    executor->job.loops->lane_bases(&plan->points, (double)(chunk * plan->chunk_items),
                                    executor->base);
}

/* A whole block by a body that forms the points itself; 1: this one does not. */
static int evaluate_steps(struct nf_executor *executor, uint64_t first_step, nfold_error *err)
{
    const struct nfold_body *body = executor->job.body;
    if (!body->type->call_steps || executor->is_paced || executor->is_careful)
        return 1;
    return body->type->call_steps(body->self, executor->scratch, executor->base,
                                  executor->job.plan->points.h, first_step, executor->y, err);
}

/* Values first … last-1 of the block that begins at item `at` of a chunk; the others are +0. */
static int evaluate_block(struct nf_executor *executor, uint64_t chunk, uint64_t at, unsigned first,
                          unsigned last, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t first_step = at / NFOLD_LANES;
    int rc = last - first == NF_BLOCK_ITEMS ? evaluate_steps(executor, first_step, err) : 1;
    if (rc <= 0)
        return rc;
    executor->job.loops->block_points(executor->base, plan->points.h, first_step, NF_BLOCK_STEPS,
                                      executor->x);
    executor->item = chunk * plan->chunk_items + at + first;
    return evaluate_present(executor, chunk, first, last, NF_BLOCK_ITEMS, err);
}

/* The lanes of a chunk of at least one block. */
static int lanes_by_blocks(struct nf_executor *executor, uint64_t chunk, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    const struct nf_order_loops *loops = executor->job.loops;
    uint64_t start = chunk * plan->chunk_items;
    nf_lanes_start(plan->shape, &executor->fold.lanes);
    executor->fold.terms = 0;
    chunk_bases(executor, chunk);
    for (uint64_t at = 0; at < plan->chunk_items; at += NF_BLOCK_ITEMS) {
        unsigned first, last;
        int rc;
        present_items(plan, start + at, NF_BLOCK_ITEMS, &first, &last);
        if (last == first)
            break; /* only absent items follow: they change nothing */
        rc = evaluate_block(executor, chunk, at, first, last, err);
        if (rc < 0)
            return rc;
        loops->fold_block[plan->shape](&executor->fold, executor->y, first, last);
    }
    if (executor->fold.terms > 0)
        loops->close_group(&executor->fold);
    return 0;
}

/* Native code for whole groups; one group a call if the items are not quick, to be able to stop. */
static int lanes_by_kernel(struct nf_executor *executor, uint64_t chunk, nfold_kernel_fn *kernel,
                           struct nfold_lanes *lanes, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t groups = plan->chunk_items / NFOLD_GROUP_ITEMS, step = groups;
    if (executor->is_paced &&
        executor->pace.seconds_each * (double)plan->chunk_items > CALL_SECONDS_MAX)
        step = 1;
    nf_lanes_start(plan->shape, lanes);
    chunk_bases(executor, chunk);
    for (uint64_t group = 0; group < groups; group += step) {
        if (is_unwanted(executor, chunk))
            return NFOLD_E_STOPPED;
        if (group > 0 && executor->pace.takes_turns)
            sched_yield();
        kernel(executor->base, executor->fold.weight, plan->points.h, group * NFOLD_GROUP_STEPS,
               step, lanes);
    }
    executor->native_chunks++;
    return executor->job.body->type->traits & NFOLD_BODY_USER_CODE ? check_mode(0, err) : 0;
}

static int value_of(struct nf_executor *executor, double x, double *y, nfold_error *err)
{
    int rc;
    executor->x[0] = x;
    rc = call_body(executor, executor->x, executor->y, 1, err);
    *y = executor->y[0];
    return rc;
}

/* Words that place an item: "at x = 0.5 (item 3 of 1001)". */
static int describe_failure(const struct nf_plan *plan, uint64_t item, double x, double y, int rc,
                            nfold_error *err)
{
    char x_text[NF_NUMBER_SIZE], y_text[NF_NUMBER_SIZE];
    const char *name = nf_plan_variable(plan);
    unsigned long long number = item, items = plan->items;
    if (plan->kind == NFOLD_REDUCE)
        snprintf(x_text, sizeof x_text, "%llu", number);
    else
        nf_number_print(x, x_text);
    if (rc < 0)
        return nf_error_context(err, "f(%s) at %s = %s (item %llu of %llu): ", name, name, x_text,
                                number, items);
    return nf_fail(err, NFOLD_E_NONFINITE, "f(%s) = %s at %s = %s (item %llu of %llu)", name,
                   nf_number_print(y, y_text), name, x_text, number, items);
}

/* One item: < 0 if it failed or is not finite and that is not allowed. */
static int try_item(struct nf_executor *executor, uint64_t item, double x, double *y,
                    nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    int rc;
    give_sign(executor, item, x);
    rc = value_of(executor, x, y, err);
    if (rc < 0 || (!plan->allow_nonfinite && !isfinite(*y)))
        return describe_failure(plan, item, x, *y, rc, err);
    return 0;
}

/* A chunk failed or is not finite: goes through it item by item. < 0: the lowest culprit is named;
 * 0: there is none. */
static int find_culprit(struct nf_executor *executor, uint64_t chunk, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t start = chunk * plan->chunk_items;
    unsigned first, last;
    present_items(plan, start, plan->chunk_items, &first, &last);
    chunk_bases(executor, chunk);
    for (unsigned k = first; k < last; k++) {
        double offset = k / NFOLD_LANES * NFOLD_LANES, y;
        double x = nf_fma(offset, plan->points.h, executor->base[k % NFOLD_LANES]);
        int rc;
        if (is_unwanted(executor, chunk))
            return NFOLD_E_STOPPED;
        rc = try_item(executor, start + k, x, &y, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A call failed in this chunk: if no item fails alone, the call's own words stand. */
static int explain_error(struct nf_executor *executor, uint64_t chunk, int rc, nfold_error *err)
{
    nfold_error culprit;
    int found;
    if (rc == NFOLD_E_STOPPED || !(executor->job.body->type->traits & NFOLD_BODY_PURE))
        return rc;
    found = find_culprit(executor, chunk, &culprit);
    if (found == 0)
        return rc;
    *err = culprit;
    return found;
}

static int explain_overflow(struct nf_executor *executor, uint64_t chunk, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t start = chunk * plan->chunk_items;
    unsigned first, last;
    int rc = find_culprit(executor, chunk, err);
    if (rc < 0)
        return rc;
    present_items(plan, start, plan->chunk_items, &first, &last);
    return nf_fail(err, NFOLD_E_NONFINITE,
                   "the %s overflowed in items %llu to %llu, though every value is finite",
                   plan->shape == NFOLD_SHAPE_PROD ? "product" : "sum",
                   (unsigned long long)(start + first), (unsigned long long)(start + last - 1));
}

/* Chunks are folded: takes them, or those before one of which the first value that is not finite
 * is named. */
static int take_nodes(struct nf_executor *executor, uint64_t chunk, unsigned count,
                      const struct nfold_node *node, const struct nfold_node *even,
                      struct nfold_fragment *fragment, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    unsigned good = plan->allow_nonfinite ? count : 0;
    while (good < count && nf_node_is_finite(plan->shape, node[good]))
        good++;
    nf_fragment_append_some(plan, fragment, node, even, good);
    return good < count ? explain_overflow(executor, chunk + good, err) : 0;
}

static int take_node(struct nf_executor *executor, uint64_t chunk, struct nfold_node node,
                     struct nfold_node even, struct nfold_fragment *fragment, nfold_error *err)
{
    return take_nodes(executor, chunk, 1, &node, &even, fragment, err);
}

static int run_large_chunk(struct nf_executor *executor, uint64_t chunk,
                           struct nfold_fragment *fragment, nfold_error *err)
{
    enum nfold_shape shape = executor->job.plan->shape;
    struct nfold_node node, even;
    int rc = lanes_by_blocks(executor, chunk, err);
    if (rc < 0)
        return explain_error(executor, chunk, rc, err);
    node = nf_lanes_fold(executor->job.loops, shape, &executor->fold.lanes, &even);
    return take_node(executor, chunk, node, even, fragment, err);
}

/* How many of the chunks from one on native code may take together: the fewer joins of the tree are
 * left to be done one by one the better, so that they end where one of its subtrees does. */
static uint64_t count_native(const struct nf_executor *executor, uint64_t chunk, uint64_t end,
                             nfold_kernel_fn *kernel)
{
    const struct nf_plan *plan = executor->job.plan;
    if (!kernel || plan->chunk_items < NATIVE_CHUNK_ITEMS ||
        executor->pace.seconds_each >= SLOW_ITEM_SECONDS)
        return 0;
    if (end - chunk > NF_TOGETHER - chunk % NF_TOGETHER)
        end = chunk + NF_TOGETHER - chunk % NF_TOGETHER;
    return count_whole(plan, chunk, end);
}

/* At most NF_TOGETHER chunks, which are folded together: those before one that fails are taken. */
static int run_native_chunks(struct nf_executor *executor, uint64_t chunk, uint64_t count,
                             nfold_kernel_fn *kernel, struct nfold_fragment *fragment,
                             nfold_error *err)
{
    struct nfold_node node[NF_TOGETHER], even[NF_TOGETHER];
    unsigned done = 0;
    int rc = 0, taken;
    while (rc >= 0 && done < count) {
        rc = lanes_by_kernel(executor, chunk + done, kernel, &executor->together[done], err);
        done += rc >= 0;
    }
    nf_lanes_fold_together(executor->job.loops, executor->job.plan->shape, executor->together, done,
                           node, even);
    taken = take_nodes(executor, chunk, done, node, even, fragment, err);
    if (taken < 0)
        return taken;
    return rc < 0 ? explain_error(executor, chunk + done, rc, err) : 0;
}

/* x of consecutive items that begin a chunk of less than a block. */
static void small_points(struct nf_executor *executor, uint64_t chunk, uint64_t chunks)
{
    const struct nf_plan *plan = executor->job.plan;
    const struct nf_order_loops *loops = executor->job.loops;
    unsigned size = (unsigned)plan->chunk_items;
    if (size > NFOLD_LANES) {
        for (uint64_t k = 0; k < chunks; k++) {
            chunk_bases(executor, chunk + k);
            loops->block_points(executor->base, plan->points.h, 0, size / NFOLD_LANES,
                                executor->x + k * size);
        }
        return;
    }
    /* Only step 0: the point of an item does not depend on its chunk. */
    for (uint64_t at = 0; at < chunks * size; at += NFOLD_LANES)
        loops->lane_bases(&plan->points, (double)(chunk * size + at), executor->x + at);
}

/* The value of an item as a lane of its own: with its weight, -0 as +0. */
static struct nfold_node single_lane(const struct nf_plan *plan, uint64_t item, double y)
{
    double weighted = plan->shape == NFOLD_SHAPE_WEIGHTED_SUM ? y * (item % 2 ? 4 : 2) : y;
    return (struct nfold_node){weighted + 0.0, 0};
}

/* A sum of 2 to 32 items: one a lane, so that the lanes beside them add nothing. */
static struct nfold_node fold_few(const struct nf_plan *plan, uint64_t start, uint64_t count,
                                  const double *y, struct nfold_node *even)
{
    struct nfold_node node[NFOLD_LANES];
    uint64_t half = count / 2;
    for (uint64_t l = 0; l < half; l++) {
        node[l] = nf_dd_add(single_lane(plan, start + l, y[l]),
                            single_lane(plan, start + half + l, y[half + l]));
    }
    if (count == 2) { /* both lanes are the last level's */
        *even = single_lane(plan, start, y[0]);
        return node[0];
    }
    for (uint64_t w = half / 2; w > 1; w /= 2)
        for (uint64_t l = 0; l < w; l++)
            node[l] = nf_dd_add(node[l], node[l + w]);
    *even = node[0];
    return nf_dd_add(node[0], node[1]);
}

/* The node of a chunk of one item is its value. */
static struct nfold_node fold_one(const struct nf_plan *plan, uint64_t item, double y,
                                  struct nfold_node *even)
{
    struct nfold_node node = single_lane(plan, item, y);
    *even = item % 2 ? (struct nfold_node){0, 0} : node;
    return node;
}

static struct nfold_node fold_small(struct nf_executor *executor, uint64_t chunk, const double *y,
                                    struct nfold_node *even)
{
    const struct nf_plan *plan = executor->job.plan;
    const struct nf_order_loops *loops = executor->job.loops;
    uint64_t size = plan->chunk_items;
    unsigned first, last;
    if (size == 1 && nf_shape_is_sum(plan->shape))
        return fold_one(plan, chunk, *y, even);
    if (size <= NFOLD_LANES && nf_shape_is_sum(plan->shape))
        return fold_few(plan, chunk * size, size, y, even);
    present_items(plan, chunk * size, size, &first, &last);
    memcpy(executor->padded, y, size * sizeof *y);
    nf_lanes_start(plan->shape, &executor->fold.lanes);
    executor->fold.terms = 0;
    loops->fold_block[plan->shape](&executor->fold, executor->padded, first, last);
    if (nf_shape_is_sum(plan->shape))
        loops->close_group(&executor->fold);
    return nf_lanes_fold(loops, plan->shape, &executor->fold.lanes, even);
}

static int take_small_chunks(struct nf_executor *executor, uint64_t chunk, uint64_t chunks,
                             struct nfold_fragment *fragment, nfold_error *err)
{
    uint64_t size = executor->job.plan->chunk_items;
    for (uint64_t k = 0; k < chunks; k++) {
        struct nfold_node even;
        struct nfold_node node = fold_small(executor, chunk + k, executor->y + k * size, &even);
        int rc = take_node(executor, chunk + k, node, even, fragment, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Several chunks of less than a block share one call. After a failed call they go one by one, so
 * that the chunks before the culprit are kept. */
static int run_small_chunks(struct nf_executor *executor, uint64_t chunk, uint64_t chunks,
                            struct nfold_fragment *fragment, nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t count = chunks * plan->chunk_items;
    unsigned first, last;
    int rc;
    present_items(plan, chunk * plan->chunk_items, count, &first, &last);
    small_points(executor, chunk, chunks);
    executor->item = chunk * plan->chunk_items + first;
    rc = evaluate_present(executor, chunk, first, last, (unsigned)count, err);
    if (rc >= 0)
        return take_small_chunks(executor, chunk, chunks, fragment, err);
    if (chunks == 1)
        return explain_error(executor, chunk, rc, err);
    for (uint64_t k = 0; rc != NFOLD_E_STOPPED && k < chunks; k++) {
        int one = run_small_chunks(executor, chunk + k, 1, fragment, err);
        if (one < 0)
            return one;
    }
    return rc;
}

static int run_ends(struct nf_executor *executor, struct nfold_fragment *fragment,
                    struct nf_failure *failure)
{
    const struct nf_plan *plan = executor->job.plan;
    double at_first, at_last;
    int rc = try_item(executor, 0, plan->first, &at_first, &failure->err);
    if (rc < 0) {
        failure->is_first_item = 1;
        return rc;
    }
    rc = try_item(executor, plan->items - 1, plan->last, &at_last, &failure->err);
    if (rc >= 0)
        nf_fragment_append(plan, fragment, nf_order_ends(plan, at_first, at_last),
                           (struct nfold_node){0, 0});
    return rc;
}

/* nfold_for: no values; the node counts items. */
static int run_range(struct nf_executor *executor, uint64_t chunk, struct nfold_fragment *fragment,
                     nfold_error *err)
{
    const struct nf_plan *plan = executor->job.plan;
    const struct nfold_body *body = executor->job.body;
    uint64_t first = chunk * plan->chunk_items, last = first + plan->chunk_items;
    if (last > plan->items)
        last = plan->items;
    while (first < last) {
        uint64_t grain = executor->is_careful ? 1 : executor->pace.grain;
        uint64_t end = last - first > grain ? first + grain : last;
        int rc;
        if (is_unwanted(executor, chunk))
            return NFOLD_E_STOPPED;
        give_sign(executor, first, (double)first);
        rc = check_mode(body->type->range(body->self, first, end, err), err);
        if (rc < 0)
            return rc;
        nf_pace_keep(&executor->pace, end - first, UINT64_MAX / 4);
        first = end;
    }
    nf_fragment_append(plan, fragment, (struct nfold_node){0, 0}, (struct nfold_node){0, 0});
    return 0;
}

/* One chunk, or as many as go together: small ones in a block, others by native code; advances *at.
 */
static int run_some(struct nf_executor *executor, uint64_t *at, uint64_t end,
                    nfold_kernel_fn *kernel, struct nfold_fragment *fragment,
                    struct nf_failure *failure)
{
    const struct nf_plan *plan = executor->job.plan;
    uint64_t chunk = *at, count = 1;
    *at += 1;
    if (chunk == plan->chunks)
        return run_ends(executor, fragment, failure);
    if (plan->kind == NFOLD_FOR)
        return run_range(executor, chunk, fragment, &failure->err);
    if (plan->chunk_items >= NF_BLOCK_ITEMS) {
        count = count_native(executor, chunk, end, kernel);
        if (count == 0)
            return run_large_chunk(executor, chunk, fragment, &failure->err);
        *at = chunk + count;
        return run_native_chunks(executor, chunk, count, kernel, fragment, &failure->err);
    }
    if (end > plan->chunks)
        end = plan->chunks;
    count = NF_BLOCK_ITEMS / plan->chunk_items;
    if (count > end - chunk)
        count = end - chunk;
    *at = chunk + count;
    return run_small_chunks(executor, chunk, count, fragment, &failure->err);
}

int nf_executor_run(struct nf_executor *executor, struct nfold_range chunks, double now,
                    nfold_kernel_fn *kernel, struct nfold_fragment *fragment,
                    struct nf_failure *failure)
{
    uint64_t at = chunks.first, end = chunks.first + chunks.count;
    failure->err.code = 0;
    failure->is_first_item = 0;
    nf_fragment_start(fragment, chunks.first);
    nf_pace_resume(&executor->pace, now);
    while (at < end) {
        int rc = NFOLD_E_STOPPED;
        failure->place = 0;
        if (!is_unwanted(executor, at))
            rc = run_some(executor, &at, end, kernel, fragment, failure);
        if (rc < 0) {
            if (!failure->is_first_item)
                failure->place = 1 + fragment->chunks.first + fragment->chunks.count;
            return failure->code = rc;
        }
    }
    return 0;
}

/* Processors and compilers differ in the NaNs that they make; a kernel's are canonical. */
static void make_canonical(struct nfold_lanes *lanes)
{
    for (int l = 0; l < NFOLD_LANES; l++) {
        lanes->hi[l] = isnan(lanes->hi[l]) ? (double)NAN : lanes->hi[l];
        lanes->lo[l] = isnan(lanes->lo[l]) ? (double)NAN : lanes->lo[l];
    }
}

int nf_executor_compare(struct nf_executor *executor, uint64_t chunk, nfold_kernel_fn *kernel,
                        nfold_error *err)
{
    struct nfold_lanes *by_call = &executor->fold.lanes, *by_kernel = executor->together;
    int rc = lanes_by_blocks(executor, chunk, err);
    if (rc < 0)
        return rc;
    make_canonical(by_call);
    rc = lanes_by_kernel(executor, chunk, kernel, by_kernel, err);
    return rc < 0 ? rc : memcmp(by_call, by_kernel, sizeof *by_call) != 0;
}
