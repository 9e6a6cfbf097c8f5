/* ring.c: a fragment is copied up to its last node. */
#include "ring.h"

#include <stddef.h>
#include <string.h>

#define HEAD_BYTES offsetof(struct nfold_fragment, node)

size_t nf_ring_size(const struct nfold_fragment *fragment)
{
    return HEAD_BYTES + fragment->node_count * sizeof *fragment->node;
}

static void copy_in(struct nf_ring *ring, uint64_t at, const void *data, size_t size)
{
    size_t place = at % NF_RING_BYTES, first = NF_RING_BYTES - place;
    if (first > size)
        first = size;
    memcpy(ring->bytes + place, data, first);
    memcpy(ring->bytes, (const char *)data + first, size - first);
}

static void copy_out(const struct nf_ring *ring, uint64_t at, void *data, size_t size)
{
    size_t place = at % NF_RING_BYTES, first = NF_RING_BYTES - place;
    if (first > size)
        first = size;
    memcpy(data, ring->bytes + place, first);
    memcpy((char *)data + first, ring->bytes, size - first);
}

uint64_t nf_ring_used(const struct nf_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed) -
           atomic_load_explicit(&ring->tail, memory_order_acquire);
}

int nf_ring_put(struct nf_ring *ring, const struct nfold_fragment *fragment)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t size = nf_ring_size(fragment);
    if (nf_ring_used(ring) + size > NF_RING_BYTES)
        return 0;
    copy_in(ring, head, fragment, size);
    atomic_store_explicit(&ring->head, head + size, memory_order_release);
    return 1;
}

int nf_ring_take(struct nf_ring *ring, uint64_t *taken, struct nfold_fragment *fragment)
{
    uint64_t there = atomic_load_explicit(&ring->head, memory_order_acquire) - *taken;
    size_t nodes;
    if (there == 0)
        return 0;
    if (there < HEAD_BYTES || there > NF_RING_BYTES)
        return -1;
    copy_out(ring, *taken, fragment, HEAD_BYTES);
    if (fragment->node_count > NFOLD_FRAGMENT_NODES)
        return -1;
    nodes = fragment->node_count * sizeof *fragment->node;
    if (there - HEAD_BYTES < nodes)
        return -1;
    copy_out(ring, *taken + HEAD_BYTES, fragment->node, nodes);
    *taken += HEAD_BYTES + nodes;
    atomic_store_explicit(&ring->tail, *taken, memory_order_release);
    return 1;
}
