/* pieces.c: keeps merged fragments sorted and joined. */
#include "pieces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void nf_pieces_clear(struct nf_pieces *pieces)
{
    for (unsigned k = 0; k < pieces->made; k++)
        free(pieces->piece[k]);
    free(pieces->piece);
    *pieces = (struct nf_pieces){0};
}

static uint64_t end_of(const struct nfold_fragment *fragment)
{
    return fragment->chunks.first + fragment->chunks.count;
}

/* The first piece that begins at or after a chunk. */
static unsigned place_of(const struct nf_pieces *pieces, uint64_t first)
{
    unsigned low = 0, high = pieces->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (pieces->piece[middle]->chunks.first < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Makes sure that piece[count] exists. */
static int make_spare(struct nf_pieces *pieces)
{
    if (pieces->made > pieces->count)
        return 0;
    if (pieces->made == pieces->capacity) {
        unsigned capacity = pieces->capacity ? 2 * pieces->capacity : 8;
        void *grown = realloc(pieces->piece, capacity * sizeof(struct nfold_fragment *));
        if (!grown)
            return NFOLD_E_MEMORY;
        pieces->piece = grown;
        pieces->capacity = capacity;
    }
    pieces->piece[pieces->made] = malloc(sizeof(struct nfold_fragment));
    if (!pieces->piece[pieces->made])
        return NFOLD_E_MEMORY;
    pieces->made++;
    return 0;
}

static void remove_piece(struct nf_pieces *pieces, unsigned at)
{
    struct nfold_fragment *spare = pieces->piece[at];
    pieces->count--;
    memmove(pieces->piece + at, pieces->piece + at + 1,
            (pieces->count - at) * sizeof(struct nfold_fragment *));
    pieces->piece[pieces->count] = spare;
}

static void insert_piece(struct nf_pieces *pieces, unsigned at,
                         const struct nfold_fragment *fragment)
{
    struct nfold_fragment *spare = pieces->piece[pieces->count];
    memmove(pieces->piece + at + 1, pieces->piece + at,
            (pieces->count - at) * sizeof(struct nfold_fragment *));
    pieces->piece[at] = spare;
    nf_fragment_copy(spare, fragment);
    pieces->count++;
}

int nf_pieces_add(const struct nf_plan *plan, struct nf_pieces *pieces,
                  const struct nfold_fragment *fragment)
{
    unsigned at = place_of(pieces, fragment->chunks.first);
    struct nfold_fragment *left = at > 0 ? pieces->piece[at - 1] : NULL;
    assert(!left || end_of(left) <= fragment->chunks.first);
    assert(at == pieces->count || end_of(fragment) <= pieces->piece[at]->chunks.first);
    if (left && end_of(left) == fragment->chunks.first) {
        nf_fragment_join(plan, left, fragment);
        at--;
    } else {
        if (make_spare(pieces) < 0)
            return NFOLD_E_MEMORY;
        insert_piece(pieces, at, fragment);
        left = pieces->piece[at];
    }
    if (at + 1 < pieces->count && end_of(left) == pieces->piece[at + 1]->chunks.first) {
        left = pieces->piece[at];
        nf_fragment_join(plan, left, pieces->piece[at + 1]);
        remove_piece(pieces, at + 1);
    }
    return 0;
}

int nf_pieces_has_room(const struct nf_plan *plan, const struct nf_pieces *pieces,
                       const struct nfold_fragment *fragment)
{
    uint64_t claims = nf_plan_claims(plan), first = fragment->chunks.first;
    unsigned at;
    if (first >= claims || fragment->chunks.count > claims - first ||
        fragment->node_count != nf_fragment_node_count(plan, fragment->chunks))
        return 0;
    at = place_of(pieces, first);
    if (at > 0 && end_of(pieces->piece[at - 1]) > first)
        return 0;
    return at == pieces->count || end_of(fragment) <= pieces->piece[at]->chunks.first;
}

int nf_pieces_take(struct nf_pieces *pieces, struct nfold_fragment *fragment)
{
    if (pieces->count == 0)
        return 0;
    nf_fragment_copy(fragment, pieces->piece[0]);
    remove_piece(pieces, 0);
    return 1;
}

int nf_pieces_gap(const struct nf_pieces *pieces, struct nfold_range *gap)
{
    uint64_t first = gap->first, end = first + gap->count;
    unsigned at = place_of(pieces, first);
    if (at > 0 && end_of(pieces->piece[at - 1]) > first)
        first = end_of(pieces->piece[at - 1]);
    for (; at < pieces->count && pieces->piece[at]->chunks.first == first; at++)
        first = end_of(pieces->piece[at]);
    if (first >= end)
        return 0;
    if (at < pieces->count && pieces->piece[at]->chunks.first < end)
        end = pieces->piece[at]->chunks.first;
    *gap = (struct nfold_range){first, end - first};
    return 1;
}

const struct nfold_fragment *nf_pieces_whole(const struct nf_plan *plan,
                                             const struct nf_pieces *pieces)
{
    const struct nfold_fragment *only = pieces->count == 1 ? pieces->piece[0] : NULL;
    if (!only || only->chunks.first != 0 || only->chunks.count != nf_plan_claims(plan))
        return NULL;
    return only;
}
