/* current.h: what each thread is executing right now, so that a crash can be named. */
#ifndef NF_CURRENT_H
#define NF_CURRENT_H

#include <stdint.h>

struct nf_current {
    unsigned worker;
    uint64_t first_chunk, last_chunk;
    uint64_t first_item, last_item;
    int is_ends; /* only the two items at the ends of an integral */
};

/* Around the calls of a body, in the thread that makes them. current must stay valid until leave.
 */
void nf_current_enter(const struct nf_current *current);
void nf_current_leave(void);
/* What the calling thread is in: 1, or 0 if nothing. Async-signal-safe. */
int nf_current_read(struct nf_current *current);

#endif
