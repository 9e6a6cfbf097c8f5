/* shuffled.c: a backend that does everything out of order: claims are cut into pieces, shuffled,
 * executed by any worker, merged late, and some are lost once and claimed again. */
#include <stdlib.h>

#include <nfold/backend.h>

#include "shuffled.h"

#define WAITING 64 /* claims in hand */

struct shuffled {
    const struct nfold_engine *engine;
    unsigned workers;
    uint64_t random;
};

static uint64_t draw(struct shuffled *shuffled, uint64_t below)
{
    uint64_t z = shuffled->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static int shuffled_open(void *self, const struct nfold_engine *engine, unsigned workers,
                         const nfold_options *options, nfold_error *err)
{
    struct shuffled *shuffled = self;
    (void)options;
    (void)err;
    *shuffled = (struct shuffled){engine, workers, workers};
    return (int)workers;
}

/* Claims until there are `count` ranges; cuts each in two at random. Returns how many there are. */
static unsigned gather(struct shuffled *shuffled, struct nfold_run *run, struct nfold_range *range,
                       unsigned count)
{
    unsigned have = 0;
    while (have + 2 <= count) {
        struct nfold_range chunks;
        unsigned worker = (unsigned)draw(shuffled, shuffled->workers);
        uint64_t cut;
        if (!shuffled->engine->claim(run, worker, &chunks))
            break;
        cut = draw(shuffled, chunks.count);
        if (cut > 0)
            range[have++] = (struct nfold_range){chunks.first, cut};
        range[have++] = (struct nfold_range){chunks.first + cut, chunks.count - cut};
    }
    return have;
}

static void shuffle(struct shuffled *shuffled, struct nfold_range *range, unsigned count)
{
    for (unsigned k = count; k > 1; k--) {
        unsigned other = (unsigned)draw(shuffled, k);
        struct nfold_range swap = range[other];
        range[other] = range[k - 1];
        range[k - 1] = swap;
    }
}

static int shuffled_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct shuffled *shuffled = self;
    struct nfold_fragment *fragment = malloc(sizeof *fragment);
    struct nfold_range range[WAITING];
    unsigned count;
    (void)err;
    while (fragment && (count = gather(shuffled, run, range, WAITING)) > 0) {
        shuffle(shuffled, range, count);
        for (unsigned k = 0; k < count; k++) {
            unsigned worker = (unsigned)draw(shuffled, shuffled->workers);
            if (draw(shuffled, 4) == 0) {
                shuffled->engine->lost(run, range[k], "shuffled away");
                continue;
            }
            shuffled->engine->execute(run, worker, range[k], fragment, NULL);
            shuffled->engine->merge(run, worker, fragment);
        }
    }
    free(fragment);
    return 0;
}

static void shuffled_close(void *self)
{
    (void)self;
}

const nfold_backend shuffled_backend = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "shuffled",
    .summary = "everything out of order",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE,
    .same_memory = 1,
    .state_size = sizeof(struct shuffled),
    .open = shuffled_open,
    .run = shuffled_run,
    .close = shuffled_close,
};
