/* record_queue.h: records that were read and wait to become tasks. */
#ifndef NF_RECORD_QUEUE_H
#define NF_RECORD_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "columns.h"
#include "error.h"

/* Those from .first to .count, the oldest first. */
struct nf_record_queue {
    struct nf_values *record;
    size_t first, count, capacity;
};

size_t nf_record_queue_size(const struct nf_record_queue *queue);
/* Takes the record, on failure, too. */
int nf_record_queue_append(struct nf_record_queue *queue, struct nf_values *record,
                           nfold_error *err);
void nf_record_queue_shuffle(struct nf_record_queue *queue, uint64_t *random);
void nf_record_queue_clear(struct nf_record_queue *queue);

#endif
