/* hash.c: SipHash-2-4-128 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
#include "hash.h"

/* The key of the published test vectors: bytes 0 … 15. */
#define KEY_0 UINT64_C(0x0706050403020100)
#define KEY_1 UINT64_C(0x0f0e0d0c0b0a0908)

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void add_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v);
    mix(v);
    v[0] ^= word;
}

void nf_hash_begin(struct nf_hash *hash)
{
    *hash = (struct nf_hash){
        .v = {KEY_0 ^ UINT64_C(0x736f6d6570736575), KEY_1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
              KEY_0 ^ UINT64_C(0x6c7967656e657261), KEY_1 ^ UINT64_C(0x7465646279746573)}};
}

void nf_hash_add(struct nf_hash *hash, const void *data, size_t size)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < size; i++) {
        hash->pending |= (uint64_t)byte[i] << (hash->size % 8 * 8);
        if (++hash->size % 8 == 0) {
            add_word(hash->v, hash->pending);
            hash->pending = 0;
        }
    }
}

void nf_hash_number(struct nf_hash *hash, uint64_t number)
{
    unsigned char byte[8];
    for (int i = 0; i < 8; i++)
        byte[i] = (unsigned char)(number >> (8 * i));
    nf_hash_add(hash, byte, sizeof byte);
}

static uint64_t finish(uint64_t v[4])
{
    for (int i = 0; i < 4; i++)
        mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void nf_hash_end(struct nf_hash *hash, uint64_t word[2])
{
    add_word(hash->v, hash->pending | hash->size << 56);
    hash->v[2] ^= 0xee;
    word[0] = finish(hash->v);
    hash->v[1] ^= 0xdd;
    word[1] = finish(hash->v);
}
