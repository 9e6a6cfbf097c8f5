/* order_loops.c: the loops of the order over points and values. Compiled once for each instruction
 * set, with NF_ISA_NAME its name; all give the same bits. */
#include <math.h>
#include <string.h>

#include "fma.h"
#include "order.h"

#define JOIN_NAMES(a, b) a##b
#define NAME_OF(a, b)    JOIN_NAMES(a, b)

static void lane_bases(const struct nf_points *points, double first, double *base)
{
    double a = points->a, h = points->h, hl = points->hl, start = first + points->half;
    for (int l = 0; l < NFOLD_LANES; l++) {
        double i = start + (double)l, product = i * h;
        double error = nf_fma(i, hl, nf_fma(i, h, -product));
        double s = a + product, t = s - a;
        double e = (a - (s - t)) + (product - t);
        base[l] = s + (e + error);
    }
}

static void block_points(const double *restrict base, double h, uint64_t first_step, unsigned steps,
                         double *restrict x)
{
    double offset = (double)(NFOLD_LANES * first_step);
    for (unsigned k = 0; k < steps; k++) {
        for (int l = 0; l < NFOLD_LANES; l++)
            x[l] = nf_fma(offset, h, base[l]);
        x += NFOLD_LANES;
        offset += NFOLD_LANES; /* exact */
    }
}

/* One term of the third level: four sums of four, each left to right. */
static inline double block_term(const double *y)
{
    double sum = -0.0;
    for (int k = 0; k < NF_BLOCK_STEPS; k += 4) {
        const double *at = y + k * NFOLD_LANES;
        sum += ((at[0] + at[NFOLD_LANES]) + at[2 * NFOLD_LANES]) + at[3 * NFOLD_LANES];
    }
    return sum;
}

static void close_group(struct nf_fold *restrict fold)
{
    double *restrict hi = fold->lanes.hi, *restrict lo = fold->lanes.lo;
    const double *restrict partial = fold->partial;
    for (int l = 0; l < NFOLD_LANES; l++) {
        double s = hi[l] + partial[l], t = s - hi[l];
        lo[l] += (hi[l] - (s - t)) + (partial[l] - t);
        hi[l] = s;
    }
    fold->terms = 0;
}

static void add_terms(struct nf_fold *restrict fold, const double *restrict y)
{
    if (fold->terms == 0)
        for (int l = 0; l < NFOLD_LANES; l++)
            fold->partial[l] = block_term(y + l);
    else
        for (int l = 0; l < NFOLD_LANES; l++)
            fold->partial[l] += block_term(y + l);
    if (++fold->terms == NF_BLOCKS_IN_GROUP)
        close_group(fold);
}

static void fold_sum(struct nf_fold *fold, const double *y, unsigned first, unsigned last)
{
    (void)first;
    (void)last;
    add_terms(fold, y);
}

static void fold_weighted_sum(struct nf_fold *fold, const double *y, unsigned first, unsigned last)
{
    double weighted[NF_BLOCK_ITEMS] NFOLD_ALIGNED;
    (void)first;
    (void)last;
    for (int k = 0; k < NF_BLOCK_STEPS; k++)
        for (int l = 0; l < NFOLD_LANES; l++)
            weighted[k * NFOLD_LANES + l] = y[k * NFOLD_LANES + l] * fold->weight[l];
    add_terms(fold, weighted);
}

#define EXPONENT_MASK (UINT64_C(0x7ff) << 52)
#define EXPONENT_BIAS 1023

static inline uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The mantissa of a normal number, in [1,2), with its sign. */
static inline double mantissa_of(double value)
{
    uint64_t bits = (bits_of(value) & ~EXPONENT_MASK) | (uint64_t)EXPONENT_BIAS << 52;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int biased_exponent(double value)
{
    return (int)(bits_of(value) >> 52 & 0x7ff);
}

/* mantissa *= y's, exponent += y's, for any y; a zero, inf or nan goes into the mantissa. */
static void multiply_any(double *mantissa, double *exponent, double y)
{
    int is_tiny = fabs(y) < 0x1p-1022, power;
    double scaled = is_tiny ? y * 0x1p64 : y;
    power = biased_exponent(scaled);
    if (power == 0 || power == 0x7ff) {
        *mantissa *= y;
        return;
    }
    *mantissa *= mantissa_of(scaled);
    *exponent += power - EXPONENT_BIAS - (is_tiny ? 64 : 0);
}

/* Exact, so that it may be done at any time: after a block a mantissa is below 2^17. */
static void renormalise(struct nfold_lanes *lanes)
{
    for (int l = 0; l < NFOLD_LANES; l++) {
        double mantissa = 1, exponent = lanes->lo[l];
        multiply_any(&mantissa, &exponent, lanes->hi[l]);
        lanes->hi[l] = mantissa;
        lanes->lo[l] = exponent;
    }
}

static int are_all_normal(const double *y)
{
    uint64_t odd = 0;
    for (int k = 0; k < NF_BLOCK_ITEMS; k++) {
        uint64_t exponent = bits_of(y[k]) & EXPONENT_MASK;
        odd |= (uint64_t)(exponent == 0) | (uint64_t)(exponent == EXPONENT_MASK);
    }
    return odd == 0;
}

/* Vector code: exponents add up in integers beside the mantissas. */
static void multiply_normal_block(struct nfold_lanes *lanes, const double *y)
{
    for (int l = 0; l < NFOLD_LANES; l += 8) {
        double mantissa[8];
        uint64_t sum[8] = {0};
        memcpy(mantissa, lanes->hi + l, sizeof mantissa);
        for (int k = 0; k < NF_BLOCK_STEPS; k++) {
            for (int i = 0; i < 8; i++) {
                double value = y[k * NFOLD_LANES + l + i];
                mantissa[i] *= mantissa_of(value);
                sum[i] += bits_of(value) >> 52 & 0x7ff;
            }
        }
        memcpy(lanes->hi + l, mantissa, sizeof mantissa);
        for (int i = 0; i < 8; i++)
            lanes->lo[l + i] += (int)sum[i] - NF_BLOCK_STEPS * EXPONENT_BIAS;
    }
}

static void fold_prod(struct nf_fold *fold, const double *y, unsigned first, unsigned last)
{
    struct nfold_lanes *lanes = &fold->lanes;
    if (first == 0 && last == NF_BLOCK_ITEMS && are_all_normal(y))
        multiply_normal_block(lanes, y);
    else
        for (unsigned k = first; k < last; k++)
            multiply_any(&lanes->hi[k % NFOLD_LANES], &lanes->lo[k % NFOLD_LANES], y[k]);
    renormalise(lanes);
}

/* 0 for a finite value, else 1. */
static inline double oddity(double y)
{
    return y - y == 0 ? 0 : 1;
}

static inline void take_min(double *restrict hi, double *restrict lo, double y)
{
    double value = y + 0.0;
    *hi = ((value < *hi) | (value != value)) ? value : *hi;
    *lo += oddity(y);
}

static inline void take_max(double *restrict hi, double *restrict lo, double y)
{
    double value = y + 0.0;
    *hi = ((value > *hi) | (value != value)) ? value : *hi;
    *lo += oddity(y);
}

static inline void take_count(double *restrict hi, double *restrict lo, double y)
{
    *hi += y != 0 ? 1 : 0;
    *lo += oddity(y);
}

/* A whole block goes step by step over all lanes, so that it becomes vector code. */
#define FOLD_BY_LANES(name, take)                                                                  \
    static void name(struct nf_fold *restrict fold, const double *restrict y, unsigned first,      \
                     unsigned last)                                                                \
    {                                                                                              \
        double *restrict hi = fold->lanes.hi, *restrict lo = fold->lanes.lo;                       \
        if (first == 0 && last == NF_BLOCK_ITEMS) {                                                \
            for (int k = 0; k < NF_BLOCK_STEPS; k++)                                               \
                for (int l = 0; l < NFOLD_LANES; l++)                                              \
                    take(hi + l, lo + l, y[k * NFOLD_LANES + l]);                                  \
        } else {                                                                                   \
            for (unsigned k = first; k < last; k++)                                                \
                take(hi + k % NFOLD_LANES, lo + k % NFOLD_LANES, y[k]);                            \
        }                                                                                          \
        for (int l = 0; l < NFOLD_LANES; l++)                                                      \
            lo[l] = lo[l] != 0 ? 1 : 0;                                                            \
    }

FOLD_BY_LANES(fold_min, take_min)
FOLD_BY_LANES(fold_max, take_max)
FOLD_BY_LANES(fold_count, take_count)

/* DDADD of lanes 0 … w-1 and w … 2w-1 without its test: where a sum is not finite the result is
 * nan. */
static inline void fold_level(const double *restrict hi, const double *restrict lo,
                              double *restrict hi_out, double *restrict lo_out, int w)
{
    for (int l = 0; l < w; l++) {
        double s = hi[l] + hi[l + w], t = s - hi[l];
        double e = (hi[l] - (s - t)) + (hi[l + w] - t);
        double high = s + (e + (lo[l] + lo[l + w]));
        lo_out[l] = (e + (lo[l] + lo[l + w])) - (high - s);
        hi_out[l] = high;
    }
}

static struct nfold_node fold_lanes_tested(const struct nfold_lanes *lanes, struct nfold_node *even)
{
    struct nfold_node node[NFOLD_LANES];
    for (int l = 0; l < NFOLD_LANES; l++)
        node[l] = (struct nfold_node){lanes->hi[l], lanes->lo[l]};
    for (int w = NFOLD_LANES / 2; w > 1; w /= 2)
        for (int l = 0; l < w; l++)
            node[l] = nf_dd_add(node[l], node[l + w]);
    *even = node[0];
    return nf_dd_add(node[0], node[1]);
}

/* A sum that is not finite makes all above it nan in the quick form, so one test at the end will
 * do. */
static struct nfold_node fold_sum_lanes(const struct nfold_lanes *lanes, struct nfold_node *even)
{
    struct {
        double hi[16] NFOLD_ALIGNED, lo[16] NFOLD_ALIGNED;
    } of16, of8, of4, of2;
    struct nfold_node root;
    fold_level(lanes->hi, lanes->lo, of16.hi, of16.lo, 16);
    fold_level(of16.hi, of16.lo, of8.hi, of8.lo, 8);
    fold_level(of8.hi, of8.lo, of4.hi, of4.lo, 4);
    fold_level(of4.hi, of4.lo, of2.hi, of2.lo, 2);
    *even = (struct nfold_node){of2.hi[0], of2.lo[0]};
    root = nf_dd_add(*even, (struct nfold_node){of2.hi[1], of2.lo[1]});
    return root.hi - root.hi == 0 ? root : fold_lanes_tested(lanes, even);
}

/* Four lanes of a chunk, then one lane of four chunks. */
typedef double four __attribute__((vector_size(4 * sizeof(double)), may_alias));
_Static_assert(NF_TOGETHER == 4, "as many chunks as there are numbers in four");

/* fold_level of what lies w apart. */
static inline void fold_fours(const four *hi, const four *lo, four *hi_out, four *lo_out, int w)
{
    for (int v = 0; v < w; v++) {
        four s = hi[v] + hi[v + w], t = s - hi[v];
        four e = (hi[v] - (s - t)) + (hi[v + w] - t);
        e += lo[v] + lo[v + w];
        hi_out[v] = s + e;
        lo_out[v] = e - (hi_out[v] - s);
    }
}

static void fold_sum_together(const struct nfold_lanes *lanes, struct nfold_node *node,
                              struct nfold_node *even)
{
    four hi[4], lo[4]; /* lane by lane, of all chunks */
    for (int c = 0; c < NF_TOGETHER; c++) {
        four high[4], low[4];
        fold_fours((const four *)lanes[c].hi, (const four *)lanes[c].lo, high, low, 4);
        fold_fours(high, low, high, low, 2);
        fold_fours(high, low, high, low, 1);
        for (int l = 0; l < 4; l++) {
            hi[l][c] = high[0][l];
            lo[l][c] = low[0][l];
        }
    }
    fold_fours(hi, lo, hi, lo, 2);
    for (int c = 0; c < NF_TOGETHER; c++)
        even[c] = (struct nfold_node){hi[0][c], lo[0][c]};
    fold_fours(hi, lo, hi, lo, 1);
    for (int c = 0; c < NF_TOGETHER; c++) {
        node[c] = (struct nfold_node){hi[0][c], lo[0][c]};
        if (!(node[c].hi - node[c].hi == 0))
            node[c] = fold_lanes_tested(lanes + c, even + c);
    }
}

extern const struct nf_order_loops NAME_OF(nf_order_loops_, NF_ISA_NAME);
const struct nf_order_loops NAME_OF(nf_order_loops_, NF_ISA_NAME) = {
    .lane_bases = lane_bases,
    .block_points = block_points,
    .fold_block =
        {
            [NFOLD_SHAPE_SUM] = fold_sum,
            [NFOLD_SHAPE_WEIGHTED_SUM] = fold_weighted_sum,
            [NFOLD_SHAPE_PROD] = fold_prod,
            [NFOLD_SHAPE_MIN] = fold_min,
            [NFOLD_SHAPE_MAX] = fold_max,
            [NFOLD_SHAPE_COUNT] = fold_count,
        },
    .close_group = close_group,
    .fold_sum_lanes = fold_sum_lanes,
    .fold_sum_together = fold_sum_together,
};
