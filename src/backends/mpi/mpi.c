/* mpi.c: ranks that mpirun or srun started. This file opens and closes; first.c and other.c run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "cpus.h"
#include "isa.h"
#include "meeting.h"
#include "option.h"
#include "session.h"
#include "share.h"
#include "warden.h"

#define PEER_TIMEOUT_LEAST 0.5 /* seconds; a busy machine is silent for less by itself */

static const struct nf_option mpi_options[] = {
    {.name = "mpi",
     .type = NF_OPTION_CHOICE,
     .metavar = "NAME",
     .initial = "auto",
     .choices = "auto|openmpi|mpich",
     .help = "mpi: which MPI; the launcher's, else the first one installed"},
    {.name = "threads",
     .type = NF_OPTION_COUNT,
     .metavar = "N",
     .low = 1,
     .high = 4096,
     .help = "mpi: threads of each rank; its share of the allocation if not given"},
    {.name = "schedule",
     .type = NF_OPTION_CHOICE,
     .metavar = "HOW",
     .initial = "static",
     .choices = "static|dynamic",
     .help = "mpi: each rank gets its part at the start, or claims as it goes, for items of uneven "
             "cost"},
    {.name = "split",
     .type = NF_OPTION_TEXT,
     .metavar = "W,W,...",
     .help = "mpi: the shares of the ranks, 1,2,1 say; equal if not given"},
    {.name = "peer-timeout",
     .type = NF_OPTION_SECONDS,
     .metavar = "SECONDS",
     .initial = "60",
     .help = "mpi: a rank that is silent for so long is given up, and the run with it"},
    {0},
};

/* ---- opening --------------------------------------------------------------------------------- */

/* What the launcher said, against what MPI found: a launcher of another MPI starts N runs of one.
 */
static int check_size(const struct nf_launch *launch, const struct nf_port *port,
                      const struct nf_port_place *place, nfold_error *err)
{
    char library[64];
    if (!launch->launcher || (unsigned long)place->size == launch->copies || place->is_theirs)
        return 0;
    port->describe(library, sizeof library);
    return nf_fail(err, NFOLD_E_USAGE,
                   "%s started this %lu times, but %s sees %d: the launcher is another MPI's; use "
                   "the one of %s",
                   launch->launcher, launch->copies, library, place->size, library);
}

static int check_workers(const nfold_options *options, const struct nf_launch *launch,
                         unsigned long ranks, nfold_error *err)
{
    double asked = nf_options_count(options, "workers");
    if (!nf_options_is_set(options, "workers") || (unsigned long)asked == ranks)
        return 0;
    if (!launch->launcher)
        return nf_fail(err, NFOLD_E_USAGE,
                       "%.0f ranks are asked for, but nothing started them: `mpirun -n %.0f` does",
                       asked, asked);
    if (strcmp(launch->launcher, "srun") == 0)
        return nf_fail(err, NFOLD_E_USAGE,
                       "srun started %lu rank%s, but -j asks for %.0f: srun is to be told the "
                       "number, `srun -n %.0f --mpi=pmix`, or pmi2 for MPICH",
                       ranks, ranks == 1 ? "" : "s", asked, asked);
    return nf_fail(err, NFOLD_E_USAGE,
                   "%s started %lu ranks, but -j asks for %.0f: leave -j out; threads of a rank "
                   "are --threads",
                   launch->launcher, ranks, asked);
}

static int check_timeout(const nfold_options *options, nfold_error *err)
{
    if (nf_options_seconds(options, "peer-timeout") >= PEER_TIMEOUT_LEAST)
        return 0;
    return nf_fail(err, NFOLD_E_VALUE, "--peer-timeout must be at least %g s", PEER_TIMEOUT_LEAST);
}

static int start_port(struct nf_ranks *ranks, const nfold_options *options, nfold_error *err)
{
    const void *communicator = nf_options_communicator(options);
    struct nf_port_place place;
    const struct nf_port *port;
    struct nf_launch launch;
    char why[512];
    int choice, rc;
    nf_launch_read(&launch);
    /* Of a launcher's number before MPI is started, which may end the process by itself. */
    rc = communicator ? 0 : check_workers(options, &launch, launch.copies, err);
    choice = rc < 0 ? rc : nf_choice_make(&launch, nf_options_text(options, "mpi"), err);
    if (choice < 0)
        return choice;
    rc = nf_choice_load(choice, &port, err);
    if (rc < 0)
        return rc;
    if (port->start(communicator, &place, why, sizeof why) < 0)
        return nf_fail(err, NFOLD_E_SYSTEM, "%s does not start: %s", nf_choice_titles[choice], why);
    port->describe(ranks->library, sizeof ranks->library);
    rc = communicator ? 0 : check_size(&launch, port, &place, err);
    if (rc >= 0)
        rc = nf_post_open(&ranks->post, ranks->engine, port, &place, err);
    if (rc < 0)
        port->finish(NULL);
    else
        rc = check_workers(options, &launch, (unsigned long)place.size, err);
    return rc;
}

static int read_split(struct nf_ranks *ranks, const nfold_options *options, nfold_error *err)
{
    const char *split = nf_options_text(options, "split");
    unsigned size = (unsigned)ranks->post.size;
    if (!split)
        return 0;
    ranks->weight = calloc(size, sizeof *ranks->weight);
    return ranks->weight ? nf_share_read(split, size, ranks->weight, err) : nf_fail_memory(err);
}

/* All that the ranks of this host may use together. */
static unsigned count_processors(const struct nf_cpus *cpus)
{
    unsigned quota = (unsigned)(cpus->cgroup_quota + 0.5);
    return quota > 0 && quota < cpus->affinity ? quota : cpus->affinity;
}

/* Slurm says what a rank may have; elsewhere asking for more than there is, is a matter of taste.
 */
static int choose_threads(struct nf_ranks *ranks, const nfold_options *options,
                          const struct nf_hello *own, unsigned sharers, nfold_error *err)
{
    double asked = nf_options_count(options, "threads");
    struct nf_cpus cpus;
    unsigned processors;
    nf_cpus_read(&cpus, "");
    if (cpus.slurm > 0 && asked > cpus.slurm)
        return nf_fail(err, NFOLD_E_USAGE,
                       "--threads %.0f, but the allocation has %u processors for each rank "
                       "(SLURM_CPUS_PER_TASK)",
                       asked, cpus.slurm);
    if (!isnan(asked))
        ranks->threads = (unsigned)asked;
    else if (cpus.slurm > 0)
        ranks->threads = own->allowed;
    else
        ranks->threads = own->allowed > sharers ? own->allowed / sharers : 1;
    processors = count_processors(&cpus);
    ranks->crowd = (ranks->threads * sharers + processors - 1) / processors;
    return 0;
}

static void read_options(struct nf_ranks *ranks, const nfold_options *options)
{
    const char *isa = nf_options_text(options, "isa");
    snprintf(ranks->isa, sizeof ranks->isa, "%s",
             strcmp(isa, "auto") == 0 ? nf_isa_name(nf_isa_best()) : isa);
    ranks->is_dynamic = strcmp(nf_options_text(options, "schedule"), "dynamic") == 0;
    ranks->post.timeout = nf_options_seconds(options, "peer-timeout");
    ranks->post.is_command = nf_options_command_text(options) != NULL;
}

/* Rank 0's words are its own to say; another's are said by rank 0. */
static void mpi_abandon(void *self, const nfold_error *err)
{
    struct nf_ranks *ranks = self;
    const struct nf_letter_bye bye = {.code = err->code};
    const struct nf_letter_refuse refuse = {.code = err->code, .err = *err};
    if (ranks->has_ended)
        return;
    ranks->has_ended = 1;
    if (ranks->post.rank == 0)
        nf_post_send_all(&ranks->post, NF_LETTER_BYE, &bye, sizeof bye);
    else
        nf_post_send(&ranks->post, 0, NF_LETTER_REFUSE, &refuse, sizeof refuse);
}

static void mpi_close(void *self);

static int mpi_open(void *self, const struct nfold_engine *engine, unsigned workers,
                    const nfold_options *options, nfold_error *err)
{
    struct nf_ranks *ranks = self;
    struct nf_hello own;
    unsigned sharers = 1;
    int rc;
    (void)workers;
    ranks->engine = engine;
    rc = check_timeout(options, err);
    if (rc >= 0)
        rc = start_port(ranks, options, err);
    if (rc >= 0) {
        read_options(ranks, options);
        nf_hello_make(&own, nf_options_command_text(options));
        rc = nf_meeting_hold(&ranks->post, &own, &sharers, err);
    }
    ranks->has_ended = rc < 0;
    if (rc >= 0)
        rc = read_split(ranks, options, err);
    if (rc >= 0)
        rc = choose_threads(ranks, options, &own, sharers, err);
    if (rc >= 0)
        rc = nf_crew_start(&ranks->crew, engine, ranks->threads, options, err);
    if (rc >= 0)
        return (int)(ranks->threads = (unsigned)rc);
    if (!ranks->has_ended)
        mpi_abandon(self, err);
    mpi_close(self);
    return rc;
}

/* ---- running --------------------------------------------------------------------------------- */

static int check_thread(const struct nf_ranks *ranks, nfold_error *err)
{
    if (ranks->post.is_broken) {
        if (err)
            *err = ranks->post.err;
        return ranks->post.err.code;
    }
    if (ranks->post.port->is_own_thread())
        return 0;
    return nf_fail(err, NFOLD_E_USAGE,
                   "MPI takes calls from one thread: run from the one that called MPI_Init, or "
                   "nfold_open first");
}

static int mpi_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct nf_ranks *ranks = self;
    int rc = check_thread(ranks, err);
    ranks->stop = 0;
    if (rc < 0)
        return rc;
    if (ranks->post.rank == 0)
        return nf_first_run(ranks, run, err);
    rc = nf_other_run(ranks, run, err);
    if (rc == 0 || ranks->has_ended)
        return nf_fail(err, NFOLD_E_USAGE, "rank 0 has closed its context before this run");
    return rc;
}

static int mpi_decline(void *self, const nfold_error *err)
{
    struct nf_ranks *ranks = self;
    int rc = check_thread(ranks, NULL);
    if (rc < 0)
        return rc;
    return ranks->post.rank == 0 ? nf_first_decline(ranks, err) : nf_other_decline(ranks, err);
}

static int mpi_serve(void *self, nfold_error *err)
{
    struct nf_ranks *ranks = self;
    int rc;
    do
        rc = nf_other_run(ranks, NULL, err);
    while (rc > 0);
    return rc;
}

static int mpi_rank(const void *self)
{
    return ((const struct nf_ranks *)self)->post.rank;
}

static void mpi_stop(void *self)
{
    ((struct nf_ranks *)self)->stop = 1;
}

/* Ranks of a program that have a run in mind are told that none will come. */
static void answer_joins(struct nf_post *post)
{
    const struct nf_letter_bye bye = {.code = NFOLD_E_USAGE};
    struct nf_letter letter;
    while (nf_post_take(post, &letter)) {
        if (letter.kind == NF_LETTER_JOIN)
            nf_post_send(post, letter.from, NF_LETTER_BYE, &bye, sizeof bye);
        nf_post_drop(&letter);
    }
}

static void say_goodbye(struct nf_ranks *ranks)
{
    const struct nf_letter_bye bye = {0};
    if (ranks->has_ended || ranks->post.rank != 0)
        return;
    if (ranks->post.is_command)
        nf_post_send_all(&ranks->post, NF_LETTER_BYE, &bye, sizeof bye);
    else
        answer_joins(&ranks->post);
}

static void mpi_close(void *self)
{
    struct nf_ranks *ranks = self;
    nf_crew_end(&ranks->crew);
    if (ranks->post.peer) {
        say_goodbye(ranks);
        ranks->post.port->finish(ranks->post.is_broken ? nf_warden_leave : NULL);
    }
    nf_post_close(&ranks->post);
    if (ranks->engine)
        ranks->engine->detach(ranks->remote);
    free(ranks->memory);
    free(ranks->weight);
    ranks->remote = ranks->memory = ranks->weight = NULL;
}

/* MPI did not come along into a forked copy of the program. */
static void mpi_forget(void *self)
{
    struct nf_ranks *ranks = self;
    nf_post_close(&ranks->post);
    free(ranks->weight);
}

static int mpi_probe(nfold_error *err)
{
    struct nf_launch launch;
    int choice;
    nf_launch_read(&launch);
    choice = nf_choice_make(&launch, "auto", err);
    return choice < 0 ? choice : 0;
}

extern const nfold_backend nf_backend_mpi;
const nfold_backend nf_backend_mpi = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "mpi",
    .summary = "ranks of MPI, on this machine or many",
    .forms = NFOLD_FORM_CALL,
    .same_memory = 0,
    .is_collective = 1,
    .state_size = sizeof(struct nf_ranks),
    .options = mpi_options,
    .probe = mpi_probe,
    .open = mpi_open,
    .run = mpi_run,
    .rank = mpi_rank,
    .decline = mpi_decline,
    .serve = mpi_serve,
    .abandon = mpi_abandon,
    .stop = mpi_stop,
    .close = mpi_close,
    .forget = mpi_forget,
};
