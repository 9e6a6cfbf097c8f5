/* ranks.c: which copy does what, and how they all end when one cannot. */
#include "ranks.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "cpus.h"
#include "crash.h"
#include "mpi/launcher.h"
#include "mpi/meeting.h"
#include "mpirun.h"
#include "signals.h"

#define BACKEND "mpi"

/* ---- as a rank ------------------------------------------------------------------------------- */

static int wants_backend(const struct nf_command *command, const char *name)
{
    return nf_options_is_set(command->options, "backend") &&
           strcmp(nfold_options_get(command->options, "backend"), name) == 0;
}

/* What prints code computes nothing. compare and its rows have no such option. */
static int shows_code(const struct nf_command *command)
{
    return nf_options_find(command->options, "show-code") != NULL &&
           nf_options_text(command->options, "show-code") != NULL;
}

/* One copy is started to look at it, to wrap it, by habit: it is a rank if that is asked for. A
 * command that cannot be read is one: the others may have read theirs. */
int nf_ranks_are_meant(const struct nf_command *command, const struct nf_launch *launch)
{
    if (!command->verb->runs_ranks || !launch->launcher)
        return 0;
    if (!command->options)
        return launch->copies > 1;
    if (wants_backend(command, BACKEND) || command->verb->is_hidden)
        return 1;
    return launch->copies > 1 && !nf_options_is_set(command->options, "backend");
}

static void tell_others(const struct nf_command *command, const nfold_error *err)
{
    nfold_options *options = NULL;
    nfold_context *context = NULL;
    if (nf_context_options(&options, NULL) == 0 &&
        nfold_options_set(options, "backend", BACKEND, NULL) == 0) {
        nf_options_command(options, command->words);
        if (nfold_open(&context, options, NULL) == 0)
            nf_context_abandon(context, err);
    }
    nfold_close(context);
    nfold_options_destroy(options);
}

static int is_first_of_host(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                                            "SLURM_LOCALID"};
    for (unsigned k = 0; k < sizeof variables / sizeof *variables; k++)
        if (getenv(variables[k]))
            return strcmp(getenv(variables[k]), "0") == 0;
    return 0;
}

/* What this host lacks, or that rank 0 has fallen silent, rank 0 cannot say; anything else it does.
 */
static int serve(struct nf_command *command, int *is_silent, nfold_error *err)
{
    nfold_context *context;
    int rc;
    command->has_opened = 1;
    rc = nfold_open(&context, command->options, err);
    if (rc < 0) {
        *is_silent = rc != NFOLD_E_MISSING || !is_first_of_host();
        return rc;
    }
    nf_signals_watch(context);
    rc = nf_context_serve(context, err);
    *is_silent = rc >= 0 || err->message[0] == '\0' || !is_first_of_host();
    nf_signals_leave();
    nfold_close(context);
    return rc;
}

/* For a crash to be placed: "rank 1 on h2". */
static void name_rank(const struct nf_launch *launch, char *name, size_t size)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    snprintf(name, size, "rank %lu on %s", launch->rank, host);
    nf_crash_place(name);
}

/* For compare -j is how far the table goes, and a worker is one thread, as elsewhere in it. */
static int take_numbers(struct nf_command *command, const struct nf_launch *launch,
                        nfold_error *err)
{
    char count[24];
    int rc;
    snprintf(count, sizeof count, "%lu", launch->copies);
    rc = nfold_options_set(command->options, "workers", count, err);
    if (rc >= 0 && !nf_options_is_set(command->options, "threads"))
        rc = nfold_options_set(command->options, "threads", "1", err);
    return rc;
}

int nf_ranks_run(struct nf_command *command, const struct nf_launch *launch, int read,
                 int (*start)(struct nf_command *command, nfold_error *err), int *is_silent,
                 nfold_error *err)
{
    const int is_first = launch->rank == 0;
    char name[96];
    int rc = read;
    name_rank(launch, name, sizeof name);
    *is_silent = !is_first;
    if (!is_first)
        nf_signals_mute();
    if (rc >= 0 && shows_code(command))
        return is_first ? start(command, err) : 0;
    if (rc >= 0) {
        nf_options_command(command->options, command->words);
        rc = nfold_options_set(command->options, "backend", BACKEND, err);
    }
    if (rc >= 0 && is_first && !command->verb->is_hidden && /* a row of compare has no -v */
        nf_options_flag(command->options, "verbose"))
        setenv(NF_MEETING_VARIABLE, "1", 1);
    if (rc >= 0 && command->verb->is_hidden)
        rc = take_numbers(command, launch, err);
    if (rc >= 0)
        rc = is_first ? start(command, err) : serve(command, is_silent, err);
    if (rc < 0 && !command->has_opened)
        tell_others(command, err);
    nf_crash_place("");
    return rc;
}

/* ---- starting them --------------------------------------------------------------------------- */

int nf_ranks_are_missing(const struct nf_command *command, const struct nf_launch *launch)
{
    return command->verb->runs_ranks && !launch->launcher && wants_backend(command, BACKEND) &&
           !shows_code(command);
}

/* As many as the allocation has tasks, or as processors are allowed, unless each has several
 * threads.
 */
static unsigned choose_ranks(const nfold_options *options)
{
    double threads = nf_options_count(options, "threads");
    struct nf_cpus cpus;
    if (nf_options_is_set(options, "workers"))
        return (unsigned)nf_options_count(options, "workers");
    if (getenv("SLURM_JOB_ID") && getenv("SLURM_NTASKS") && atoi(getenv("SLURM_NTASKS")) > 0)
        return (unsigned)atoi(getenv("SLURM_NTASKS"));
    nf_cpus_read(&cpus, "");
    return (unsigned)fmax(1, floor(cpus.allowed / (isnan(threads) ? 1 : threads)));
}

/* The terminal is mpirun's from here on: ranks do not see it. */
static char **make_words(const struct nf_command *command, char **words)
{
    static char report[] = "--report";
    size_t count = 0, at = 0;
    int is_shown = command->messages.is_terminal && !nf_options_flag(command->options, "quiet") &&
                   !nf_options_flag(command->options, "json");
    char **made;
    while (words[count])
        count++;
    made = calloc(count + 2, sizeof *made);
    for (size_t k = 0; made && k < count; k++) {
        made[at++] = words[k];
        if (k == 0 && is_shown)
            made[at++] = report;
    }
    return made;
}

int nf_ranks_start(const struct nf_command *command, char **words, nfold_error *err)
{
    const nfold_options *options = command->options;
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    struct nf_launcher launcher;
    char **made;
    int rc;
    if (getenv("SLURM_STEP_ID"))
        return nf_fail(err, NFOLD_E_USAGE,
                       "this runs inside srun, where mpirun cannot start ranks: give srun their "
                       "number, `srun -n %u --mpi=pmix nfold ...`",
                       choose_ranks(options));
    if (length < 0)
        return nf_fail_errno(err, "/proc/self/exe");
    program[length] = '\0';
    made = make_words(command, words);
    if (!made)
        return nf_fail_memory(err);
    rc = nf_launcher_make(&launcher, options, choose_ranks(options),
                          nf_options_is_set(options, "workers"), program, made, err);
    if (rc >= 0)
        rc = nf_mpirun_run(&launcher, err);
    else
        nf_error_context(err, "backend %s: ", BACKEND);
    nf_launcher_clear(&launcher);
    free(made);
    return rc;
}
