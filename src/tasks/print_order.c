/* print_order.c: a window over the positions that are not printed yet. */
#include "print_order.h"

#include <stdlib.h>
#include <string.h>

/* Moves what waits to the front of the array, then makes it longer if it is still too short.
 * Growing by a half keeps what is spare small. */
static int make_room(struct nf_print_order *order, size_t count, nfold_error *err)
{
    if (order->head + count <= order->capacity)
        return 0;
    if (order->head > 0) {
        memmove(order->place, order->place + order->head, order->count * sizeof *order->place);
        order->head = 0;
    }
    /* Moving pays for itself only if it made much room. */
    if (count <= order->capacity - order->capacity / 4)
        return 0;
    size_t capacity = count + count / 2 + 64;
    uint64_t *place = reallocarray(order->place, capacity, sizeof *place);
    if (place == NULL)
        return nf_fail_memory(err);
    order->place = place;
    order->capacity = capacity;
    return 0;
}

int nf_print_order_fill(struct nf_print_order *order, uint64_t position, uint64_t what,
                        nfold_error *err)
{
    size_t index = (size_t)(position - order->first);
    if (position < order->first)
        return nf_fail(err, NFOLD_E_INTERNAL, "position %llu was printed already",
                       (unsigned long long)position);
    if (index >= order->count) {
        int rc = make_room(order, index + 1, err);
        if (rc < 0)
            return rc;
        memset(order->place + order->head + order->count, 0,
               (index + 1 - order->count) * sizeof *order->place);
        order->count = index + 1;
    }
    order->place[order->head + index] = what;
    return 0;
}

uint64_t nf_print_order_peek(const struct nf_print_order *order)
{
    return order->count > 0 ? order->place[order->head] : 0;
}

void nf_print_order_change(struct nf_print_order *order, uint64_t what)
{
    order->place[order->head] = what;
}

void nf_print_order_pop(struct nf_print_order *order)
{
    order->first++;
    if (order->count == 0)
        return;
    order->head++;
    order->count--;
    if (order->count == 0)
        order->head = 0;
}

void nf_print_order_clear(struct nf_print_order *order)
{
    free(order->place);
    *order = (struct nf_print_order){0};
}
