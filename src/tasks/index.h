/* index.h: what is known of each task, by identity: how often the input gave it, and how it ended.
 * Twenty bytes an entry in many small tables that grow one at a time: a million tasks take less
 * than 40 bytes each, growing included. */
#ifndef NF_INDEX_H
#define NF_INDEX_H

#include <stdint.h>

#include "error.h"
#include "task.h"

struct nf_index;

/* One word an entry. A new entry is 0. */
#define NF_INDEX_SEEN(mark)  ((mark) >> 5)          /* times that the input gave it */
#define NF_INDEX_ENDED(mark) ((int)((mark)&15) - 1) /* its last known status; -1: none */
#define NF_INDEX_SEEN_ONE    (UINT32_C(1) << 5)
#define NF_INDEX_SEEN_MOST   (UINT32_MAX - NF_INDEX_SEEN_ONE)
#define NF_INDEX_EARLIER     UINT32_C(16) /* known from an earlier run */

int nf_index_open(struct nf_index **index, nfold_error *err);
void nf_index_close(struct nf_index *index); /* NULL is fine */
/* The entry's mark, made if there is none; NULL: out of memory. Valid until the next call. */
uint32_t *nf_index_at(struct nf_index *index, const struct nf_identity *identity, nfold_error *err);
/* NULL: there is none. */
uint32_t *nf_index_find(const struct nf_index *index, const struct nf_identity *identity);
void nf_index_set_ended(uint32_t *mark, enum nf_task_status status);
uint64_t nf_index_count(const struct nf_index *index);

#endif
