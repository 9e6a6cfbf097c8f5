/* plan.h: what a work comes to: its items, chunks, points and final step, checked. Immutable during
 * a run; a function of the work alone, never of workers (docs/design/order.md). */
#ifndef NF_PLAN_H
#define NF_PLAN_H

#include <nfold/body.h>

/* Item i is at a + (i + half)·(h + hl). */
struct nf_points {
    double a, h, hl, half;
};

struct nf_plan {
    enum nfold_kind kind;
    enum nfold_rule rule;
    enum nfold_op op;
    enum nfold_shape shape;
    uint64_t items;       /* N */
    uint64_t chunk_items; /* C(N) */
    uint64_t chunks;      /* m, the ends not counted */
    int has_ends;         /* items 0 and N-1 are absent from the chunks and run as chunk m */
    int has_even;         /* the sum of the even items is wanted, for the step error */
    int allow_nonfinite;
    int is_negated; /* a > b: the answer is minus the plan's */
    int is_empty;   /* a = b: nothing runs, the answer is +0 */
    struct nf_points points;
    double first, last;      /* the ends' x */
    double scale, scale_low; /* the sum is multiplied by this: h, or h/3 */
};

/* Checks a work and fills *plan. NFOLD_E_VALUE or NFOLD_E_USAGE says what is wrong with it. */
int nf_plan_make(struct nf_plan *plan, const nfold_work *work, nfold_error *err);

/* The name of the variable in messages: "x" or "i". */
const char *nf_plan_variable(const struct nf_plan *plan);

/* All that a backend claims: the chunks, and one more for the ends. */
static inline uint64_t nf_plan_claims(const struct nf_plan *plan)
{
    return plan->chunks + (uint64_t)plan->has_ends;
}

/* Items of claims 0 … count-1. */
static inline uint64_t nf_plan_items_of(const struct nf_plan *plan, uint64_t first, uint64_t count)
{
    uint64_t start = first * plan->chunk_items, end = (first + count) * plan->chunk_items;
    uint64_t items = plan->items;
    return (end < items ? end : items) - (start < items ? start : items);
}

#endif
