/* compare.c: nfold compare integrate … | reduce … */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "compare_ranks.h"
#include "compare_table.h"
#include "context.h"
#include "cpus.h"
#include "output.h"
#include "registry.h"
#include "report_text.h"

#define RUNS_MOST     50 /* more show nothing new */
#define RUNS_LEAST    5  /* of a short work: its first run pays for cold caches and new pages */
#define SHORT_SECONDS 0.05
#define NATIVE_ITEMS                                                                               \
    (1024.0 * 2 * 1024) /* from here on chunks are large enough for native code                    \
                         */

struct comparison {
    const struct nf_command *command;
    struct nf_request request;
    struct nf_compare_table table;
    unsigned workers_most;
    double budget;       /* seconds for the runs of a row */
    nfold_error refusal; /* why the last row that did not run did not; code 0: all ran */
};

static int read_request(struct comparison *comparison, nfold_error *err)
{
    const struct nf_command *command = comparison->command;
    const char *verb = command->operand_count > 0 ? command->operand[0] : "";
    const char *const *operand = command->operand + 1;
    unsigned count = command->operand_count - 1;
    if (verb[0] == '\0')
        return nf_verb_misused(command->verb, err, "integrate or reduce is missing");
    if (strcmp(verb, "integrate") == 0)
        return nf_request_integrate(&comparison->request, command, operand, count, err);
    if (strcmp(verb, "reduce") == 0)
        return nf_request_reduce(&comparison->request, command, operand, count, err);
    return nf_verb_misused(command->verb, err, "integrate and reduce can be compared, not '%s'%s",
                           verb, verb[0] == '-' ? ", which names no option either" : "");
}

/* The command's options for one backend and worker count. */
static int make_options(const struct comparison *comparison, const char *backend, unsigned workers,
                        nfold_options **options, nfold_error *err)
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

static int open_context(const struct comparison *comparison, const char *backend, unsigned workers,
                        nfold_context **context, nfold_error *err)
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

static void keep_words(struct nf_compare_table *table, const nfold_report *report)
{
    snprintf(table->order, sizeof table->order, "%s", report->order);
    snprintf(table->code, sizeof table->code, "%s", report->native);
    snprintf(table->isa, sizeof table->isa, "%s", report->isa);
}

static int is_over(const struct nf_compare_row *row, double began, double budget)
{
    if (row->runs < RUNS_LEAST && row->wall < SHORT_SECONDS)
        return 0;
    return row->runs >= RUNS_MOST || nf_clock_now() - began >= budget;
}

/* Runs until the budget is spent, at least once, a short work more often. NFOLD_E_MISMATCH: two
 * runs of one row differ. */
static int time_row(struct comparison *comparison, nfold_context *context,
                    struct nf_compare_row *row, nfold_error *err)
{
    const double began = nf_clock_now();
    char label[32];
    int rc;
    snprintf(label, sizeof label, "%s %u", row->backend, row->workers);
    do {
        nfold_report *report = NULL;
        rc = nf_answer_run(comparison->command, context, &comparison->request.work, label, &report,
                           err);
        if (rc < 0) {
            nfold_report_free(report);
            return rc;
        }
        keep_fastest(row, report);
        keep_words(&comparison->table, report);
        nfold_report_free(report);
    } while (!is_over(row, began, comparison->budget));
    return 0;
}

static int print_table(const struct comparison *comparison, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc;
    if (nf_options_flag(comparison->command->options, "json")) {
        struct nf_json json = {.out = &text};
        nf_json_object(&json, NULL);
        nf_request_json(&json, &comparison->request);
        nf_compare_table_json(&json, &comparison->table);
        nf_json_end(&json);
    } else {
        nf_compare_table_text(&text, &comparison->table, &comparison->command->out);
    }
    rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

/* Compiles native code, with fewer items than the work has, so that this costs next to nothing.
 * Where it cannot be had the VM is compared: the report of each run says why, and so does the
 * table. */
static int compile_first(struct comparison *comparison, nfold_error *err)
{
    nfold_work work = comparison->request.work;
    nfold_context *context = NULL;
    nfold_report *report = NULL;
    nfold_options *options = NULL;
    nfold_error why;
    int rc;
    if (work.n < NATIVE_ITEMS || work.body->type->compile == NULL)
        return 0;
    work.n = NATIVE_ITEMS;
    work.allow_nonfinite = 1; /* its points are not those of the work */
    rc = nf_options_copy(&options, comparison->command->options, &why);
    if (rc >= 0 && nf_backend_find(nfold_options_get(options, "backend"))->is_collective)
        rc = nfold_options_set(options, "backend", "threads", &why); /* ranks get what it makes */
    if (rc >= 0 && strcmp(nfold_options_get(options, "native"), "auto") == 0)
        rc = nfold_options_set(options, "native", "on", &why);
    if (rc >= 0)
        rc = nfold_open(&context, options, &why);
    if (rc >= 0)
        rc = nf_answer_run(comparison->command, context, &work, "compiling", &report, &why);
    if (rc >= 0)
        comparison->table.compile_seconds = report->compile;
    nfold_report_free(report);
    nfold_close(context);
    nfold_options_destroy(options);
    if (rc < 0 && rc != NFOLD_E_STOPPED) {
        snprintf(comparison->table.note, sizeof comparison->table.note, "no native code: %s",
                 why.message);
        return 0;
    }
    return rc < 0 ? nf_fail(err, rc, "%s", why.message) : 0;
}

/* The row did not run, because of this machine or because backend and function do not match. */
static void refuse_row(struct comparison *comparison, struct nf_compare_row *row,
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

static struct nf_compare_row *new_row(struct comparison *comparison, const char *backend,
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
static int run_row(struct comparison *comparison, nfold_context *context, const char *backend,
                   unsigned workers, nfold_error *err)
{
    struct nf_compare_row *row = new_row(comparison, backend, workers, err);
    nfold_error why;
    int rc;
    if (row == NULL)
        return NFOLD_E_MEMORY;
    rc = time_row(comparison, context, row, &why);
    if (is_refusal(rc)) {
        refuse_row(comparison, row, &why);
        return 1;
    }
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

static int add_refused_row(struct comparison *comparison, const char *backend,
                           const nfold_error *why, nfold_error *err)
{
    struct nf_compare_row *row = new_row(comparison, backend, 1, err);
    if (row == NULL)
        return NFOLD_E_MEMORY;
    refuse_row(comparison, row, why);
    return 1;
}

/* Of a backend that a launcher starts. 1: it is refused, and more would be, too. */
static int add_ranks_row(struct comparison *comparison, const char *backend, unsigned ranks,
                         nfold_error *err)
{
    struct nf_compare_row *row = new_row(comparison, backend, ranks, err);
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
static int add_row(struct comparison *comparison, const nfold_backend *backend_table,
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

static int add_backend(struct comparison *comparison, const nfold_backend *backend,
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

static int add_rows(struct comparison *comparison, nfold_error *err)
{
    const nfold_options *options = comparison->command->options;
    const char *only =
        nf_options_is_set(options, "backend") ? nfold_options_get(options, "backend") : NULL;
    for (unsigned i = 0; nf_backends[i] != NULL; i++) {
        int rc;
        if (only != NULL && strcmp(only, nf_backends[i]->name) != 0)
            continue;
        if ((rc = add_backend(comparison, nf_backends[i], err)) < 0)
            return rc;
    }
    /* Where nothing ran the last reason is the answer. */
    if (nf_compare_table_base(&comparison->table) == NULL) {
        if (err != NULL)
            *err = comparison->refusal;
        return comparison->refusal.code;
    }
    return 0;
}

static unsigned read_workers_most(const struct nf_command *command)
{
    struct nf_cpus cpus;
    if (nf_options_is_set(command->options, "workers"))
        return (unsigned)nf_options_count(command->options, "workers");
    nf_cpus_read(&cpus, "");
    return cpus.allowed;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct comparison comparison = {.command = command};
    int rc;
    if (nf_options_is_set(command->options, "checkpoint"))
        return nf_fail(err, NFOLD_E_USAGE,
                       "compare does a work again and again: it can keep no checkpoint of it");
    comparison.workers_most = read_workers_most(command);
    comparison.budget = nf_options_seconds(command->options, "budget");
    rc = read_request(&comparison, err);
    if (rc >= 0)
        rc = compile_first(&comparison, err);
    if (rc >= 0)
        rc = add_rows(&comparison, err);
    if (rc >= 0)
        rc = print_table(&comparison, err);
    if (rc >= 0)
        rc = nf_compare_table_check(&comparison.table, err);
    nf_compare_table_clear(&comparison.table);
    nf_request_close(&comparison.request);
    return rc;
}

/* On rank 0 of a copy that compare itself has started: one row, told in lines. */
static int measure_row(struct comparison *comparison, struct nfold_buffer *text, nfold_error *err)
{
    struct nf_command *command = (struct nf_command *)(uintptr_t)comparison->command;
    struct nf_compare_row *row = new_row(comparison, "mpi", 1, err);
    nfold_context *context = NULL;
    double ready_at;
    int rc = row != NULL ? compile_first(comparison, err) : NFOLD_E_MEMORY;
    if (rc < 0)
        return rc;
    command->has_opened = 1;
    rc = nfold_open(&context, command->options, err);
    if (rc < 0)
        return rc;
    ready_at = nf_clock_now();
    rc = time_row(comparison, context, row, err);
    if (rc < 0)
        nf_context_abandon(context, err);
    else
        nf_compare_ranks_print(text, &comparison->table, row, ready_at);
    nfold_close(context);
    return rc;
}

static int run_row_of_ranks(struct nf_command *command, nfold_error *err)
{
    struct comparison comparison = {.command = command};
    struct nfold_buffer text = {0};
    int rc = read_request(&comparison, err);
    comparison.budget = nf_options_seconds(command->options, "budget");
    if (rc >= 0)
        rc = measure_row(&comparison, &text, err);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    nf_compare_table_clear(&comparison.table);
    nf_request_close(&comparison.request);
    return rc;
}

static const struct nf_option rows[] = {
    {.name = "budget",
     .type = NF_OPTION_SECONDS,
     .metavar = "SECONDS",
     .initial = "1",
     .help = "how long each row is run, again and again; once at least, short works five times"},
    {0},
};

static const struct nf_example examples[] = {
    {"nfold compare integrate 'x*x' 0 100 1e10", ""},
    {"nfold compare reduce sum '1/(i+1)^2' 1e9 -j 8", "1, 2, 4 and 8 workers"},
    {"nfold compare integrate f.c:f 0 1 1e8 --budget 5", "more runs, less noise"},
    {0},
};

const struct nf_verb nf_verb_compare = {
    .name = "compare",
    .summary = "one work on every backend and worker count, side by side",
    .operands = "integrate EXPR A B N | reduce OP EXPR N",
    .about = "The operands are those of integrate and reduce. Native code is compiled first;\n"
             "then each row is the fastest of several runs. A backend that this machine lacks\n"
             "has a row that says why. -b and -j restrict the table to one backend and to at\n"
             "most so many workers.\n",
    .answer_is_no = "the answers differ",
    .tables = {rows, nf_rows_rule},
    .common = {nf_rows_quiet, nf_rows_common},
    .runs_works = 1,
    .examples = examples,
    .run = run,
};

const struct nf_verb nf_verb_row = {
    .name = "row",
    .summary = "a row of ranks, for compare",
    .operands = "integrate EXPR A B N | reduce OP EXPR N",
    .about = "nfold compare starts it through mpirun.\n",
    .tables = {rows, nf_rows_rule},
    .common = {nf_rows_quiet, nf_rows_common},
    .runs_works = 1,
    .runs_ranks = 1,
    .is_hidden = 1,
    .examples = examples,
    .run = run_row_of_ranks,
};
