/* tasks_summary.c: the last lines of a run of tasks. */
#include "tasks_summary.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quote.h"

/* Where the second half of a line begins, if the first one leaves room. */
#define HALF      38
#define GAP       5
#define GAP_LEAST 2
#define COLUMNS   80

static uint64_t count_failed(const struct nf_record_counts *counts)
{
    return counts->status[NF_TASK_FAILED] + counts->status[NF_TASK_SIGNALLED] +
           counts->status[NF_TASK_TIMEOUT] + counts->status[NF_TASK_OOM] +
           counts->status[NF_TASK_CUT];
}

int nf_tasks_status(const struct nf_tasks_summary *summary)
{
    uint64_t failed = count_failed(&summary->counts);
    if (!summary->balances)
        return 103;
    switch (summary->result.end) {
    case NF_SUPERVISION_HALTED:
        return summary->result.halt_status;
    case NF_SUPERVISION_DRAINED:
    case NF_SUPERVISION_STOPPED:
        return 102;
    case NF_SUPERVISION_DONE:
        if (summary->result.is_share)
            return summary->result.halt_status;
        break;
    }
    return failed > 100 ? 101 : (int)failed;
}

int nf_tasks_is_shown(const struct nf_tasks_summary *summary, const nfold_options *options,
                      const struct nf_terminal *terminal)
{
    /* not the exit status, which is 0 for --halt now,success=1, too */
    int is_all_ok = nf_tasks_status(summary) == 0 && count_failed(&summary->counts) == 0 &&
                    summary->result.end == NF_SUPERVISION_DONE;
    /* refused before its first task: the error says it */
    int is_nothing =
        summary->counts.submitted == 0 && summary->result.end == NF_SUPERVISION_STOPPED;
    if (nf_options_flag(options, "quiet") || is_nothing)
        return 0;
    return !is_all_ok || terminal->is_terminal || getenv("SLURM_JOB_ID") ||
           nf_options_flag(options, "report");
}

/* " 812 ok, 3 failed, 385 not started (time limit)" */
static void write_counts(struct nfold_buffer *out, const struct nf_tasks_summary *summary)
{
    const char *comma = "";
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++) {
        uint64_t count = summary->counts.status[i];
        if (count == 0 && i != NF_TASK_OK)
            continue;
        const char *name = i == NF_TASK_NOT_STARTED ? "not started" : nf_task_status_name(i);
        nf_buffer_print(out, "%s %llu %s", comma, (unsigned long long)count, name);
        comma = ",";
    }
    if (summary->result.end != NF_SUPERVISION_DONE && summary->result.why[0])
        nf_buffer_print(out, " (%s)", summary->result.why);
}

void nf_tasks_summary_line(struct nfold_buffer *out, const struct nf_tasks_summary *summary)
{
    uint64_t tasks = summary->counts.submitted;
    nf_buffer_print(out, "%llu task%s:", (unsigned long long)tasks, tasks == 1 ? "" : "s");
    write_counts(out, summary);
}

/* Beside what the line has already, or on a line of its own where there is no room. */
static void put_beside(struct nfold_buffer *out, size_t line, const char *text)
{
    size_t used = out->size - line;
    size_t at = used + GAP_LEAST > HALF ? used + GAP : HALF;
    if (at + strlen(text) > COLUMNS)
        at = used + GAP_LEAST;
    if (used == 0)
        at = 0;
    if (at + strlen(text) > COLUMNS)
        nf_buffer_print(out, "\n%s", text);
    else
        nf_buffer_print(out, "%*s%s", (int)(at - used), "", text);
}

static void write_first(struct nfold_buffer *out, const struct nf_tasks_summary *summary)
{
    size_t line = out->size;
    char busy[32] = "", slots[64];
    nf_tasks_summary_line(out, summary);
    if (summary->busy >= 0)
        snprintf(busy, sizeof busy, ", %.0f %% busy", 100 * summary->busy);
    snprintf(slots, sizeof slots, "%u slot%s%s", summary->slots, summary->slots == 1 ? "" : "s",
             busy);
    if (summary->busy != 0) /* something ran */
        put_beside(out, line, slots);
    nf_buffer_string(out, "\n");
}

static void write_resumed(struct nfold_buffer *out, const struct nf_record_counts *counts)
{
    if (counts->resumed == 0)
        return;
    nf_buffer_print(out, "%llu done before", (unsigned long long)counts->resumed);
    if (counts->fresh > 0)
        nf_buffer_print(out, ", %llu new", (unsigned long long)counts->fresh);
    if (counts->gone > 0)
        nf_buffer_print(out, ", %llu gone", (unsigned long long)counts->gone);
    nf_buffer_string(out, "\n");
}

/* As resume and logs find it: a default directory by its last part, another from here. */
static const char *short_name(const char *directory)
{
    static const char runs[] = ".nfold/runs/";
    const char *found = strstr(directory, runs);
    char here[PATH_MAX];
    size_t length;
    if (found)
        return found + sizeof runs - 1;
    if (!getcwd(here, sizeof here) || (length = strlen(here)) < 2)
        return directory;
    return strncmp(directory, here, length) == 0 && directory[length] == '/'
               ? directory + length + 1
               : directory;
}

static void write_next(struct nfold_buffer *out, const struct nf_tasks_summary *summary)
{
    size_t line = out->size;
    struct nfold_buffer look = {0}, quoted = {0};
    if (!summary->directory)
        return;
    nf_quote_word(&quoted, short_name(summary->directory), strlen(short_name(summary->directory)));
    const char *name = nf_buffer_text(&quoted); /* to be pasted */
    uint64_t ok = summary->counts.status[NF_TASK_OK];
    if (ok < summary->counts.submitted || summary->result.end != NF_SUPERVISION_DONE)
        nf_buffer_print(out, "continue: nfold resume %s", name);
    nf_buffer_print(&look, "look: nfold logs %s%s", name,
                    count_failed(&summary->counts) > 0 ? " --failed" : "");
    put_beside(out, line, nf_buffer_text(&look));
    nf_buffer_string(out, "\n");
    nf_buffer_clear(&look);
    nf_buffer_clear(&quoted);
}

/* A command that does not exist is said once, not a thousand times. */
static void write_repeated(struct nfold_buffer *out, const struct nf_tasks_summary *summary)
{
    if (summary->repeated > 0)
        nf_buffer_print(out, "%llu more said the same and ended with 127%s\n",
                        (unsigned long long)summary->repeated,
                        summary->result.end == NF_SUPERVISION_HALTED
                            ? ""
                            : "; --halt now,fail=1 ends at the first");
}

void nf_tasks_summarise(struct nfold_buffer *out, const struct nf_tasks_summary *summary,
                        const struct nf_terminal *terminal)
{
    write_repeated(out, summary);
    nf_buffer_string(out, nf_terminal_begin(terminal, NF_STYLE_BOLD));
    write_first(out, summary);
    nf_buffer_string(out, nf_terminal_end(terminal));
    write_resumed(out, &summary->counts);
    if (!summary->balances)
        nf_buffer_string(out, "the numbers do not add up: a task was lost or counted twice; do not "
                              "trust this run\n");
    write_next(out, summary);
}

void nf_tasks_summary_json(struct nf_json *json, const struct nf_tasks_summary *summary)
{
    const struct nf_record_counts *counts = &summary->counts;
    nf_json_unsigned(json, "tasks", counts->submitted);
    nf_json_object(json, "status");
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        nf_json_unsigned(json, nf_task_status_name((enum nf_task_status)i), counts->status[i]);
    nf_json_end(json);
    nf_json_unsigned(json, "done_before", counts->resumed);
    nf_json_unsigned(json, "new", counts->fresh);
    nf_json_unsigned(json, "gone", counts->gone);
    nf_json_unsigned(json, "retries", counts->retries);
    nf_json_unsigned(json, "said_the_same", summary->repeated);
    nf_json_bool(json, "balances", summary->balances);
    nf_json_string(json, "why", summary->result.why[0] ? summary->result.why : NULL);
    nf_json_string(json, "run", summary->directory);
    nf_json_integer(json, "exit", nf_tasks_status(summary));
}
