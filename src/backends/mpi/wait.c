/* wait.c: naps. */
#include "wait.h"

#include <math.h>
#include <sched.h>
#include <time.h>

#define AWAKE_SECONDS 0.5e-3
#define NAP_SHARE     0.05 /* of the time waited so far: so late, at most, a letter is read */
#define NAP_MOST      2e-3

struct nf_wait nf_wait_begin(const struct nfold_engine *engine)
{
    return (struct nf_wait){.engine = engine, .began = engine->now()};
}

void nf_wait_reset(struct nf_wait *wait)
{
    *wait = nf_wait_begin(wait->engine);
}

void nf_wait_a_bit(const struct nf_wait *wait)
{
    double waited = wait->engine->now() - wait->began;
    struct timespec nap = {.tv_nsec = (long)(fmin(NAP_SHARE * waited, NAP_MOST) * 1e9)};
    if (waited < AWAKE_SECONDS)
        sched_yield();
    else
        nanosleep(&nap, NULL);
}
