/* wait.h: waiting for letters: awake at first, then in naps that grow, so that it costs nothing. */
#ifndef NF_WAIT_H
#define NF_WAIT_H

#include <nfold/backend.h>

struct nf_wait {
    const struct nfold_engine *engine;
    double began;
};

struct nf_wait nf_wait_begin(const struct nfold_engine *engine);
/* Something came: awake again. */
void nf_wait_reset(struct nf_wait *wait);
void nf_wait_a_bit(const struct nf_wait *wait);

#endif
