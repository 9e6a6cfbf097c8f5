/* fork_join.c: fork_join.h with nfold's pool of threads, driven through the contract of backends:
 * an engine of this file gives it runs that hold nothing but the region. */
#include <nfold/backend.h>

#include "fork_join.h"

extern const nfold_backend nf_backend_threads;

struct nfold_run {
    struct meeting *meeting;
};

static int run_work(struct nfold_run *run, unsigned worker)
{
    (void)worker;
    meet(run->meeting);
    return 0;
}

/* Enough for the pool to wake everyone; a run for which microseconds count. */
static double run_left(const struct nfold_run *run)
{
    (void)run;
    return 1e-3;
}

static unsigned run_workers(const struct nfold_run *run)
{
    return (unsigned)run->meeting->workers;
}

static unsigned run_traits(const struct nfold_run *run)
{
    (void)run;
    return 0;
}

static const struct nfold_engine engine = {.abi = NFOLD_BACKEND_ABI,
                                           .work = run_work,
                                           .left = run_left,
                                           .workers = run_workers,
                                           .traits = run_traits,
                                           .now = bench_now};

static void region(void *pool, struct meeting *meeting)
{
    struct nfold_run run = {.meeting = meeting};
    nf_backend_threads.run(pool, &run, NULL);
}

int main(int argc, char **argv)
{
    int workers = argc > 1 ? atoi(argv[1]) : 2, rc;
    nfold_error err;
    void *pool = aligned_alloc(128, (nf_backend_threads.state_size + 127) / 128 * 128);
    if (!pool)
        return 3;
    memset(pool, 0, nf_backend_threads.state_size);
    if (nf_backend_threads.open(pool, &engine, (unsigned)workers, NULL, &err) < workers) {
        fprintf(stderr, "bench_fork_join: fewer than %d threads\n", workers);
        return 3;
    }
    rc = serve_fork_join(argc, argv, pool, region);
    nf_backend_threads.close(pool);
    free(pool);
    return rc;
}
