/* skeleton.c: the guide to a backend. Copy it, rename it, add its name to meson.build. It works:
 * the conformance tests run it beside the real ones, so that it cannot rot.
 *
 * What a backend decides is who executes chunks. It never sees a value, an item or a body. */
#include <nfold/backend.h>

#include "error.h"

/* What outlives a run: workers, connections, a device. The engine allocates it, zeroed. */
struct skeleton {
    const struct nfold_engine *engine; /* all that a backend may call */
    unsigned workers;
};

/* Optional. Can it run here? Looks only: starts nothing, writes nothing. Here: always. */
static int skeleton_probe(nfold_error *err)
{
    (void)err;
    return 0;
}

/* Makes the workers and says how many there are: fewer than asked for is fine, none is not. On
 * failure frees what it made: close is not called then. */
static int skeleton_open(void *self, const struct nfold_engine *engine, unsigned workers,
                         const nfold_options *options, nfold_error *err)
{
    struct skeleton *skeleton = self;
    (void)options; /* rows of .options are read here */
    if (engine->abi != NFOLD_BACKEND_ABI)
        return nf_fail(err, NFOLD_E_INTERNAL, "the skeleton was built for another nfold");
    skeleton->engine = engine;
    skeleton->workers = workers;
    return (int)workers;
}

/* One claim of one worker: 0 when nothing is left. The three calls may come from any thread, one at
 * a time for each worker number. In one address space engine->work does all this in a loop; a
 * backend that sends chunks elsewhere calls claim here, execute there, and merges what comes back.
 */
static int claim_once(const struct skeleton *skeleton, struct nfold_run *run, unsigned worker)
{
    const struct nfold_engine *engine = skeleton->engine;
    struct nfold_fragment fragment;
    struct nfold_range chunks;
    if (!engine->claim(run, worker, &chunks))
        return 0;
    /* A failure is kept by the run, and the lowest one is reported in the end: claims below it are
     * still handed out, so go on until claim says 0. The fragment holds what was done before it. */
    engine->execute(run, worker, chunks, &fragment, NULL);
    engine->merge(run, worker, &fragment);
    /* A worker that died instead: engine->lost(run, chunks, "killed by signal 9"). */
    return 1;
}

/* Blocks until nothing is left. Worker 0 is the caller. Returns < 0 only for a failure of the
 * backend itself; err then says what happened to it. */
static int skeleton_run(void *self, struct nfold_run *run, nfold_error *err)
{
    const struct skeleton *skeleton = self;
    unsigned idle = 0;
    (void)err;
    while (idle < skeleton->workers) {
        idle = 0;
        for (unsigned worker = 0; worker < skeleton->workers; worker++)
            idle += !claim_once(skeleton, run, worker);
    }
    return 0;
}

static void skeleton_close(void *self)
{
    (void)self; /* frees what open made, but not self */
}

/* The one name that others see: nf_backend_ and the word in meson.build. */
extern const nfold_backend nf_backend_skeleton;
const nfold_backend nf_backend_skeleton = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "skeleton",
    .summary = "the guide to writing a backend",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE, /* the forms that its workers can run */
    .same_memory = 1,                            /* they see the caller's memory */
    .state_size = sizeof(struct skeleton),
    .probe = skeleton_probe,
    .open = skeleton_open,
    .run = skeleton_run,
    .close = skeleton_close,
};
