/* known.c: finds gaps between ranges that are done. */
#include "known.h"

#include <stdlib.h>
#include <string.h>

void nf_known_clear(struct nf_known *known)
{
    free(known->range);
    free(known->before);
    *known = (struct nf_known){0};
}

static uint64_t end_of(struct nfold_range range)
{
    return range.first + range.count;
}

static int is_ascending(const struct nfold_range *range, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        if (range[k].count == 0 || range[k].count > UINT64_MAX - range[k].first)
            return 0;
        if (k > 0 && range[k].first < end_of(range[k - 1]))
            return 0;
    }
    return 1;
}

int nf_known_set(struct nf_known *known, const struct nfold_range *range, unsigned count)
{
    struct nf_known made = {.count = count};
    uint64_t before = 0;
    if (!is_ascending(range, count))
        return NFOLD_E_INTERNAL;
    made.range = calloc((size_t)count + 1, sizeof *made.range);
    made.before = calloc((size_t)count + 1, sizeof *made.before);
    if (!made.range || !made.before) {
        nf_known_clear(&made);
        return NFOLD_E_MEMORY;
    }
    for (unsigned k = 0; k < count; k++) {
        made.range[k] = range[k];
        made.before[k] = before;
        before += range[k].count;
    }
    nf_known_clear(known);
    *known = made;
    return 0;
}

/* The first range that ends above a chunk. */
static unsigned place_of(const struct nf_known *known, uint64_t chunk)
{
    unsigned low = 0, high = known->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (end_of(known->range[middle]) <= chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t nf_known_skip(const struct nf_known *known, uint64_t *first)
{
    unsigned at = known->count > 0 ? place_of(known, *first) : 0;
    for (; at < known->count && known->range[at].first <= *first; at++)
        *first = end_of(known->range[at]);
    return at < known->count ? known->range[at].first : UINT64_MAX;
}

/* Known chunks below a chunk. */
static uint64_t count_below(const struct nf_known *known, uint64_t chunk)
{
    unsigned at = place_of(known, chunk);
    if (at == known->count)
        return at == 0 ? 0 : known->before[at - 1] + known->range[at - 1].count;
    return known->before[at] +
           (chunk > known->range[at].first ? chunk - known->range[at].first : 0);
}

uint64_t nf_known_count(const struct nf_known *known, uint64_t first, uint64_t end)
{
    if (known->count == 0 || first >= end)
        return 0;
    return count_below(known, end) - count_below(known, first);
}
