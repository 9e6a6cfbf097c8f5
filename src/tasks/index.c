/* index.c: 1024 open-addressed tables, chosen by ten bits of the identity. Each is 75 to 90 % full
 * and grows by a fifth, by itself: what is spare, or held twice while it grows, stays small. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

#define PARTS 1024u

struct entry {
    uint32_t identity[4];
    uint32_t mark;
    /* an entry is free if its identity is all zero; no task's is, see slot_of */
};

struct part {
    struct entry *entry;
    uint32_t count, capacity;
};

struct nf_index {
    struct part part[PARTS];
    uint64_t count;
};

int nf_index_open(struct nf_index **index, nfold_error *err)
{
    *index = calloc(1, sizeof **index);
    return *index != NULL ? 0 : nf_fail_memory(err);
}

void nf_index_close(struct nf_index *index)
{
    if (index == NULL)
        return;
    for (unsigned i = 0; i < PARTS; i++)
        free(index->part[i].entry);
    free(index);
}

/* All zero marks a free entry; the one identity in 2^128 that is gets a neighbour's name. */
static void split(const struct nf_identity *identity, uint32_t word[4])
{
    word[0] = (uint32_t)identity->word[0];
    word[1] = (uint32_t)(identity->word[0] >> 32);
    word[2] = (uint32_t)identity->word[1];
    word[3] = (uint32_t)(identity->word[1] >> 32);
    if ((word[0] | word[1] | word[2] | word[3]) == 0)
        word[3] = 1;
}

static int is_free(const struct entry *entry)
{
    return (entry->identity[0] | entry->identity[1] | entry->identity[2] | entry->identity[3]) == 0;
}

/* Where the identity is, or where it would be put; the part must have a free entry. */
static struct entry *slot_of(const struct part *part, const uint32_t word[4])
{
    uint32_t at = (uint32_t)((uint64_t)word[1] * part->capacity >> 32);
    for (;; at = at + 1 < part->capacity ? at + 1 : 0) {
        struct entry *entry = &part->entry[at];
        if (is_free(entry) || memcmp(entry->identity, word, sizeof entry->identity) == 0)
            return entry;
    }
}

/* One more must leave a free entry: it is what ends a search. */
static int is_full(const struct part *part)
{
    return ((uint64_t)part->count + 1) * 10 > (uint64_t)part->capacity * 9;
}

static int grow(struct part *part, nfold_error *err)
{
    struct part grown = {.capacity = part->capacity + part->capacity / 5 + 8, .count = part->count};
    grown.entry = calloc(grown.capacity, sizeof *grown.entry);
    if (grown.entry == NULL)
        return nf_fail_memory(err);
    for (uint32_t i = 0; i < part->capacity; i++)
        if (!is_free(&part->entry[i]))
            *slot_of(&grown, part->entry[i].identity) = part->entry[i];
    free(part->entry);
    *part = grown;
    return 0;
}

uint32_t *nf_index_at(struct nf_index *index, const struct nf_identity *identity, nfold_error *err)
{
    uint32_t word[4];
    split(identity, word);
    struct part *part = &index->part[word[0] % PARTS];
    if (is_full(part) && grow(part, err) < 0)
        return NULL;
    struct entry *entry = slot_of(part, word);
    if (is_free(entry)) {
        memcpy(entry->identity, word, sizeof entry->identity);
        part->count++;
        index->count++;
    }
    return &entry->mark;
}

uint32_t *nf_index_find(const struct nf_index *index, const struct nf_identity *identity)
{
    uint32_t word[4];
    split(identity, word);
    const struct part *part = &index->part[word[0] % PARTS];
    if (part->capacity == 0)
        return NULL;
    struct entry *entry = slot_of(part, word);
    return is_free(entry) ? NULL : &entry->mark;
}

void nf_index_set_ended(uint32_t *mark, enum nf_task_status status)
{
    *mark = (*mark & ~UINT32_C(15)) | ((uint32_t)status + 1);
}

uint64_t nf_index_count(const struct nf_index *index)
{
    return index->count;
}
