/* fragment.c: growing and joining fragments; the bits of positions say what may be folded. */
#include "fragment.h"

#include <assert.h>
#include <string.h>

#include "order.h"

void nf_fragment_start(struct nfold_fragment *fragment, uint64_t first)
{
    fragment->chunks = (struct nfold_range){first, 0};
    fragment->even_hi = fragment->even_lo = 0;
    fragment->node_count = 0;
}

/* Adds a node of `size` chunks at the right. A node that ends at position p has the size of p's
 * lowest set bit if it begins inside the fragment; equal neighbours fold. */
static void push(const struct nf_plan *plan, struct nfold_fragment *fragment,
                 struct nfold_node node, uint64_t size)
{
    uint64_t first = fragment->chunks.first, start = first + fragment->chunks.count;
    fragment->chunks.count += size;
    if (start < plan->chunks) {
        while ((start & size) && start - first >= size) {
            node = nf_node_join(plan->shape, fragment->node[--fragment->node_count], node);
            start -= size;
            size *= 2;
        }
    }
    assert(fragment->node_count < NFOLD_FRAGMENT_NODES);
    fragment->node[fragment->node_count++] = node;
}

static void add_even(struct nfold_fragment *fragment, struct nfold_node even)
{
    struct nfold_node sum = {fragment->even_hi, fragment->even_lo};
    sum = nf_dd_add(sum, even);
    fragment->even_hi = sum.hi;
    fragment->even_lo = sum.lo;
}

void nf_fragment_append(const struct nf_plan *plan, struct nfold_fragment *fragment,
                        struct nfold_node node, struct nfold_node even)
{
    push(plan, fragment, node, 1);
    if (plan->has_even)
        add_even(fragment, even);
}

/* Four that are a subtree are joined at once: most chunks of native code come like this. */
void nf_fragment_append_some(const struct nf_plan *plan, struct nfold_fragment *fragment,
                             const struct nfold_node *node, const struct nfold_node *even,
                             unsigned count)
{
    uint64_t start = fragment->chunks.first + fragment->chunks.count;
    if (count == 4 && start % 4 == 0) {
        struct nfold_node left = nf_node_join(plan->shape, node[0], node[1]);
        struct nfold_node right = nf_node_join(plan->shape, node[2], node[3]);
        push(plan, fragment, nf_node_join(plan->shape, left, right), 4);
    } else {
        for (unsigned k = 0; k < count; k++)
            push(plan, fragment, node[k], 1);
    }
    for (unsigned k = 0; plan->has_even && k < count; k++)
        add_even(fragment, even[k]);
}

/* The size of the first maximal aligned subtree of chunks first … end-1. */
static uint64_t first_size(const struct nf_plan *plan, uint64_t first, uint64_t end)
{
    uint64_t size = 1, limit = end < plan->chunks ? end : plan->chunks;
    if (first >= plan->chunks)
        return 1;
    while (!(first & size) && 2 * size <= limit - first)
        size *= 2;
    return size;
}

void nf_fragment_join(const struct nf_plan *plan, struct nfold_fragment *left,
                      const struct nfold_fragment *right)
{
    uint64_t at = right->chunks.first, end = at + right->chunks.count;
    assert(left->chunks.first + left->chunks.count == at);
    for (uint32_t k = 0; k < right->node_count; k++) {
        uint64_t size = first_size(plan, at, end);
        push(plan, left, right->node[k], size);
        at += size;
    }
    assert(at == end);
    if (plan->has_even)
        add_even(left, (struct nfold_node){right->even_hi, right->even_lo});
}

uint32_t nf_fragment_node_count(const struct nf_plan *plan, struct nfold_range chunks)
{
    uint64_t at = chunks.first, end = at + chunks.count;
    uint32_t count = 0;
    for (; at < end; count++)
        at += first_size(plan, at, end);
    return count;
}

void nf_fragment_copy(struct nfold_fragment *to, const struct nfold_fragment *from)
{
    memcpy(to, from, offsetof(struct nfold_fragment, node) + from->node_count * sizeof *from->node);
}

struct nfold_node nf_fragment_tree(const struct nf_plan *plan,
                                   const struct nfold_fragment *fragment, struct nfold_node *ends)
{
    uint32_t count = fragment->node_count;
    struct nfold_node tree;
    *ends = (struct nfold_node){0, 0};
    assert(fragment->chunks.first == 0 && fragment->chunks.count == nf_plan_claims(plan));
    if (plan->has_ends)
        *ends = fragment->node[--count];
    tree = fragment->node[--count];
    while (count > 0)
        tree = nf_node_join(plan->shape, fragment->node[--count], tree);
    return tree;
}
