/* compare_rows.c: runs a work on each backend with each number of workers, in rounds: a machine
 * that is busy for a moment slows a round of some rows, and not all runs of one. */
#include "compare_rows.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "clock.h"
#include "compare_ranks.h"
#include "context.h"
#include "registry.h"
#include "report_text.h"

#define ROUNDS        3
#define RUNS_MOST     51 /* more show nothing new */
#define RUNS_LEAST    6 /* of a short work: a round's first run pays for cold caches and new pages */
#define SHORT_SECONDS 0.5 /* for that many runs; one that was held up must not be all there is */

/* The command's options for one backend and worker count. */
static int make_options(const struct nf_comparison *comparison, const char *backend,
                        unsigned workers, nfold_options **options, nfold_error *err)
{
    char count[16];
    int rc = nf_options_copy(options, comparison->command->options, err);
    if (rc < 0)
        return rc;
    snprintf(count, sizeof count, "%u", workers);
    if ((rc = nfold_options_set(*options, "backend", backend, err)) < 0 ||
        (rc = nfold_options_set(*options, "workers", count, err)) < 0) {
        nfold_options_destroy(*options);
        *options = NULL;
    }
    return rc;
}

static int open_context(const struct nf_comparison *comparison, const char *backend,
                        unsigned workers, nfold_context **context, nfold_error *err)
{
    nfold_options *options = NULL;
    int rc = make_options(comparison, backend, workers, &options, err);
    *context = NULL;
    if (rc >= 0)
        rc = nfold_open(context, options, err);
    nfold_options_destroy(options);
    return rc;
}

static void keep_fastest(struct nf_compare_row *row, const nfold_report *report)
{
    if (row->runs > 0 && nf_report_hash(report) != row->hash)
        row->varies = 1;
    row->restarts += report->restarts;
    row->start_up = report->start_up > 0 ? report->start_up : row->start_up;
    row->memory = report->memory > row->memory ? report->memory : row->memory;
    if (row->runs++ > 0 && report->wall >= row->wall)
        return;
    row->value = report->value;
    row->hi = report->hi;
    row->lo = report->lo;
    row->hash = nf_report_hash(report);
    row->wall = report->wall;
    row->cpu = report->cpu;
    row->rate = report->rate;
    row->imbalance = report->imbalance;
    row->amdahl_limit = report->amdahl_limit;
}

/* A C function is compiled before it can be called. */
static double opening_seconds(const struct nf_comparison *comparison)
{
    const struct nfold_body *body = comparison->request.work.body;
    if (body->type->open_compile_seconds == NULL || body->self == NULL)
        return 0;
    return body->type->open_compile_seconds(body->self);
}

static void keep_words(struct nf_comparison *comparison, struct nf_compare_row *row,
                       const nfold_report *report)
{
    struct nf_compare_table *table = &comparison->table;
    int is_native = strcmp(report->native, "native") == 0 || strcmp(report->native, "mixed") == 0;
    snprintf(table->order, sizeof table->order, "%s", report->order);
    snprintf(table->isa, sizeof table->isa, "%s", report->isa);
    snprintf(row->code, sizeof row->code, "%s", report->native);
    row->compile = (is_native ? comparison->compile_seconds : 0) + opening_seconds(comparison);
}

/* Has the row had its share of runs by the end of a round? */
static int is_over(const struct nf_compare_row *row, double budget, unsigned round)
{
    double share = (round + 1.0) / ROUNDS;
    if (row->runs == 0 || (row->runs < RUNS_LEAST * share && row->spent < SHORT_SECONDS * share))
        return 0;
    return row->runs >= RUNS_MOST * share || row->spent >= budget * share;
}

static int time_run(struct nf_comparison *comparison, nfold_context *context, const char *label,
                    struct nf_compare_row *row, nfold_error *err)
{
    const double began = nf_clock_now();
    nfold_report *report = NULL;
    int rc =
        nf_answer_run(comparison->command, context, &comparison->request.work, label, &report, err);
    if (rc >= 0) {
        keep_fastest(row, report);
        keep_words(comparison, row, report);
    }
    row->spent += nf_clock_now() - began;
    nfold_report_free(report);
    return rc;
}

/* A row's runs of one round. */
static int time_round(struct nf_comparison *comparison, nfold_context *context,
                      struct nf_compare_row *row, unsigned round, nfold_error *err)
{
    char label[32];
    int rc = 0;
    snprintf(label, sizeof label, "%s %u", row->backend, row->workers);
    while (rc >= 0 && !is_over(row, comparison->budget, round))
        rc = time_run(comparison, context, label, row, err);
    return rc;
}

int nf_comparison_time(struct nf_comparison *comparison, nfold_context *context,
                       struct nf_compare_row *row, nfold_error *err)
{
    return time_round(comparison, context, row, ROUNDS - 1, err);
}

/* The row did not run, because of this machine or because backend and function do not match. */
static void refuse_row(struct nf_comparison *comparison, struct nf_compare_row *row,
                       const nfold_error *why)
{
    row->runs = 0;
    snprintf(row->reason, sizeof row->reason, "%s", why->message);
    comparison->refusal = *why;
}

static int is_refusal(int rc)
{
    return rc == NFOLD_E_MISSING || rc == NFOLD_E_USAGE;
}

struct nf_compare_row *nf_comparison_row(struct nf_comparison *comparison, const char *backend,
                                         unsigned workers, nfold_error *err)
{
    struct nf_compare_row *row = nf_compare_table_add(&comparison->table);
    if (row == NULL) {
        nf_fail_memory(err);
        return NULL;
    }
    row->backend = backend;
    row->workers = workers;
    return row;
}

/* Runs a row in an open context. 1: it is refused, and more workers would be, too. */
static int run_row(struct nf_comparison *comparison, nfold_context *context, const char *backend,
                   unsigned workers, nfold_error *err)
{
    struct nf_compare_row *row = nf_comparison_row(comparison, backend, workers, err);
    nfold_error why;
    int rc;
    if (row == NULL)
        return NFOLD_E_MEMORY;
    rc = time_round(comparison, context, row, 0, &why);
    if (is_refusal(rc)) {
        refuse_row(comparison, row, &why);
        return 1;
    }
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

static int add_refused_row(struct nf_comparison *comparison, const char *backend,
                           const nfold_error *why, nfold_error *err)
{
    struct nf_compare_row *row = nf_comparison_row(comparison, backend, 1, err);
    if (row == NULL)
        return NFOLD_E_MEMORY;
    refuse_row(comparison, row, why);
    return 1;
}

/* Of a backend that a launcher starts. 1: it is refused, and more would be, too. */
static int add_ranks_row(struct nf_comparison *comparison, const char *backend, unsigned ranks,
                         nfold_error *err)
{
    struct nf_compare_row *row = nf_comparison_row(comparison, backend, ranks, err);
    nfold_error why;
    int rc;
    if (row == NULL)
        return NFOLD_E_MEMORY;
    rc = nf_compare_ranks(comparison->command, ranks, &comparison->table, row, &why);
    if (is_refusal(rc)) {
        refuse_row(comparison, row, &why);
        return 1;
    }
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

/* 1: the backend cannot have so many workers, or cannot run: there is nothing to add to it. */
static int add_row(struct nf_comparison *comparison, const nfold_backend *backend_table,
                   unsigned workers, nfold_error *err)
{
    const char *backend = backend_table->name;
    nfold_context *context;
    nfold_error why;
    int rc;
    if (backend_table->is_collective)
        return add_ranks_row(comparison, backend, workers, err);
    rc = open_context(comparison, backend, workers, &context, &why);
    if (rc < 0)
        return workers > 1 ? 1 : add_refused_row(comparison, backend, &why, err);
    rc = nf_context_workers(context) < workers
             ? 1
             : run_row(comparison, context, backend, workers, err);
    nfold_close(context);
    return rc;
}

static int add_backend(struct nf_comparison *comparison, const nfold_backend *backend,
                       nfold_error *err)
{
    const unsigned most = comparison->workers_most;
    nfold_error why;
    int rc = 0;
    if (backend->probe != NULL && backend->probe(&why) < 0)
        return add_refused_row(comparison, backend->name, &why, err);
    /* Powers of two, and then all that may be used. */
    for (unsigned workers = 1; rc == 0; workers = 2 * workers < most ? 2 * workers : most) {
        rc = add_row(comparison, backend, workers, err);
        if (workers == most)
            break;
    }
    return rc < 0 ? rc : 0;
}

static int add_rows(struct nf_comparison *comparison, nfold_error *err)
{
    const nfold_options *options = comparison->command->options;
    const char *only =
        nf_options_is_set(options, "backend") ? nfold_options_get(options, "backend") : NULL;
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && nf_backends[i] != NULL; i++)
        if (only == NULL || strcmp(only, nf_backends[i]->name) == 0)
            rc = add_backend(comparison, nf_backends[i], err);
    return rc;
}

/* What cannot be had once more keeps what it has. */
static int time_again(struct nf_comparison *comparison, struct nf_compare_row *row, unsigned round,
                      nfold_error *err)
{
    nfold_context *context = NULL;
    int rc = 0;
    if (row->runs == 0 || row->has_launcher || is_over(row, comparison->budget, round))
        return 0;
    if (open_context(comparison, row->backend, row->workers, &context, NULL) < 0)
        return 0;
    if (nf_context_workers(context) == row->workers)
        rc = time_round(comparison, context, row, round, err);
    nfold_close(context);
    return is_refusal(rc) ? 0 : rc;
}

int nf_comparison_rows(struct nf_comparison *comparison, nfold_error *err)
{
    const struct nf_compare_table *table = &comparison->table;
    int rc = add_rows(comparison, err);
    for (unsigned round = 1; rc >= 0 && round < ROUNDS; round++)
        for (unsigned i = 0; rc >= 0 && i < table->count; i++)
            rc = time_again(comparison, &table->row[i], round, err);
    /* Where nothing ran the last reason is the answer. */
    if (rc >= 0 && nf_compare_table_base(table) == NULL) {
        if (err != NULL)
            *err = comparison->refusal;
        return comparison->refusal.code;
    }
    return rc;
}
