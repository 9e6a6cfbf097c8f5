/* order.h: the arithmetic of "the order, version 1" (docs/design/order.md): double-double sums, the
 * nodes of the tree, the fold of a chunk. Whatever computes a chunk, these decide its bits. */
#ifndef NF_ORDER_H
#define NF_ORDER_H

#include <nfold/backend.h>

#include "plan.h"

#define NF_BLOCK_STEPS     16 /* one term of the third level of a group's fold */
#define NF_BLOCK_ITEMS     (NF_BLOCK_STEPS * NFOLD_LANES)
#define NF_BLOCKS_IN_GROUP (NFOLD_GROUP_STEPS / NF_BLOCK_STEPS)
#define NF_TOGETHER        4 /* chunks whose lanes are folded side by side */

static inline struct nfold_node nf_two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (struct nfold_node){s, (a - (s - t)) + (b - t)};
}

static inline struct nfold_node nf_dd_add(struct nfold_node left, struct nfold_node right)
{
    struct nfold_node s = nf_two_sum(left.hi, right.hi);
    double e = s.lo + (left.lo + right.lo), hi = s.hi + e;
    if (!(s.hi - s.hi == 0))
        return (struct nfold_node){s.hi, 0};
    return (struct nfold_node){hi, e - (hi - s.hi)};
}

/* A chunk on its way: its lanes, and the terms of the group that is not closed yet. */
struct nf_fold {
    struct nfold_lanes lanes;
    double partial[NFOLD_LANES] NFOLD_ALIGNED;
    double weight[NFOLD_LANES] NFOLD_ALIGNED;
    unsigned terms;
};

/* The loops that decide the speed, compiled once for every instruction set (order_loops.c). */
struct nf_order_loops {
    /* base[l] = the point of item first + l at step 0. */
    void (*lane_bases)(const struct nf_points *points, double first, double *base);
    /* x of `steps` steps of all lanes, beginning with step first_step. */
    void (*block_points)(const double *base, double h, uint64_t first_step, unsigned steps,
                         double *x);
    /* Folds values first … last-1 of a block, which begins with lane 0. The sums want a whole
     * block with absent items as +0 and read all of it. */
    void (*fold_block[NFOLD_SHAPES])(struct nf_fold *fold, const double *y, unsigned first,
                                     unsigned last);
    /* Closes a group of a sum. */
    void (*close_group)(struct nf_fold *fold);
    /* Sums: the lanes become one node; *even gets lane 0 before the last level: the even lanes. */
    struct nfold_node (*fold_sum_lanes)(const struct nfold_lanes *lanes, struct nfold_node *even);
    /* The same of NF_TOGETHER chunks: one fold alone is a chain of additions that wait for each
     * other, and its last levels are too narrow for vectors. */
    void (*fold_sum_together)(const struct nfold_lanes *lanes, struct nfold_node *node,
                              struct nfold_node *even);
};

const struct nf_order_loops *nf_order_loops_find(const char *isa_name);

static inline int nf_shape_is_sum(enum nfold_shape shape)
{
    return shape == NFOLD_SHAPE_SUM || shape == NFOLD_SHAPE_WEIGHTED_SUM;
}

/* The lanes of a chunk before its first item. */
void nf_lanes_start(enum nfold_shape shape, struct nfold_lanes *lanes);
/* Two neighbours of the tree become their parent. */
struct nfold_node nf_node_join(enum nfold_shape shape, struct nfold_node left,
                               struct nfold_node right);
/* All lanes become one node. *even as in fold_sum_lanes, for sums. */
struct nfold_node nf_lanes_fold(const struct nf_order_loops *loops, enum nfold_shape shape,
                                const struct nfold_lanes *lanes, struct nfold_node *even);
/* Those of `count` chunks, at most NF_TOGETHER. */
void nf_lanes_fold_together(const struct nf_order_loops *loops, enum nfold_shape shape,
                            const struct nfold_lanes *lanes, unsigned count,
                            struct nfold_node *node, struct nfold_node *even);
/* Did every value that went into a node look finite? For sums: is the sum finite? */
int nf_node_is_finite(enum nfold_shape shape, struct nfold_node node);
/* The two ends of trapezoid and Simpson. */
struct nfold_node nf_order_ends(const struct nf_plan *plan, double at_first, double at_last);
/* The answer from the root of the tree. */
double nf_order_answer(const struct nf_plan *plan, struct nfold_node root);
/* |T(n) − T(n/2)| / 3 to three digits; NaN: no estimate. inner: the tree without the ends. */
double nf_order_step_error(const struct nf_plan *plan, struct nfold_node inner,
                           struct nfold_node even, struct nfold_node ends);

#endif
