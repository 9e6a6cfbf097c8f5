/* current.h: what each thread is executing right now, so that a crash can be named. */
#ifndef NF_CURRENT_H
#define NF_CURRENT_H

#include <stdint.h>

#include <nfold/nfold.h>

struct nf_current {
    unsigned worker;
    uint64_t first_chunk, last_chunk;
    uint64_t first_item, last_item;
    int is_ends; /* only the two items at the ends of an integral */
};

/* Around the calls of a body, in the thread that makes them. */
void nf_current_enter(const struct nf_current *current);
void nf_current_leave(void);
/* What the calling thread is in: 1, or 0 if nothing. Async-signal-safe. */
int nf_current_read(struct nf_current *current);
/* From here on, a thread that ends inside a body (pthread_exit) calls abandoned first, and still
 * reads what it was in. For the whole process; to be called once, before the first run. */
int nf_current_watch(void (*abandoned)(void), nfold_error *err);

#endif
