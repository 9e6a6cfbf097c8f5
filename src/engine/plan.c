/* plan.c: a work becomes numbers: checked, counted, cut into chunks. */
#include "plan.h"

#include <math.h>

#include "error.h"
#include "fma.h"
#include "number.h"

#define ITEMS_MAX       0x1p53
#define MIDPOINTS_MAX   0x1p52 /* so that i + ½ is exact */
#define WIDTH_MAX       0x1p1023
#define STEP_MIN        0x1p-900
#define CHUNKS_AT_LEAST 1024
#define CHUNK_ITEMS_MAX 32768
#define NAME_OF_2_TO_53 "2^53 (about 9e15)"

static int check_whole(const char *what, double n, double most, const char *most_text,
                       nfold_error *err)
{
    char text[NF_NUMBER_SIZE];
    if (n >= 1 && n <= most && n == floor(n))
        return 0;
    return nf_fail(err, NFOLD_E_VALUE, "%s must be a whole number from 1 to %s, not %s", what,
                   most_text, nf_number_print(n, text));
}

static int check_steps(enum nfold_rule rule, double n, nfold_error *err)
{
    int rc;
    if (rule == NFOLD_MIDPOINT)
        return check_whole("the number of steps", n, MIDPOINTS_MAX, "2^52 (about 4.5e15)", err);
    rc = check_whole("the number of steps", n, ITEMS_MAX - 1, "2^53 - 1 (about 9e15)", err);
    if (rc < 0 || rule != NFOLD_SIMPSON || fmod(n, 2) == 0)
        return rc;
    return nf_fail(err, NFOLD_E_VALUE, "simpson's rule needs an even number of steps, not %.0f", n);
}

static int check_bounds(double a, double b, nfold_error *err)
{
    char text[NF_NUMBER_SIZE];
    if (!isfinite(a))
        return nf_fail(err, NFOLD_E_VALUE, "the lower bound must be finite, not %s",
                       nf_number_print(a, text));
    if (!isfinite(b))
        return nf_fail(err, NFOLD_E_VALUE, "the upper bound must be finite, not %s",
                       nf_number_print(b, text));
    if (!(fabs(b - a) <= WIDTH_MAX))
        return nf_fail(err, NFOLD_E_VALUE, "the bounds are too far apart: %s is the most",
                       nf_number_print(WIDTH_MAX, text));
    return 0;
}

/* The least step that tells points of [a, b] apart. */
static double least_step(double a, double b)
{
    int exponent;
    frexp(fmax(fabs(a), fabs(b)), &exponent);
    return fmax(4 * ldexp(1, exponent - 53), STEP_MIN);
}

static double most_steps(enum nfold_rule rule, double width, double least)
{
    double n = fmin(floor(width / least), rule == NFOLD_MIDPOINT ? MIDPOINTS_MAX : ITEMS_MAX - 1);
    while (n >= 1 && width / n < least)
        n--;
    return rule == NFOLD_SIMPSON ? n - fmod(n, 2) : n;
}

static int check_step(const nfold_work *work, double a, double b, nfold_error *err)
{
    double least = least_step(a, b), width = b - a, most;
    if (width / work->n >= least)
        return 0;
    most = most_steps(work->rule, width, least);
    if (most < 1)
        return nf_fail(err, NFOLD_E_VALUE,
                       "the bounds are too close together: their points cannot be told apart");
    return nf_fail(err, NFOLD_E_VALUE,
                   "the step is too small to tell the points apart: with these bounds at most "
                   "%.0f steps are useful",
                   most);
}

static void plan_points(struct nf_plan *plan, double a, double b, double n)
{
    double width = b - a, turn = width - b;
    double width_low = (-a - turn) + (b - (width - turn));
    double divisor = plan->rule == NFOLD_SIMPSON ? 3 * n : n;
    plan->points.a = a;
    plan->points.h = width / n;
    plan->points.hl = (nf_fma(-plan->points.h, n, width) + width_low) / n;
    plan->points.half = plan->rule == NFOLD_MIDPOINT ? 0.5 : 0;
    plan->scale = width / divisor;
    plan->scale_low = (nf_fma(-plan->scale, divisor, width) + width_low) / divisor;
    plan->first = a;
    plan->last = b;
}

static int plan_integrate(struct nf_plan *plan, const nfold_work *work, nfold_error *err)
{
    double low = fmin(work->a, work->b), high = fmax(work->a, work->b);
    int rc = check_steps(work->rule, work->n, err);
    if (rc == 0)
        rc = check_bounds(work->a, work->b, err);
    if (rc < 0)
        return rc;
    plan->has_ends = work->rule != NFOLD_MIDPOINT;
    plan->items = (uint64_t)work->n + (uint64_t)plan->has_ends;
    plan->shape = work->rule == NFOLD_SIMPSON ? NFOLD_SHAPE_WEIGHTED_SUM : NFOLD_SHAPE_SUM;
    plan->has_even = work->rule == NFOLD_TRAPEZOID && fmod(work->n, 2) == 0;
    plan->is_negated = work->a > work->b;
    plan->is_empty = work->a == work->b;
    if (plan->is_empty)
        return 0;
    rc = check_step(work, low, high, err);
    if (rc == 0)
        plan_points(plan, low, high, work->n);
    return rc;
}

static int plan_reduce(struct nf_plan *plan, const nfold_work *work, nfold_error *err)
{
    static const enum nfold_shape shapes[] = {
        [NFOLD_SUM] = NFOLD_SHAPE_SUM,  [NFOLD_PROD] = NFOLD_SHAPE_PROD,
        [NFOLD_MIN] = NFOLD_SHAPE_MIN,  [NFOLD_MAX] = NFOLD_SHAPE_MAX,
        [NFOLD_MEAN] = NFOLD_SHAPE_SUM, [NFOLD_COUNT] = NFOLD_SHAPE_COUNT,
    };
    int rc = check_whole("the number of items", work->n, ITEMS_MAX, NAME_OF_2_TO_53, err);
    if (rc < 0)
        return rc;
    plan->items = (uint64_t)work->n;
    plan->shape = work->kind == NFOLD_FOR ? NFOLD_SHAPE_COUNT : shapes[work->op];
    plan->points.h = 1;
    return 0;
}

static void plan_chunks(struct nf_plan *plan)
{
    plan->chunk_items = 1;
    while (2 * plan->chunk_items <= plan->items / CHUNKS_AT_LEAST &&
           plan->chunk_items < CHUNK_ITEMS_MAX)
        plan->chunk_items *= 2;
    plan->chunks = (plan->items + plan->chunk_items - 1) / plan->chunk_items;
}

static int check_work(const nfold_work *work, nfold_error *err)
{
    unsigned needed = work->kind == NFOLD_FOR ? NFOLD_FORM_RANGE : NFOLD_FORM_CALL;
    if (work->size != sizeof *work)
        return nf_fail(err, NFOLD_E_USAGE, "work.size is %zu, not sizeof(nfold_work)", work->size);
    if (!work->body)
        return nf_fail(err, NFOLD_E_USAGE, "the work has no body");
    if ((unsigned)work->kind > NFOLD_FOR)
        return nf_fail(err, NFOLD_E_USAGE, "work.kind is %d, which is no kind", (int)work->kind);
    if ((unsigned)work->rule > NFOLD_MIDPOINT || (unsigned)work->op > NFOLD_COUNT)
        return nf_fail(err, NFOLD_E_USAGE, "work.rule or work.op is out of its range");
    if (!(work->body->type->forms & needed))
        return nf_fail(err, NFOLD_E_USAGE, "a body of type %s %s", work->body->type->name,
                       needed == NFOLD_FORM_RANGE ? "has no range function to do items with"
                                                  : "gives no values to integrate or reduce");
    return 0;
}

int nf_plan_make(struct nf_plan *plan, const nfold_work *work, nfold_error *err)
{
    int rc = check_work(work, err);
    *plan = (struct nf_plan){0};
    if (rc < 0)
        return rc;
    plan->kind = work->kind;
    plan->rule = work->rule;
    plan->op = work->op;
    plan->allow_nonfinite = work->allow_nonfinite;
    rc = work->kind == NFOLD_INTEGRATE ? plan_integrate(plan, work, err)
                                       : plan_reduce(plan, work, err);
    if (rc == 0)
        plan_chunks(plan);
    return rc;
}

const char *nf_plan_variable(const struct nf_plan *plan)
{
    return plan->kind == NFOLD_INTEGRATE ? "x" : "i";
}
