/* known.h: ranges of chunks that are done before a run begins, by an earlier one: nobody claims
 * them. Set before the first claim, only read after it. */
#ifndef NF_KNOWN_H
#define NF_KNOWN_H

#include <nfold/backend.h>

struct nf_known {
    struct nfold_range *range; /* [count], ascending, apart from each other */
    uint64_t *before;          /* [count], chunks in the ranges before */
    unsigned count;
};

void nf_known_clear(struct nf_known *known); /* frees */
/* Copies ranges that ascend and do not overlap. NFOLD_E_MEMORY: nothing changed; NFOLD_E_INTERNAL:
 * they overlap, or end beyond 2^64. */
int nf_known_set(struct nf_known *known, const struct nfold_range *range, unsigned count);
/* Moves *first to the first chunk from there on that is not known; returns the first known one
 * above it, or UINT64_MAX. */
uint64_t nf_known_skip(const struct nf_known *known, uint64_t *first);
/* How many of the chunks first … end-1 are known. */
uint64_t nf_known_count(const struct nf_known *known, uint64_t first, uint64_t end);

#endif
