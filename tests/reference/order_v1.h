/* order_v1.h: "the order, version 1" (docs/design/order.md) as slow scalar C: the judge of every
 * other path. It shares no code with the engine and must never be made faster. */
#ifndef ORDER_V1_H
#define ORDER_V1_H

#include <stdint.h>

typedef double order_function(double x, void *user);

enum order_rule { ORDER_TRAPEZOID, ORDER_SIMPSON, ORDER_MIDPOINT };
enum order_op { ORDER_SUM, ORDER_PROD, ORDER_MIN, ORDER_MAX, ORDER_MEAN, ORDER_COUNT };

/* value: the answer; hi, lo: the root of the tree (prod: mantissa and exponent). NaNs are
 * canonical. */
struct order_result {
    double value, hi, lo;
};

/* n: steps. The arguments are taken as valid; values that are not finite propagate. */
struct order_result order_v1_integrate(enum order_rule rule, order_function *f, void *user,
                                       double a, double b, uint64_t n);
/* n: items; f gets the item number. */
struct order_result order_v1_reduce(enum order_op op, order_function *f, void *user, uint64_t n);

#endif
