/* print_order.h: places in the order in which groups are printed: filled in any order, taken in
 * order. Eight bytes a place that waits, so a slow first task may have a million behind it. */
#ifndef NF_PRINT_ORDER_H
#define NF_PRINT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Zero is empty. */
struct nf_print_order {
    uint64_t first;  /* the position that is next to be taken */
    uint64_t *place; /* place[head + i] is that of first + i; 0: not filled yet */
    size_t head, count, capacity;
};

/* what must not be 0; the position must not be below first nor filled. */
int nf_print_order_fill(struct nf_print_order *order, uint64_t position, uint64_t what,
                        nfold_error *err);
/* What is at the first position; 0: not filled. */
uint64_t nf_print_order_peek(const struct nf_print_order *order);
/* Puts something else at the first position, which is filled. */
void nf_print_order_change(struct nf_print_order *order, uint64_t what);
void nf_print_order_pop(struct nf_print_order *order);
void nf_print_order_clear(struct nf_print_order *order);

#endif
