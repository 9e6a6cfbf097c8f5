/* compare.c: nfold compare integrate … | reduce … */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "compare_ranks.h"
#include "compare_rows.h"
#include "context.h"
#include "cpus.h"
#include "output.h"
#include "registry.h"
#include "report_text.h"

#define NATIVE_ITEMS                                                                               \
    (1024.0 * 2 * 1024) /* from here on chunks are large enough for native code                    \
                         */

static int read_request(struct nf_comparison *comparison, nfold_error *err)
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

static int print_table(const struct nf_comparison *comparison, nfold_error *err)
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
static int compile_first(struct nf_comparison *comparison, nfold_error *err)
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
        comparison->compile_seconds = report->compile;
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

static int is_user_code(const struct nf_comparison *comparison)
{
    return (comparison->request.work.body->type->traits & NFOLD_BODY_USER_CODE) != 0;
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
    struct nf_comparison comparison = {.command = command};
    int rc;
    if (nf_options_is_set(command->options, "checkpoint"))
        return nf_fail(err, NFOLD_E_USAGE,
                       "compare does a work again and again: it can keep no checkpoint of it");
    comparison.workers_most = read_workers_most(command);
    comparison.budget = nf_options_seconds(command->options, "budget");
    rc = read_request(&comparison, err);
    if (rc >= 0)
        comparison.table.is_user_code = is_user_code(&comparison);
    if (rc >= 0)
        rc = compile_first(&comparison, err);
    if (rc >= 0)
        rc = nf_comparison_rows(&comparison, err);
    if (rc >= 0)
        rc = print_table(&comparison, err);
    if (rc >= 0)
        rc = nf_compare_table_check(&comparison.table, err);
    nf_compare_table_clear(&comparison.table);
    nf_request_close(&comparison.request);
    return rc;
}

/* On rank 0 of a copy that compare itself has started: one row, told in lines. */
static int measure_row(struct nf_comparison *comparison, struct nfold_buffer *text,
                       nfold_error *err)
{
    struct nf_command *command = (struct nf_command *)(uintptr_t)comparison->command;
    struct nf_compare_row *row = nf_comparison_row(comparison, "mpi", 1, err);
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
    rc = nf_comparison_time(comparison, context, row, err);
    if (rc < 0)
        nf_context_abandon(context, err);
    else
        nf_compare_ranks_print(text, &comparison->table, row, ready_at);
    nfold_close(context);
    return rc;
}

static int run_row_of_ranks(struct nf_command *command, nfold_error *err)
{
    struct nf_comparison comparison = {.command = command};
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
     .help = "how long each row is run, again and again; once at least, short works six times"},
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
