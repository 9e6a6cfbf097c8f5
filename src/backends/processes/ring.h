/* ring.h: fragments on their way from one worker to the caller, in shared memory. Bytes, since most
 * fragments are much shorter than the longest. One writes, one reads; each has its own count. */
#ifndef NF_PROCESSES_RING_H
#define NF_PROCESSES_RING_H

#include <stdatomic.h>

#include <nfold/backend.h>

#define NF_RING_BYTES 32768 /* a power of two, and room for several of the longest */

struct nf_ring {
    _Alignas(128) _Atomic uint64_t head; /* bytes written */
    _Alignas(128) _Atomic uint64_t tail; /* bytes read */
    _Alignas(128) unsigned char bytes[NF_RING_BYTES];
};

/* The bytes that a fragment takes. */
size_t nf_ring_size(const struct nfold_fragment *fragment);
/* By the writer: 1, or 0 if there is no room. */
int nf_ring_put(struct nf_ring *ring, const struct nfold_fragment *fragment);
/* How full it is, as the writer sees it. */
uint64_t nf_ring_used(const struct nf_ring *ring);
/* By the reader, who counts in *taken, for the writer may have scribbled: 1, 0 if it is empty, or <
 * 0 if it makes no sense. */
int nf_ring_take(struct nf_ring *ring, uint64_t *taken, struct nfold_fragment *fragment);

#endif
