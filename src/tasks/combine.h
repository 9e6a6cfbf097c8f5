/* combine.h: several sources become one stream of records: all combinations, linked ones together.
 */
#ifndef NF_COMBINE_H
#define NF_COMBINE_H

#include "columns.h"
#include "source.h"

struct nf_combine;

/* What is read is owned by it. */
int nf_combine_open(struct nf_combine **combine, int recycles, nfold_error *err);
/* Takes source (also when it fails). is_linked: its inputs go with those of the source before. */
int nf_combine_add(struct nf_combine *combine, struct nf_source *source, int is_linked,
                   nfold_error *err);
/* Refuses what can be known before anything is read: an empty list among several, linked lists of
 * different lengths. */
int nf_combine_check(const struct nf_combine *combine, nfold_error *err);
/* The index-th source, or NULL. */
struct nf_source *nf_combine_source(const struct nf_combine *combine, unsigned index);
/* The next combination, a record of each source split into columns and appended to values: 1, 0 at
 * the end, NF_INPUT_WAIT (then *waits_for is the fd to poll), or < 0. */
int nf_combine_next(struct nf_combine *combine, const struct nf_columns *columns, int waits,
                    struct nf_values *values, int *waits_for, nfold_error *err);
/* Combinations in all; 0: not known. */
uint64_t nf_combine_total(const struct nf_combine *combine);
/* Counts at most so many records more, beside what is read: 1 once the total is known, 0 not yet,
 * or < 0: it will not be. Sources that are bounded can be counted. */
int nf_combine_count(struct nf_combine *combine, uint64_t *records);
int nf_combine_is_bounded(const struct nf_combine *combine);
/* The same combinations once more, of bounded sources: see nf_source_open_twin. */
int nf_combine_open_twin(struct nf_combine **twin, const struct nf_combine *combine,
                         nfold_error *err);
void nf_combine_close(struct nf_combine *combine);

#endif
