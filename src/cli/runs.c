/* runs.c: nfold runs [FOLDER...]: the runs that are known here, and how they stand. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "page.h"
#include "past_report.h"
#include "run_directory.h"
#include "run_operand.h"

struct listing {
    const struct nf_command *command;
    struct nfold_buffer *out;
    struct nf_json json;
    int is_json;
    unsigned count;
    double now;
};

/* Where what its tasks printed went, if it was kept and cannot be read; "" otherwise. One that runs
 * may be about to make its file. */
static const char *output_damage(const struct nf_history *history, nfold_error *why)
{
    struct nf_container *container = NULL;
    int rc = history->is_running ? 0 : nf_history_output(history, &container, why);
    nf_container_close(container, NULL);
    return rc < 0 ? why->message : "";
}

static void print_run(struct listing *listing, const struct nf_history *history)
{
    const struct nf_terminal *terminal = &listing->command->out;
    struct nfold_buffer *out = listing->out;
    char age[32];
    nfold_error why;
    const char *damage = output_damage(history, &why);
    int is_bare = strcmp(history->command.pattern, "{}") == 0; /* tasks < commands.txt */
    nf_buffer_print(out, "%s%-26s%s %-8s %-13s ", nf_terminal_begin(terminal, NF_STYLE_BOLD),
                    nf_history_name(history), nf_terminal_end(terminal), nf_history_state(history),
                    nf_run_age(history->last, listing->now, age));
    nf_run_counts(out, history);
    nf_buffer_string(out, "\n    ");
    nf_run_one_line(out, history->command.pattern, strlen(history->command.pattern),
                    terminal->width - 4);
    nf_buffer_print(out, "%s\n", is_bare ? "  each input is a command" : "");
    if (history->note[0] != '\0')
        nf_buffer_print(out, "    %s\n", history->note);
    if (damage[0] != '\0')
        nf_buffer_print(out, "    what tasks printed is lost: %s\n", damage);
}

static void json_run(struct listing *listing, const struct nf_history *history,
                     const struct nf_tasks_report *report)
{
    struct nf_json *json = &listing->json;
    nfold_error why;
    const char *damage = output_damage(history, &why);
    nf_json_object(json, NULL);
    nf_json_string(json, "run", nf_history_name(history));
    nf_json_string(json, "path", history->path);
    nf_json_string(json, "state", nf_history_state(history));
    nf_json_string(json, "command", history->command.pattern);
    nf_json_string(json, "folder", history->command.folder);
    nf_json_number(json, "began", history->began);
    nf_json_number(json, "last", history->last);
    nf_run_counts_json(json, history);
    nf_json_string(json, "why", history->why[0] != '\0' ? history->why : NULL);
    nf_json_string(json, "damage", history->note[0] != '\0' ? history->note : NULL);
    nf_json_string(json, "output_damage", damage[0] != '\0' ? damage : NULL);
    if (report)
        nf_tasks_report_json(json, "report", report);
    nf_json_end(json);
}

static int save_page(const struct listing *listing, const struct nf_history *history,
                     const struct nf_tasks_report *report, struct nf_timeline *timeline,
                     nfold_error *err)
{
    struct nfold_buffer summary = {0};
    nf_buffer_print(&summary, "%s: ", nf_history_name(history));
    nf_run_counts(&summary, history);
    const struct nf_page page = {nf_buffer_text(&summary), history->command.pattern, report,
                                 timeline};
    int rc = nf_page_save(nf_options_text(listing->command->options, "html"), &page, err);
    nf_buffer_clear(&summary);
    return rc;
}

/* The line of a run and, where it is asked for, its report. */
static int show_history(struct listing *listing, const struct nf_history *history, nfold_error *err)
{
    const nfold_options *options = listing->command->options;
    int has_page = nf_options_text(options, "html") != NULL;
    int has_report = has_page || nf_options_flag(options, "report");
    struct nf_tasks_report report;
    struct nf_timeline *timeline = NULL;
    int rc = has_report ? nf_past_report(history, &report, has_page ? &timeline : NULL, err) : 0;
    if (rc >= 0 && listing->is_json)
        json_run(listing, history, has_report ? &report : NULL);
    else if (rc >= 0)
        print_run(listing, history);
    if (rc >= 0 && has_report && !listing->is_json)
        nf_tasks_report_text(listing->out, &report);
    if (rc >= 0 && has_page)
        rc = save_page(listing, history, &report, timeline, err);
    nf_timeline_close(timeline);
    return rc;
}

static void print_unreadable(struct listing *listing, const char *path, const char *why)
{
    if (!listing->is_json) {
        nf_buffer_print(listing->out, "%-26s cannot be read: %s\n", path, why);
        return;
    }
    nf_json_object(&listing->json, NULL);
    nf_json_string(&listing->json, "path", path);
    nf_json_string(&listing->json, "state", "unreadable");
    nf_json_string(&listing->json, "why", why);
    nf_json_end(&listing->json);
}

/* A folder that cannot be read is a line, not the end of the list, unless it was asked for. */
static int show_run(void *user, const char *path, nfold_error *err)
{
    struct listing *listing = user;
    struct nf_history history;
    int rc = nf_history_open(&history, path, err);
    listing->count++;
    if (rc >= 0) {
        rc = show_history(listing, &history, err);
    } else if (rc != NFOLD_E_MEMORY && listing->command->operand_count == 0) {
        print_unreadable(listing, path, err->message);
        rc = 0;
    }
    nf_history_close(&history);
    return rc;
}

static int list(struct listing *listing, nfold_error *err)
{
    const struct nf_command *command = listing->command;
    int rc = 0;
    if (command->operand_count == 0)
        return nf_run_directory_each(show_run, listing, err);
    for (unsigned i = 0; rc >= 0 && i < command->operand_count; i++) {
        char *path;
        rc = nf_run_directory_find(&path, command->operand[i], err);
        if (rc >= 0)
            rc = show_run(listing, path, err);
        free(path);
    }
    return rc;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    struct listing listing = {.command = command,
                              .out = &text,
                              .json = {.out = &text},
                              .is_json = nf_options_flag(command->options, "json"),
                              .now = (double)time(NULL)};
    if (nf_options_text(command->options, "html") && command->operand_count != 1)
        return nf_verb_misused(command->verb, err, "--html needs one RUN");
    if (listing.is_json)
        nf_json_array(&listing.json, NULL);
    int rc = list(&listing, err);
    if (listing.is_json)
        nf_json_end(&listing.json);
    else if (rc >= 0 && listing.count == 0)
        nf_buffer_string(&text, "no runs here: they are kept in " NF_RUNS_FOLDER
                                ", unless all tasks are ok,\nand where --run-dir says\n");
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static const struct nf_option rows[] = {
    {.name = "report",
     .type = NF_OPTION_FLAG,
     .help = "where the time of each run went, and what to change"},
    {.name = "html",
     .type = NF_OPTION_TEXT,
     .metavar = "FILE",
     .help = "the report of one run as a page with the timeline of its slots"},
    {0},
};

static const struct nf_example examples[] = {
    {"nfold runs", "all in this folder"},
    {"nfold runs night1", "one of them"},
    {"nfold runs night1 --report", "where its time went"},
    {"nfold runs --json", "for a program"},
    {0},
};

const struct nf_verb nf_verb_runs = {
    .name = "runs",
    .summary = "the runs of tasks that are known here, and how they stand",
    .operands = "[RUN...]",
    .about = "A run is in .nfold/runs here if it did not end with all tasks ok, or where\n"
             "--run-dir says; below $XDG_STATE_HOME/nfold where its folder could not be\n"
             "written. It is\n"
             "  running   by an nfold, now\n"
             "  done      all tasks are ok\n"
             "  failed    all tasks ended, not all of them ok\n"
             "  stopped   before all tasks had ended: `nfold resume RUN` goes on\n"
             "  died      without a word: `nfold resume RUN` goes on\n",
    .tables = {rows},
    .common = {nf_rows_common},
    .examples = examples,
    .run = run,
};
