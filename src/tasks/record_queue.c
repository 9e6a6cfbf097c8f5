/* record_queue.c: a growing row of records. */
#include "record_queue.h"

#include <stdlib.h>
#include <string.h>

size_t nf_record_queue_size(const struct nf_record_queue *queue)
{
    return queue->count - queue->first;
}

int nf_record_queue_append(struct nf_record_queue *queue, struct nf_values *record,
                           nfold_error *err)
{
    if (queue->first > 0 && queue->count == queue->capacity) {
        memmove(queue->record, queue->record + queue->first,
                nf_record_queue_size(queue) * sizeof *queue->record);
        queue->count -= queue->first;
        queue->first = 0;
    }
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? 2 * queue->capacity : 4;
        struct nf_values *grown = reallocarray(queue->record, capacity, sizeof *grown);
        if (!grown) {
            nf_values_clear(record);
            return nf_fail_memory(err);
        }
        queue->record = grown;
        queue->capacity = capacity;
    }
    queue->record[queue->count++] = *record;
    return 0;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void nf_record_queue_shuffle(struct nf_record_queue *queue, uint64_t *random)
{
    for (size_t i = nf_record_queue_size(queue); i > 1; i--) {
        size_t j = (size_t)(next_random(random) % i);
        struct nf_values *record = queue->record + queue->first, swapped = record[i - 1];
        record[i - 1] = record[j];
        record[j] = swapped;
    }
}

void nf_record_queue_clear(struct nf_record_queue *queue)
{
    for (size_t i = queue->first; i < queue->count; i++)
        nf_values_clear(&queue->record[i]);
    free(queue->record);
}
