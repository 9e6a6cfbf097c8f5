/* share.h: who gets which chunks. Numbers only. */
#ifndef NF_SHARE_H
#define NF_SHARE_H

#include <nfold/backend.h>

/* "1,2,1" or "0.5,0.25,0.25": so many weights, from 0 to a million, not all 0, as millionths into
 * weight [ranks]. NFOLD_E_VALUE says what is wrong. */
int nf_share_read(const char *text, unsigned ranks, uint64_t *weight, nfold_error *err);

/* Rank's part of chunks 0 … chunks-1 less the known ones, which ascend: contiguous but for these.
 * The parts of all ranks follow one another. weight NULL: equal parts. */
struct nfold_range nf_share_part(uint64_t chunks, const struct nfold_range *known, unsigned count,
                                 const uint64_t *weight, unsigned ranks, unsigned rank);

/* How many chunks a claim of the dynamic schedule gets. left: unclaimed; each: seconds of one on
 * that rank, 0: unknown. */
uint64_t nf_share_claim(uint64_t left, unsigned ranks, unsigned threads, double each);

#endif
