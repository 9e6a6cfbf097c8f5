/* tasks_view.c: gathers what is shown from the parts of the run. */
#include "tasks_view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "output.h"
#include "page.h"
#include "slot.h"
#include "statistics.h"

#define COUNT_MOST 50000 /* inputs that are counted ahead at a time: some milliseconds */

/* ---- progress ---- */

static void read_state(const struct nf_tasks_view *view, double now,
                       struct nf_progress_state *state)
{
    const struct nf_record_counts *counts = nf_record_counts(view->with->record);
    const struct nf_statistics *statistics = view->with->statistics;
    nf_input_count(view->with->input, COUNT_MOST);
    *state = (struct nf_progress_state){.total = nf_input_total(view->with->input),
                                        .at_least = counts->submitted,
                                        .running = nf_statistics_running(statistics),
                                        .rate = nf_statistics_rate(statistics, now),
                                        .left = NAN};
    for (int i = 0; i < NF_TASK_NOT_STARTED; i++)
        state->done += counts->status[i];
    state->failed = state->done - counts->status[NF_TASK_OK];
    uint64_t known = state->done + state->running;
    if (state->total >= known)
        state->left = nf_statistics_left(statistics, state->total - known, now);
}

static void show(void *user, double now)
{
    struct nf_tasks_view *view = user;
    struct nf_progress_state state;
    struct nf_terminal terminal;
    if (now < view->line.due)
        return;
    read_state(view, now, &state);
    nf_terminal_read(&terminal, STDERR_FILENO); /* it may have another width by now */
    nf_progress_line_show(&view->line, &state, terminal.width, now);
}

static void cover(void *user, const char *data, size_t size)
{
    struct nf_tasks_view *view = user;
    nf_progress_line_cover(&view->line, data, size);
}

/* On a terminal without being asked, unless tasks write there themselves. */
static int is_progress_wanted(const struct nf_command *command)
{
    const nfold_options *options = command->options;
    if (nf_options_flag(options, "progress") || nf_options_flag(options, "bar") ||
        nf_options_flag(options, "eta"))
        return 1;
    return command->messages.is_terminal && !nf_options_flag(options, "quiet") &&
           !nf_options_flag(options, "ungroup");
}

/* ---- the picture ---- */

static void ended(void *user, const struct nf_task *task, const char *command,
                  const struct nf_task_result *result, double began)
{
    struct nf_tasks_view *view = user;
    nf_timeline_add(view->timeline, task->sequence, command, result, began);
}

/* A night's run must not end with a page that has no place. */
static int check_place(const char *path, nfold_error *err)
{
    char *folder = strdup(path);
    if (!folder)
        return nf_fail_memory(err);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int is_writable =
        access(path, W_OK) == 0 || (errno == ENOENT && access(slash ? folder : ".", W_OK) == 0);
    free(folder);
    return is_writable ? 0 : nf_fail_errno(err, "option 'html': cannot write '%s'", path);
}

int nf_tasks_view_open(struct nf_tasks_view *view, const struct nf_command *command,
                       struct nf_supervision *with, nfold_error *err)
{
    const char *html = nf_options_text(command->options, "html");
    double now = nf_clock_now();
    *view = (struct nf_tasks_view){.command = command, .with = with};
    with->user = view;
    int rc = html ? check_place(html, err) : 0;
    if (rc >= 0 && html)
        rc = nf_timeline_open(&view->timeline, with->slots->count, now, err);
    with->ended = view->timeline ? ended : NULL;
    if (rc < 0 || !is_progress_wanted(command))
        return rc;
    view->has_line = 1;
    with->show = show;
    nf_progress_line_begin(&view->line, STDERR_FILENO, command->messages.is_terminal,
                           command->messages.has_unicode, now);
    nf_output_cover(with->output, cover, view);
    return 0;
}

void nf_tasks_view_stop(struct nf_tasks_view *view)
{
    struct nf_progress_state state;
    if (!view->has_line)
        return;
    view->has_line = 0;
    read_state(view, nf_clock_now(), &state);
    nf_progress_line_end(&view->line, &state);
}

/* ---- the end ---- */

static void write_json(struct nfold_buffer *out, const struct nf_tasks_summary *summary,
                       const struct nf_tasks_report *report)
{
    struct nf_json json = {.out = out};
    nf_json_object(&json, NULL);
    nf_tasks_summary_json(&json, summary);
    nf_tasks_report_json(&json, "report", report);
    nf_json_end(&json);
}

static void write_text(struct nfold_buffer *out, const struct nf_tasks_view *view,
                       const struct nf_tasks_summary *summary, const struct nf_tasks_report *report)
{
    if (summary->result.left_behind > 0)
        nf_buffer_print(out, "%zu process%s that tasks had left running %s ended\n",
                        summary->result.left_behind, summary->result.left_behind == 1 ? "" : "es",
                        summary->result.left_behind == 1 ? "was" : "were");
    if (nf_options_flag(view->command->options, "report"))
        nf_tasks_report_text(out, report);
    if (nf_tasks_is_shown(summary, view->command->options, &view->command->messages))
        nf_tasks_summarise(out, summary, &view->command->messages);
}

static int save_page(const struct nf_tasks_view *view, const struct nf_tasks_summary *summary,
                     const struct nf_tasks_report *report, nfold_error *err)
{
    struct nfold_buffer line = {0};
    nf_tasks_summary_line(&line, summary);
    const struct nf_page page = {.summary = nf_buffer_text(&line),
                                 .command = nf_template_text(view->with->pattern),
                                 .report = report,
                                 .timeline = view->timeline};
    int rc = line.failed
                 ? nf_fail_memory(err)
                 : nf_page_save(nf_options_text(view->command->options, "html"), &page, err);
    nf_buffer_clear(&line);
    return rc;
}

int nf_tasks_view_close(struct nf_tasks_view *view, const struct nf_tasks_summary *summary,
                        nfold_error *err)
{
    const nfold_options *options = view->command->options;
    struct nf_tasks_report report;
    struct nfold_buffer text = {0};
    int is_json = nf_options_flag(options, "json"), rc = 0;
    nf_tasks_report_make(&report, view->with->statistics, summary->counts.status,
                         view->with->slots);
    if (is_json || view->timeline || nf_options_flag(options, "report"))
        nf_tasks_report_start_up(&report, nf_template_text(view->with->pattern));
    if (is_json)
        write_json(&text, summary, &report);
    else
        write_text(&text, view, summary, &report);
    if (view->timeline)
        rc = save_page(view, summary, &report, err);
    nf_output_write(STDERR_FILENO, &text, NULL);
    nf_buffer_clear(&text);
    nf_timeline_close(view->timeline);
    view->timeline = NULL;
    return rc;
}
