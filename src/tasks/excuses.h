/* excuses.h: what shells say where a command does not exist. A thousand tasks say the same: it is
 * shown once. */
#ifndef NF_EXCUSES_H
#define NF_EXCUSES_H

#include <stddef.h>
#include <stdint.h>

#define NF_EXCUSES_EXIT  127               /* of a task whose command was not found */
#define NF_EXCUSES_BYTES ((size_t)4 << 10) /* what is longer is no excuse */
#define NF_EXCUSES_KNOWN 16

/* All zero at the beginning. */
struct nf_excuses {
    uint64_t known[NF_EXCUSES_KNOWN][2];
    unsigned count;
    uint64_t repeated; /* tasks that said what was known */
};

/* 1: another task said it before, so it need not be shown. */
int nf_excuses_repeat(struct nf_excuses *excuses, const char *text, size_t size);

#endif
