/* excuses.c: the first few are told apart by their hashes. */
#include "excuses.h"

#include <string.h>

#include "hash.h"

int nf_excuses_repeat(struct nf_excuses *excuses, const char *text, size_t size)
{
    struct nf_hash hash;
    uint64_t word[2];
    nf_hash_begin(&hash);
    nf_hash_add(&hash, text, size);
    nf_hash_end(&hash, word);
    for (unsigned i = 0; i < excuses->count; i++)
        if (memcmp(excuses->known[i], word, sizeof word) == 0) {
            excuses->repeated++;
            return 1;
        }
    if (excuses->count < NF_EXCUSES_KNOWN)
        memcpy(excuses->known[excuses->count++], word, sizeof word);
    return 0;
}
