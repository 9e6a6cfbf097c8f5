/* order_v1.c: "the order, version 1" as slow scalar C. Compiled with -ffp-contract=off. */
#include "order_v1.h"

#include <math.h>

enum { LANES = 32, GROUP = 64 };
enum kind { SUM, PROD, MIN, MAX, COUNT };

struct pair {
    double hi, lo;
};

struct problem {
    enum kind kind;
    order_function *f;
    void *user;
    uint64_t items, chunk; /* N and C(N) */
    double a, h, hl, half; /* item i is at a + (i + half)(h + hl) */
    int ends_apart;        /* items 0 and N-1 are not in the lanes */
    int simpson;
};

static struct pair two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (struct pair){s, (a - (s - t)) + (b - t)};
}

static struct pair dd_add(struct pair a, struct pair b)
{
    struct pair s = two_sum(a.hi, b.hi);
    if (!isfinite(s.hi))
        return (struct pair){s.hi, 0.0};
    double e = s.lo + (a.lo + b.lo), hi = s.hi + e;
    return (struct pair){hi, e - (hi - s.hi)};
}

/* A mantissa in [1,2) with its sign and its exponent; a zero is (0, 0), inf and nan keep
 * themselves. */
static struct pair normal(double mantissa, double exponent)
{
    int shift;
    if (mantissa == 0.0 || !isfinite(mantissa))
        return (struct pair){mantissa == 0.0 ? 0.0 : mantissa, 0.0};
    double m = frexp(mantissa, &shift);
    return (struct pair){2.0 * m, exponent + (shift - 1)};
}

static double lesser(double m, double y)
{
    return y < m || y != y ? y : m;
}

static double greater(double m, double y)
{
    return y > m || y != y ? y : m;
}

static struct pair join(enum kind kind, struct pair left, struct pair right)
{
    switch (kind) {
    case SUM:
        return dd_add(left, right);
    case PROD:
        return normal(left.hi * right.hi, left.lo + right.lo);
    case MIN:
        return (struct pair){lesser(left.hi, right.hi), 0.0};
    case MAX:
        return (struct pair){greater(left.hi, right.hi), 0.0};
    default:
        return (struct pair){left.hi + right.hi, 0.0};
    }
}

static struct pair neutral(enum kind kind)
{
    double hi = kind == PROD ? 1.0 : kind == MIN ? INFINITY : kind == MAX ? -INFINITY : 0.0;
    return (struct pair){hi, 0.0};
}

/* Is step q of lane l of chunk c an item that the lanes take? */
static int is_present(const struct problem *p, uint64_t c, uint64_t l, uint64_t q)
{
    uint64_t inside = LANES * q + l, i = c * p->chunk + inside;
    if (inside >= p->chunk || i >= p->items)
        return 0;
    return !(p->ends_apart && (i == 0 || i == p->items - 1));
}

static double value_at(const struct problem *p, uint64_t c, uint64_t l, uint64_t q)
{
    double i = (double)(c * p->chunk + l) + p->half;
    double product = i * p->h;
    double error = fma(i, p->hl, fma(i, p->h, -product));
    struct pair s = two_sum(p->a, product);
    double y = p->f(fma((double)(LANES * q), p->h, s.hi + (s.lo + error)), p->user);
    if (p->simpson)
        y *= (c * p->chunk + l) % 2 ? 4.0 : 2.0;
    return y;
}

static struct pair sum_lane(const struct problem *p, uint64_t c, uint64_t l)
{
    struct pair lane = {0.0, 0.0};
    for (uint64_t group = 0; LANES * group * GROUP < p->chunk; group++) {
        double term[GROUP];
        for (uint64_t q = 0; q < GROUP; q++) {
            int present = is_present(p, c, l, group * GROUP + q);
            term[q] = present ? value_at(p, c, l, group * GROUP + q) : 0.0;
        }
        for (int count = GROUP; count > 1; count /= 4)
            for (int k = 0; k < count / 4; k++)
                term[k] = ((term[4 * k] + term[4 * k + 1]) + term[4 * k + 2]) + term[4 * k + 3];
        struct pair s = two_sum(lane.hi, term[0]);
        lane = (struct pair){s.hi, lane.lo + s.lo};
    }
    return lane;
}

static struct pair other_lane(const struct problem *p, uint64_t c, uint64_t l)
{
    struct pair lane = neutral(p->kind);
    for (uint64_t q = 0; LANES * q < p->chunk; q++) {
        if (!is_present(p, c, l, q))
            continue;
        double y = value_at(p, c, l, q);
        struct pair one = {p->kind == COUNT ? y != 0.0 : y + 0.0, 0.0};
        lane = join(p->kind, lane, p->kind == PROD ? normal(y, 0.0) : one);
    }
    return lane;
}

static struct pair chunk_value(const struct problem *p, uint64_t c)
{
    struct pair lane[LANES];
    for (uint64_t l = 0; l < LANES; l++)
        lane[l] = p->kind == SUM ? sum_lane(p, c, l) : other_lane(p, c, l);
    for (int w = LANES / 2; w > 0; w /= 2)
        for (int l = 0; l < w; l++)
            lane[l] = join(p->kind, lane[l], lane[l + w]);
    return lane[0];
}

static struct pair tree(const struct problem *p, uint64_t first, uint64_t count)
{
    uint64_t left = 1;
    if (count == 1)
        return chunk_value(p, first);
    while (2 * left < count)
        left *= 2;
    return join(p->kind, tree(p, first, left), tree(p, first + left, count - left));
}

static struct pair whole_tree(struct problem *p)
{
    p->chunk = 1;
    while (2 * p->chunk <= p->items / 1024 && p->chunk < 32768)
        p->chunk *= 2;
    return tree(p, 0, (p->items + p->chunk - 1) / p->chunk);
}

static struct order_result result(double value, struct pair root)
{
    struct order_result r = {value, root.hi, root.lo};
    r.value = value != value ? (double)NAN : value;
    r.hi = root.hi != root.hi ? (double)NAN : root.hi;
    r.lo = root.lo != root.lo ? (double)NAN : root.lo;
    return r;
}

/* d/n as a double and what is missing to it. */
static struct pair step(double d, double dl, double n)
{
    double h = d / n;
    return (struct pair){h, (fma(-h, n, d) + dl) / n};
}

struct order_result order_v1_integrate(enum order_rule rule, order_function *f, void *user,
                                       double a, double b, uint64_t n)
{
    struct problem p = {.kind = SUM, .f = f, .user = user, .a = a};
    if (a == b)
        return result(0.0, (struct pair){0.0, 0.0});
    if (a > b) {
        struct order_result r = order_v1_integrate(rule, f, user, b, a, n);
        r.value = r.value != r.value ? r.value : -r.value;
        return r;
    }
    double d = b - a, t = d - b, dl = (-a - t) + (b - (d - t));
    struct pair h = step(d, dl, (double)n);
    p.h = h.hi;
    p.hl = h.lo;
    p.ends_apart = rule != ORDER_MIDPOINT;
    p.simpson = rule == ORDER_SIMPSON;
    p.half = p.ends_apart ? 0.0 : 0.5;
    p.items = n + (uint64_t)p.ends_apart;
    struct pair root = whole_tree(&p);
    if (rule == ORDER_TRAPEZOID)
        root = dd_add(root, two_sum(f(a, user) / 2, f(b, user) / 2));
    if (rule == ORDER_SIMPSON) {
        root = dd_add(root, two_sum(f(a, user), f(b, user)));
        h = step(d, dl, 3.0 * (double)n);
    }
    double product = root.hi * h.hi;
    if (!isfinite(root.hi) || !isfinite(product) || fabs(product) < 0x1p-960)
        return result(product, root);
    double error = fma(root.hi, h.hi, -product) + (root.lo * h.hi + root.hi * h.lo);
    return result(product + error, root);
}

struct order_result order_v1_reduce(enum order_op op, order_function *f, void *user, uint64_t n)
{
    static const enum kind kinds[] = {SUM, PROD, MIN, MAX, SUM, COUNT};
    struct problem p = {.kind = kinds[op], .f = f, .user = user, .items = n, .h = 1.0};
    struct pair root = whole_tree(&p);
    double q = root.hi / (double)n;
    if (op == ORDER_PROD) /* beyond ±5000 the answer is certain; below, one rounding */
        return result(ldexp(root.hi, root.lo > 5000    ? 5000
                                     : root.lo < -5000 ? -5000
                                                       : (int)root.lo) +
                          0.0,
                      root);
    if (op != ORDER_MEAN)
        return result(root.hi, root);
    return result(isfinite(q) ? q + (fma(-q, (double)n, root.hi) + root.lo) / (double)n : q, root);
}
