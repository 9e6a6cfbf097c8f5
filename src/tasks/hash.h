/* hash.h: SipHash-2-4 with 128 bits of result and a fixed key. It names tasks in journals for ever,
 * so it must be the same in every build and on every machine: sixty lines of our own, checked
 * against published vectors, and no optional library. */
#ifndef NF_HASH_H
#define NF_HASH_H

#include <stddef.h>
#include <stdint.h>

struct nf_hash {
    uint64_t v[4];
    uint64_t pending; /* bytes that do not fill a word yet */
    uint64_t size;    /* bytes added so far */
};

void nf_hash_begin(struct nf_hash *hash);
void nf_hash_add(struct nf_hash *hash, const void *data, size_t size);
/* A number as eight bytes, least significant first. */
void nf_hash_number(struct nf_hash *hash, uint64_t number);
/* Consumes hash. */
void nf_hash_end(struct nf_hash *hash, uint64_t word[2]);

#endif
