/* ranks.h: what the engine gives backends whose workers are processes that a launcher started, each
 * with a run of its own; the rows of the same names in struct nfold_engine say what they do. */
#ifndef NF_RANKS_H
#define NF_RANKS_H

#include "run.h"

void nf_ranks_spread(struct nfold_run *run, unsigned crowd);
int nf_ranks_inner_open(void **inner, const char *name, unsigned workers,
                        const nfold_options *options, nfold_error *err);
int nf_ranks_inner_run(void *inner, struct nfold_run *run, nfold_error *err);
void nf_ranks_inner_close(void *inner);
int nf_ranks_lacks_body(const struct nfold_run *run);
int nf_ranks_take_body(struct nfold_run *run, const void *description, size_t size,
                       nfold_error *err);
int nf_ranks_identity(const struct nfold_run *run, struct nfold_buffer *buffer, nfold_error *err);
uint64_t nf_ranks_chunks(const struct nfold_run *run);
void nf_ranks_confine(struct nfold_run *run, struct nfold_range chunks, int has_ends);
double nf_ranks_each(const struct nfold_run *run);
int nf_ranks_take(struct nfold_run *run, struct nfold_fragment *fragment);
int nf_ranks_accept(struct nfold_run *run, const struct nfold_fragment *fragment);
int nf_ranks_whole(struct nfold_run *run, struct nfold_fragment *fragment);
int nf_ranks_conclude(struct nfold_run *run, const struct nfold_fragment *whole);
int nf_ranks_failure(struct nfold_run *run, uint64_t *place, nfold_error *err);
void nf_ranks_fail(struct nfold_run *run, uint64_t place, const nfold_error *err);
void nf_ranks_halt(struct nfold_run *run);
uint64_t nf_ranks_items_done(const struct nfold_run *run);
void nf_ranks_items_elsewhere(struct nfold_run *run, uint64_t items);
void nf_ranks_sum_up(const struct nfold_run *run, struct nfold_rank_report *report);
int nf_ranks_note(struct nfold_run *run, const struct nfold_rank_report *rank, unsigned ranks);

#endif
