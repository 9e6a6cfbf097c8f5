/* compare_ranks.h: a row of ranks is measured by a copy of this command, the hidden verb row, that
 * mpirun starts; it tells what it measured in lines. */
#ifndef NF_COMPARE_RANKS_H
#define NF_COMPARE_RANKS_H

#include "compare_table.h"
#include "verb.h"

/* Fills row and the words of table. < 0: why says what went wrong, MISSING or USAGE where it is no
 * fault of the work. */
int nf_compare_ranks(const struct nf_command *command, unsigned ranks,
                     struct nf_compare_table *table, struct nf_compare_row *row, nfold_error *why);
/* In that copy. ready_at: when the ranks had met, by the clock. */
void nf_compare_ranks_print(struct nfold_buffer *out, const struct nf_compare_table *table,
                            const struct nf_compare_row *row, double ready_at);

#endif
