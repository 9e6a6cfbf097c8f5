/* logs.c: nfold logs RUN [N...]: what tasks printed and how they ended, from the run's folder. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "number.h"
#include "output.h"
#include "run_operand.h"

#define WRITE_BYTES   ((size_t)1 << 20)
#define ROW_FRONT     48 /* columns of a row before the command */
#define COMMAND_LEAST 20

static const struct nf_option rows[] = {
    {.name = "failed", .type = NF_OPTION_FLAG, .help = "all tasks that ended and are not ok"},
    {.name = "out", .type = NF_OPTION_FLAG, .help = "only what they wrote to stdout, as it was"},
    {.name = "err", .type = NF_OPTION_FLAG, .help = "only what they wrote to stderr, as it was"},
    {.name = "tail",
     .type = NF_OPTION_COUNT,
     .metavar = "N",
     .help = "the last N lines of each stream"},
    {0},
};

struct showing {
    const struct nf_command *command;
    const struct nf_history *history;
    struct nf_container *container; /* NULL: nothing was kept, or lost.why says where it went */
    struct nfold_buffer *out;
    struct nf_json json;
    int is_json, only_failed, shows_out, shows_err, is_list;
    uint64_t tail;    /* UINT64_MAX: all */
    uint64_t *wanted; /* task numbers; the latest entry of each */
    uint64_t *latest; /* 0: none */
    unsigned wanted_count;
    uint64_t shown;
    struct {
        nfold_error why; /* code 0: nothing is lost */
        uint64_t last;   /* the entry whose output was missed */
        uint64_t tasks;
    } lost;
};

/* ---- streams ---- */

/* One stream of an attempt as text; frames point backwards. */
static int read_stream(const struct showing *showing, uint64_t last, enum nf_container_stream which,
                       struct nfold_buffer *text, nfold_error *err)
{
    struct nf_container_frame frame;
    uint64_t size = 0, at;
    int rc = 0;
    for (at = last; rc >= 0 && at != 0; at = frame.previous) {
        rc = nf_container_frame(showing->container, at, &frame, err);
        if (rc >= 0 && frame.stream == which)
            size += frame.size;
    }
    if (rc < 0 || size == 0)
        return rc;
    text->data = malloc((size_t)size + 1);
    if (text->data == NULL)
        return nf_fail_memory(err);
    text->size = text->capacity = (size_t)size;
    text->data[size] = '\0';
    for (at = last; rc >= 0 && at != 0; at = frame.previous) {
        rc = nf_container_frame(showing->container, at, &frame, err);
        if (rc < 0 || frame.stream != which)
            continue;
        size -= frame.size;
        rc = nf_container_bytes(showing->container, at + NF_CONTAINER_FRONT, text->data + size,
                                frame.size, err);
    }
    return rc;
}

/* Where the last count lines of a text begin. */
static size_t tail_start(const struct nfold_buffer *text, uint64_t count)
{
    size_t at = text->size;
    if (count == UINT64_MAX)
        return 0;
    if (at > 0 && text->data[at - 1] == '\n')
        at--;
    while (count > 0 && at > 0) {
        const char *newline = memrchr(text->data, '\n', at);
        at = newline != NULL ? (size_t)(newline - text->data) : 0;
        if (--count == 0 || newline == NULL)
            return newline != NULL ? at + 1 : 0;
    }
    return at;
}

/* What cannot be read of one task keeps nobody from the others. */
static int note_lost(struct showing *showing, uint64_t entry, const nfold_error *why)
{
    if (showing->lost.why.code == 0)
        showing->lost.why = *why;
    showing->lost.tasks += showing->lost.last != entry;
    showing->lost.last = entry;
    return why->code == NFOLD_E_MEMORY ? NFOLD_E_MEMORY : 0;
}

static const char *const stream_names[] = {"stdout", "stderr"};

static void put_stream(struct showing *showing, int which, const struct nfold_buffer *text)
{
    size_t start =
        text->size > 0 && showing->tail > 0 ? tail_start(text, showing->tail) : text->size;
    const char *data = nf_buffer_text(text) + start;
    if (showing->is_json)
        nf_json_string(&showing->json, stream_names[which], data);
    else
        nf_buffer_bytes(showing->out, data, text->size - start);
}

static int show_stream(struct showing *showing, const struct nf_journal_entry *entry, int which)
{
    struct nfold_buffer text = {0};
    nfold_error why;
    uint64_t last = entry->end.result.output_at;
    if (last == 0)
        return 0;
    if (showing->container == NULL)
        why = showing->lost.why;
    int is_lost = showing->container == NULL ||
                  read_stream(showing, last, (enum nf_container_stream)which, &text, &why) < 0;
    if (!is_lost)
        put_stream(showing, which, &text);
    else if (showing->is_json)
        nf_json_string(&showing->json, stream_names[which], NULL);
    int rc = is_lost ? note_lost(showing, entry->number, &why) : 0;
    nf_buffer_clear(&text);
    return rc;
}

/* Those of its streams that are asked for. */
static int show_streams(struct showing *showing, const struct nf_journal_entry *entry)
{
    int rc = showing->shows_out ? show_stream(showing, entry, 0) : 0;
    return rc >= 0 && showing->shows_err ? show_stream(showing, entry, 1) : rc;
}

/* ---- one task ---- */

/* "failed, exit 3" */
static void print_end(struct nfold_buffer *out, const struct nf_task_result *result)
{
    nf_buffer_string(out, nf_task_status_name(result->status));
    if (result->status == NF_TASK_FAILED)
        nf_buffer_print(out, ", exit %d", result->exit_code);
    else if (result->signal != 0)
        nf_buffer_print(out, ", signal %d", result->signal);
}

static void print_heading(struct showing *showing, const struct nf_journal_end *end)
{
    const struct nf_terminal *terminal = &showing->command->out;
    const struct nf_task_result *result = &end->result;
    struct nfold_buffer *out = showing->out;
    char seconds[NF_NUMBER_SIZE];
    nf_buffer_print(out, "%stask %" PRIu64 "%s  ", nf_terminal_begin(terminal, NF_STYLE_BOLD),
                    end->sequence, nf_terminal_end(terminal));
    print_end(out, result);
    nf_buffer_print(out, "  after %s", nf_number_seconds(result->seconds, seconds));
    if (end->attempt > 1)
        nf_buffer_print(out, "  attempt %u", end->attempt);
    if (result->peak_bytes > 0)
        nf_buffer_print(out, "  %sB at most",
                        nf_number_scaled((double)result->peak_bytes, seconds));
    nf_buffer_string(out, "\n");
    if (end->command.size == 0)
        return;
    nf_buffer_string(out, "  ");
    nf_run_one_line(out, end->command.data, end->command.size, terminal->width - 2);
    nf_buffer_string(out, "\n");
}

static int json_task(struct showing *showing, const struct nf_journal_entry *entry)
{
    const struct nf_journal_end *end = &entry->end;
    const struct nf_task_result *result = &end->result;
    struct nf_json *json = &showing->json;
    char *command = strndup(end->command.data, end->command.size);
    nf_json_object(json, NULL);
    nf_json_unsigned(json, "task", end->sequence);
    nf_json_string(json, "status", nf_task_status_name(result->status));
    nf_json_integer(json, "exit_code", result->exit_code);
    nf_json_integer(json, "signal", result->signal);
    nf_json_unsigned(json, "attempt", end->attempt);
    nf_json_unsigned(json, "slot", result->slot);
    nf_json_number(json, "began", result->began);
    nf_json_number(json, "seconds", result->seconds);
    nf_json_number(json, "user_seconds", result->user_seconds);
    nf_json_number(json, "system_seconds", result->system_seconds);
    nf_json_unsigned(json, "peak_bytes", result->peak_bytes);
    nf_json_unsigned(json, "stdout_bytes", result->out_bytes);
    nf_json_unsigned(json, "stderr_bytes", result->err_bytes);
    nf_json_string(json, "command", end->command.size > 0 ? command : NULL);
    int rc = show_streams(showing, entry);
    nf_json_end(json);
    free(command);
    return rc;
}

/* On a terminal a line has its width; in a pipe the command is whole, for those who search. */
static void print_row(struct showing *showing, const struct nf_journal_end *end)
{
    const struct nf_terminal *terminal = &showing->command->out;
    const struct nf_task_result *result = &end->result;
    unsigned width = terminal->is_terminal && terminal->width > ROW_FRONT + COMMAND_LEAST
                         ? terminal->width - ROW_FRONT
                     : terminal->is_terminal ? COMMAND_LEAST
                                             : UINT_MAX;
    char seconds[NF_NUMBER_SIZE], bytes[NF_NUMBER_SIZE];
    struct nfold_buffer how = {0};
    print_end(&how, result);
    nf_buffer_print(showing->out, "%6" PRIu64 "  %-20s %9s %7sB  ", end->sequence,
                    nf_buffer_text(&how), nf_number_seconds(result->seconds, seconds),
                    nf_number_scaled((double)(result->out_bytes + result->err_bytes), bytes));
    nf_run_one_line(showing->out, end->command.data, end->command.size, width);
    nf_buffer_string(showing->out, "\n");
    nf_buffer_clear(&how);
}

static int print_task(struct showing *showing, const struct nf_journal_entry *entry)
{
    int has_heading = showing->shows_out == showing->shows_err;
    if (has_heading && showing->shown > 0)
        nf_buffer_string(showing->out, "\n");
    if (has_heading)
        print_heading(showing, &entry->end);
    return show_streams(showing, entry);
}

/* ---- which tasks ---- */

static unsigned wanted_index(const struct showing *showing, uint64_t sequence)
{
    unsigned i = 0;
    while (i < showing->wanted_count && showing->wanted[i] != sequence)
        i++;
    return i;
}

/* The latest end of a number counts: numbers move when inputs are inserted. */
static int note_latest(void *user, const struct nf_journal_entry *entry, nfold_error *err)
{
    struct showing *showing = user;
    (void)err;
    unsigned i = wanted_index(showing, entry->end.sequence);
    if (i < showing->wanted_count && entry->end.result.is_final)
        showing->latest[i] = entry->number;
    return 0;
}

static int is_chosen(const struct showing *showing, const struct nf_journal_entry *entry)
{
    if (showing->wanted_count > 0) {
        unsigned i = wanted_index(showing, entry->end.sequence);
        return i < showing->wanted_count && showing->latest[i] == entry->number;
    }
    if (!entry->end.result.is_final || !nf_history_is_last(showing->history, entry))
        return 0;
    return !showing->only_failed || entry->end.result.status != NF_TASK_OK;
}

static int show_entry(void *user, const struct nf_journal_entry *entry, nfold_error *err)
{
    struct showing *showing = user;
    int rc = 0;
    if (!is_chosen(showing, entry))
        return 0;
    if (showing->is_json)
        rc = json_task(showing, entry);
    else if (showing->is_list)
        print_row(showing, &entry->end);
    else
        rc = print_task(showing, entry);
    showing->shown++;
    if (rc < 0)
        return nf_fail_memory(err);
    if (showing->out->size > WRITE_BYTES) {
        rc = nf_output_write(STDOUT_FILENO, showing->out, err);
        showing->out->size = 0;
    }
    return rc;
}

/* ---- the verb ---- */

static int read_numbers(struct showing *showing, nfold_error *err)
{
    const struct nf_command *command = showing->command;
    unsigned count = command->operand_count - 1;
    showing->wanted = calloc((size_t)count + 1, sizeof *showing->wanted);
    showing->latest = calloc((size_t)count + 1, sizeof *showing->latest);
    if (showing->wanted == NULL || showing->latest == NULL)
        return nf_fail_memory(err);
    for (unsigned i = 0; i < count; i++) {
        const char *text = command->operand[i + 1];
        char *end;
        showing->wanted[i] = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0')
            return nf_verb_misused(command->verb, err, "'%s' is not the number of a task", text);
    }
    showing->wanted_count = count;
    return 0;
}

/* Who asks for a list is told on the side; who asks for what tasks printed, by an error. */
static int tell_lost(const struct showing *showing, nfold_error *err)
{
    nfold_error why = showing->lost.why;
    uint64_t tasks = showing->lost.tasks;
    if (why.code == 0)
        return 0;
    if (tasks == 0) {
        nf_error_context(&why, "what tasks printed cannot be shown: ");
        nf_message_error(&showing->command->messages, "nfold logs", &why);
        return 0;
    }
    nf_error_context(&why, "what %" PRIu64 " task%s printed cannot be shown: ", tasks,
                     tasks == 1 ? "" : "s");
    *err = why;
    return err->code = NFOLD_E_SYSTEM; /* nobody used it in a wrong way */
}

/* How many tasks there are is known once the input is. */
static int fail_missing(const struct nf_history *history, uint64_t wanted, nfold_error *err)
{
    const char *name = nf_history_name(history);
    int is_known = history->is_closed && history->is_input_over;
    if (wanted == 0)
        return nf_fail(err, NFOLD_E_VALUE, "%s has no task 0; the first is 1", name);
    if (is_known && wanted > history->submitted)
        return nf_fail(err, NFOLD_E_VALUE, "%s has no task %" PRIu64 "; it has %" PRIu64, name,
                       wanted, history->submitted);
    return nf_fail(err, NFOLD_E_VALUE, "task %" PRIu64 " of %s has not ended", wanted, name);
}

static int check_found(const struct showing *showing, nfold_error *err)
{
    for (unsigned i = 0; i < showing->wanted_count; i++)
        if (showing->latest[wanted_index(showing, showing->wanted[i])] == 0)
            return fail_missing(showing->history, showing->wanted[i], err);
    return 0;
}

static void read_flags(struct showing *showing)
{
    const nfold_options *options = showing->command->options;
    double tail = nf_options_count(options, "tail");
    showing->is_json = nf_options_flag(options, "json");
    showing->only_failed = nf_options_flag(options, "failed");
    showing->shows_out = nf_options_flag(options, "out");
    showing->shows_err = nf_options_flag(options, "err");
    showing->is_list = !showing->shows_out && !showing->shows_err && !showing->only_failed &&
                       showing->command->operand_count == 1 && isnan(tail);
    if (!showing->is_list && !showing->shows_out && !showing->shows_err)
        showing->shows_out = showing->shows_err = 1;
    showing->tail = isnan(tail) ? UINT64_MAX : (uint64_t)tail;
}

static int show(struct showing *showing, nfold_error *err)
{
    int rc = read_numbers(showing, err);
    if (rc >= 0 && showing->wanted_count > 0)
        rc = nf_history_each(showing->history, note_latest, showing, err);
    if (rc >= 0)
        rc = check_found(showing, err);
    if (rc < 0)
        return rc;
    if (nf_history_output(showing->history, &showing->container, &showing->lost.why) >= 0)
        showing->lost.why.code = 0;
    if (showing->is_json)
        nf_json_array(&showing->json, NULL);
    else if (showing->is_list)
        nf_buffer_print(showing->out, "%6s  %-20s %9s %8s  %s\n", "task", "end", "after", "output",
                        "command");
    rc = nf_history_each(showing->history, show_entry, showing, err);
    if (showing->is_json)
        nf_json_end(&showing->json);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, showing->out, err);
    return rc < 0 ? rc : tell_lost(showing, err);
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_history history;
    struct nfold_buffer text = {0};
    struct showing showing = {
        .command = command, .history = &history, .out = &text, .json = {.out = &text}};
    read_flags(&showing);
    int rc = nf_run_operand(&history, command, err);
    if (rc >= 0)
        rc = show(&showing, err);
    nf_container_close(showing.container, NULL);
    nf_buffer_clear(&text);
    free(showing.wanted);
    free(showing.latest);
    nf_history_close(&history);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold logs last", "a line for each task"},
    {"nfold logs night1 17", "what it printed, its end"},
    {"nfold logs night1 17 --out > 17.txt", "its stdout as it was"},
    {"nfold logs night1 --failed --err --tail 5", "why tasks failed"},
    {0},
};

const struct nf_verb nf_verb_logs = {
    .name = "logs",
    .summary = "what the tasks of a run printed, and how they ended",
    .operands = "RUN [N...]",
    .about = "RUN is a folder that --run-dir named, the name of a run that `nfold runs` shows,\n"
             "a beginning of it, or 'last'. N is the number of a task, {#}. Without N and\n"
             "--failed there is a line for each task. What tasks print with -u is not kept.\n",
    .tables = {rows},
    .common = {nf_rows_common},
    .examples = examples,
    .run = run,
};
