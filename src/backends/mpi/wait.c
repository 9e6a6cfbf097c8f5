/* wait.c: naps. */
#include "wait.h"

#include <sched.h>
#include <time.h>

#define AWAKE_SECONDS 0.5e-3
#define NAP_FIRST     20e-6
#define NAP_MOST      2e-3

struct nf_wait nf_wait_begin(const struct nfold_engine *engine)
{
    return (struct nf_wait){.engine = engine, .began = engine->now()};
}

void nf_wait_reset(struct nf_wait *wait)
{
    *wait = nf_wait_begin(wait->engine);
}

void nf_wait_a_bit(struct nf_wait *wait)
{
    struct timespec nap = {0};
    if (wait->nap <= 0 && wait->engine->now() - wait->began < AWAKE_SECONDS) {
        sched_yield();
        return;
    }
    wait->nap = wait->nap <= 0 ? NAP_FIRST : wait->nap * 1.25;
    if (wait->nap > NAP_MOST)
        wait->nap = NAP_MOST;
    nap.tv_nsec = (long)(wait->nap * 1e9);
    nanosleep(&nap, NULL);
}
