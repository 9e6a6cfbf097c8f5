/* order.c: nodes, lanes and the answer: what is done once a chunk or once a run. */
#include "order.h"

#include <math.h>

#include "fma.h"

static const double neutral[NFOLD_SHAPES] = {
    [NFOLD_SHAPE_PROD] = 1, [NFOLD_SHAPE_MIN] = INFINITY, [NFOLD_SHAPE_MAX] = -INFINITY};

void nf_lanes_start(enum nfold_shape shape, struct nfold_lanes *lanes)
{
    for (int l = 0; l < NFOLD_LANES; l++) {
        lanes->hi[l] = neutral[shape];
        lanes->lo[l] = 0;
    }
}

/* A mantissa in [1,2) and its exponent; a zero is (0, 0); inf and nan stay themselves. */
static struct nfold_node normal(double mantissa, double exponent)
{
    int shift;
    if (mantissa == 0)
        return (struct nfold_node){0, 0};
    if (!isfinite(mantissa))
        return (struct nfold_node){mantissa, 0};
    mantissa = 2 * frexp(mantissa, &shift);
    return (struct nfold_node){mantissa, exponent + (shift - 1)};
}

struct nfold_node nf_node_join(enum nfold_shape shape, struct nfold_node left,
                               struct nfold_node right)
{
    int takes_right = right.hi != right.hi;
    switch (shape) {
    case NFOLD_SHAPE_PROD:
        return normal(left.hi * right.hi, left.lo + right.lo);
    case NFOLD_SHAPE_MIN:
        takes_right |= right.hi < left.hi;
        break;
    case NFOLD_SHAPE_MAX:
        takes_right |= right.hi > left.hi;
        break;
    case NFOLD_SHAPE_COUNT:
        return (struct nfold_node){left.hi + right.hi, fmax(left.lo, right.lo)};
    default:
        return nf_dd_add(left, right);
    }
    return (struct nfold_node){takes_right ? right.hi : left.hi, fmax(left.lo, right.lo)};
}

struct nfold_node nf_lanes_fold(const struct nf_order_loops *loops, enum nfold_shape shape,
                                const struct nfold_lanes *lanes, struct nfold_node *even)
{
    struct nfold_node node[NFOLD_LANES];
    if (nf_shape_is_sum(shape))
        return loops->fold_sum_lanes(lanes, even);
    for (int l = 0; l < NFOLD_LANES; l++) {
        node[l] = (struct nfold_node){lanes->hi[l], lanes->lo[l]};
        if (shape == NFOLD_SHAPE_PROD)
            node[l] = normal(node[l].hi, node[l].lo);
    }
    for (int w = NFOLD_LANES / 2; w > 0; w /= 2)
        for (int l = 0; l < w; l++)
            node[l] = nf_node_join(shape, node[l], node[l + w]);
    *even = (struct nfold_node){0, 0};
    return node[0];
}

void nf_lanes_fold_together(const struct nf_order_loops *loops, enum nfold_shape shape,
                            const struct nfold_lanes *lanes, unsigned count,
                            struct nfold_node *node, struct nfold_node *even)
{
    if (count == NF_TOGETHER && nf_shape_is_sum(shape)) {
        loops->fold_sum_together(lanes, node, even);
        return;
    }
    for (unsigned k = 0; k < count; k++)
        node[k] = nf_lanes_fold(loops, shape, lanes + k, even + k);
}

int nf_node_is_finite(enum nfold_shape shape, struct nfold_node node)
{
    switch (shape) {
    case NFOLD_SHAPE_MIN:
    case NFOLD_SHAPE_MAX:
    case NFOLD_SHAPE_COUNT:
        return node.lo == 0;
    default:
        return isfinite(node.hi);
    }
}

struct nfold_node nf_order_ends(const struct nf_plan *plan, double at_first, double at_last)
{
    if (plan->rule == NFOLD_SIMPSON)
        return nf_two_sum(at_first, at_last);
    return nf_two_sum(at_first / 2, at_last / 2);
}

static double integral(const struct nf_plan *plan, struct nfold_node root)
{
    double product = root.hi * plan->scale;
    if (!isfinite(root.hi) || !isfinite(product) || fabs(product) < 0x1p-960)
        return product;
    return product + (nf_fma(root.hi, plan->scale, -product) +
                      (root.lo * plan->scale + root.hi * plan->scale_low));
}

static double mean(const struct nf_plan *plan, struct nfold_node root)
{
    double n = (double)plan->items, quotient = root.hi / n;
    if (!isfinite(quotient))
        return quotient;
    return quotient + (nf_fma(-quotient, n, root.hi) + root.lo) / n;
}

/* One rounding only: the first factor of a tiny product is exact. Zero is +0. */
static double product(struct nfold_node root)
{
    double exponent = fmax(-5000, fmin(5000, root.lo));
    return ldexp(root.hi, (int)exponent) + 0.0;
}

double nf_order_answer(const struct nf_plan *plan, struct nfold_node root)
{
    double value = root.hi;
    if (plan->is_empty)
        return 0;
    if (plan->kind == NFOLD_INTEGRATE)
        value = integral(plan, root);
    else if (plan->op == NFOLD_MEAN)
        value = mean(plan, root);
    else if (plan->op == NFOLD_PROD)
        value = product(root);
    return value != value ? (double)NAN : plan->is_negated ? -value : value;
}

static double three_digits(double value)
{
    double unit;
    if (!(value > 0) || !isfinite(value))
        return value;
    unit = pow(10, floor(log10(value)) - 2);
    return unit > 0 && isfinite(unit) ? round(value / unit) * unit : value;
}

double nf_order_step_error(const struct nf_plan *plan, struct nfold_node inner,
                           struct nfold_node even, struct nfold_node ends)
{
    struct nfold_node odd, difference;
    if (plan->is_empty)
        return 0;
    if (!plan->has_even)
        return (double)NAN;
    /* T(n) − T(n/2) = h (odd − even − ends), both sums without the ends. */
    odd = nf_dd_add(inner, (struct nfold_node){-even.hi, -even.lo});
    difference = nf_dd_add(odd, (struct nfold_node){-even.hi, -even.lo});
    difference = nf_dd_add(difference, (struct nfold_node){-ends.hi, -ends.lo});
    return three_digits(fabs(difference.hi * plan->points.h) / 3);
}
