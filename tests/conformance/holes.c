/* holes.c: executes and merges some claims, leaves out others, and ends before all is done. */
#include <stdlib.h>

#include <nfold/backend.h>

#include "holes.h"

struct holes {
    const struct nfold_engine *engine;
    uint64_t random;
};

static uint64_t draw(struct holes *holes, uint64_t below)
{
    uint64_t z = holes->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* workers: which holes. */
static int holes_open(void *self, const struct nfold_engine *engine, unsigned workers,
                      const nfold_options *options, nfold_error *err)
{
    struct holes *holes = self;
    (void)options;
    (void)err;
    *holes = (struct holes){engine, workers};
    return 1;
}

static void do_some(struct holes *holes, struct nfold_run *run, struct nfold_range chunks,
                    struct nfold_fragment *fragment)
{
    uint64_t first = chunks.first, end = first + chunks.count;
    while (first < end) {
        uint64_t count = 1 + draw(holes, 1 + (end - first) / (1 + draw(holes, 5)));
        if (count > end - first)
            count = end - first;
        if (draw(holes, 3) > 0) {
            holes->engine->execute(run, 0, (struct nfold_range){first, count}, fragment, NULL);
            holes->engine->merge(run, 0, fragment);
        }
        first += count;
    }
}

static int holes_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct holes *holes = self;
    struct nfold_fragment *fragment = malloc(sizeof *fragment);
    struct nfold_range chunks;
    (void)err;
    while (fragment && draw(holes, 40) > 0 && holes->engine->claim(run, 0, &chunks))
        do_some(holes, run, chunks, fragment);
    free(fragment);
    return 0;
}

static void holes_close(void *self)
{
    (void)self;
}

const nfold_backend holes_backend = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "holes",
    .summary = "leaves chunks out",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE,
    .same_memory = 1,
    .state_size = sizeof(struct holes),
    .open = holes_open,
    .run = holes_run,
    .close = holes_close,
};
