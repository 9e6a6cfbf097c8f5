/* tasks.c: nfold tasks [options] COMMAND ::: INPUT... */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "guardian.h"
#include "input_operands.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "signals.h"
#include "slot.h"
#include "statistics.h"
#include "tasks_retry.h"
#include "tasks_summary.h"
#include "tasks_view.h"
#include "verb.h"
#include "walltime.h"

#define WRITE_BYTES 65536

/* All that a run of tasks stands on, in the order in which it is opened. */
struct parts {
    struct nf_template *pattern;
    struct nf_guardian guardian;
    int has_guardian;
    struct nf_slots slots;
    struct nf_shell_choice *shell;
    struct nf_record *record;
    struct nf_input *input;
    struct nf_output *output;
    struct nf_statistics *statistics;
    struct nf_supervision with;
    struct nf_tasks_view view;
    int has_view;
};

static int open_template(struct parts *parts, const struct nf_command *command, size_t words,
                         nfold_error *err)
{
    double chars = nf_options_size(command->options, "max-chars");
    int rc = nf_template_open(&parts->pattern, command->options, command->operand, words, err);
    if (rc >= 0)
        nf_template_limit(parts->pattern,
                          chars < NF_COMMAND_BYTES ? (size_t)chars : NF_COMMAND_BYTES);
    return rc;
}

/* is_kept: what is read from standard input goes into the record. */
static int open_input(struct parts *parts, const struct nf_command *command, size_t words,
                      int is_kept, nfold_error *err)
{
    unsigned count;
    int rc = nf_input_open(&parts->input, command->options, command->operand + words,
                           command->operand_count - words, parts->pattern, parts->slots.count, err);
    if (rc >= 0 && is_kept && nf_input_uses_stdin(parts->input))
        rc = nf_input_watch(parts->input, nf_record_keep_input, parts->record, err);
    if (rc < 0)
        return rc;
    const char *const *names = nf_input_names(parts->input, &count);
    uint64_t columns = nf_input_columns(parts->input);
    rc = names ? nf_template_names(parts->pattern, names, count, err) : 0;
    return rc >= 0 && columns > 0 ? nf_template_check_columns(parts->pattern, columns, err) : rc;
}

/* ---- --dry-run ---- */

static int wait_input(const struct parts *parts)
{
    struct pollfd poll_fd = {.fd = nf_input_fd(parts->input), .events = POLLIN};
    return poll(&poll_fd, 1, -1);
}

static int write_text(struct nfold_buffer *text, nfold_error *err)
{
    int rc = nf_output_write(STDOUT_FILENO, text, err);
    nf_buffer_clear(text);
    return rc;
}

static int print_line(const struct parts *parts, struct nf_task *task, struct nfold_buffer *text,
                      nfold_error *err)
{
    size_t before = text->size;
    int rc = nf_template_render(parts->pattern, task, 1, text, err);
    int is_wanted = 1;
    if (rc >= 0 && parts->record)
        is_wanted = rc = nf_record_admit(parts->record, task, text->data + before, err);
    nf_task_clear(task);
    if (!is_wanted)
        text->size = before;
    else if (rc >= 0)
        nf_buffer_string(text, "\n");
    return rc >= 0 && text->size >= WRITE_BYTES ? write_text(text, err) : rc;
}

/* What would run, each command in a line, as the inputs come. */
static int print_lines(const struct parts *parts, struct nfold_buffer *text, nfold_error *err)
{
    struct nf_task task = {0};
    int rc;
    while ((rc = nf_input_next(parts->input, &task, err)) > 0) {
        if (rc == NF_INPUT_WAIT) {
            rc = write_text(text, err);
            wait_input(parts);
        } else {
            rc = print_line(parts, &task, text, err);
        }
        if (rc < 0)
            break;
    }
    return rc;
}

static int is_resuming(const nfold_options *options)
{
    return nf_options_flag(options, "resume") || nf_options_flag(options, "resume-failed") ||
           nf_options_flag(options, "retry-failed");
}

static int dry_run(struct parts *parts, const struct nf_command *command, size_t words,
                   nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = nf_slots_make(&parts->slots, command->options, err);
    if (rc >= 0 && is_resuming(command->options))
        rc =
            nf_record_look(&parts->record, command->options, nf_template_text(parts->pattern), err);
    if (rc >= 0)
        rc = open_input(parts, command, words, 0, err);
    if (rc >= 0)
        rc = print_lines(parts, &text, err);
    int written = write_text(&text, rc < 0 ? NULL : err);
    nf_record_forget(parts->record);
    return rc < 0 ? rc : written;
}

/* ---- the run ---- */

#define STATUS_NO_COMMAND 127

/* Is this the path of a file that is not there? From a folder of its own only tasks would know. */
static int is_no_file(const char *program, const nfold_options *options)
{
    return strchr(program, '/') && (program[0] == '/' || !nf_options_is_set(options, "workdir")) &&
           access(program, F_OK) != 0 && errno == ENOENT;
}

/* A command that does not exist fails once, before a thousand tasks do. */
static int check_program(const struct parts *parts, const nfold_options *options, nfold_error *err)
{
    struct nf_shell_choice *shell = NULL;
    char *program = nf_template_program(parts->pattern);
    int rc = program ? nf_shell_choice_open(&shell, err) : 0;
    int is_missing_file = program && is_no_file(program, options);
    if (rc >= 0 && program && (is_missing_file || !nf_shell_choice_knows(shell, program))) {
        rc = nf_fail(err, NFOLD_E_MISSING, "there is no command '%s'%s; nothing was started",
                     program, is_missing_file ? "" : " on PATH");
        nf_error_detail(err, "--halt now,fail=1 ends a run at its first failure\n");
    }
    nf_shell_choice_close(shell);
    free(program);
    return rc;
}

static int give_names(struct parts *parts, nfold_error *err)
{
    unsigned count;
    const char *const *names = nf_input_names(parts->input, &count);
    return names ? nf_output_names(parts->output, names, count, err) : 0;
}

/* GNU parallel's word for a temporary folder; here it would be one of that name. */
static int check_folder(const nfold_options *options, nfold_error *err)
{
    const char *folder = nf_options_text(options, "workdir");
    return folder && strcmp(folder, "...") == 0
               ? nf_fail(err, NFOLD_E_VALUE,
                         "option 'workdir': nfold tasks makes no temporary folder; name one, or "
                         "use mktemp -d in the command")
               : 0;
}

/* GNU parallel takes a task whose file is there for done. So it is of one that failed, or that was
 * ended while it wrote. */
static int check_resume(const nfold_options *options, nfold_error *err)
{
    if (!is_resuming(options) || !nf_options_text(options, "results") ||
        nf_options_text(options, "joblog") || nf_options_text(options, "run-dir"))
        return 0;
    nf_fail(err, NFOLD_E_USAGE, "what is in --results does not say how a task ended");
    nf_error_detail(err, "to resume, have --joblog FILE or --run-dir FOLDER beside it\n");
    return NFOLD_E_USAGE;
}

static int open_parts(struct parts *parts, const struct nf_command *command, size_t words,
                      nfold_error *err)
{
    int rc = nf_guardian_start(&parts->guardian, err);
    parts->has_guardian = rc >= 0;
    if (rc >= 0)
        rc = nf_slots_make(&parts->slots, command->options, err);
    if (rc >= 0)
        rc = nf_shell_choice_open(&parts->shell, err);
    if (rc >= 0)
        nf_shell_choice_folder(parts->shell, nf_options_text(command->options, "workdir"));
    if (rc >= 0)
        rc = nf_record_open(&parts->record, command->options, nf_template_text(parts->pattern),
                            command->word, err);
    if (rc >= 0)
        rc = open_input(parts, command, words, 1, err);
    if (rc >= 0)
        rc = nf_output_open(&parts->output, command->options, parts->record, err);
    if (rc >= 0)
        rc = give_names(parts, err);
    if (rc >= 0)
        rc = nf_statistics_open(&parts->statistics, parts->slots.most, err);
    if (rc >= 0)
        nf_statistics_set_slots(parts->statistics, parts->slots.count);
    return rc;
}

static void close_parts(struct parts *parts)
{
    nf_statistics_close(parts->statistics);
    nf_input_close(parts->input);
    nf_shell_choice_close(parts->shell);
    nf_slots_clear(&parts->slots);
    if (parts->has_guardian)
        nf_guardian_clear(&parts->guardian);
    nf_template_close(parts->pattern);
}

static int supervise(struct parts *parts, const struct nf_command *command,
                     struct nf_tasks_summary *summary, nfold_error *err)
{
    parts->with = (struct nf_supervision){
        .options = command->options,
        .input = parts->input,
        .pattern = parts->pattern,
        .record = parts->record,
        .output = parts->output,
        .slots = &parts->slots,
        .statistics = parts->statistics,
        .shell = parts->shell,
        .guardian = &parts->guardian,
    };
    struct nf_statistics_figures figures;
    int rc = nf_tasks_view_open(&parts->view, command, &parts->with, err);
    parts->has_view = rc >= 0;
    if (rc >= 0)
        rc = nf_supervise(&parts->with, &summary->result, err);
    nf_statistics_read(parts->statistics, &figures);
    summary->slots = figures.slots;
    summary->busy = nf_statistics_busy(parts->statistics, nf_clock_now());
    if (parts->has_view)
        nf_tasks_view_stop(&parts->view);
    return rc;
}

/* The first error is the one that is told. */
static int first_error(int first, int then)
{
    return first < 0 ? first : then;
}

static void say_record_note(const struct parts *parts)
{
    struct nfold_buffer text = {0};
    const char *note = nf_record_note(parts->record);
    if (note[0])
        nf_buffer_print(&text, "nfold tasks: %s\n", note);
    nf_output_write(STDERR_FILENO, &text, NULL);
    nf_buffer_clear(&text);
}

/* Closes what has something to say about the run. */
static int close_record(struct parts *parts, struct nf_tasks_summary *summary, int rc,
                        nfold_error *err)
{
    int closed = 0;
    int is_done = rc >= 0 && summary->result.end == NF_SUPERVISION_DONE;
    if (parts->record && !is_done)
        nf_record_stopped(parts->record, rc < 0 && err ? err->message : summary->result.why);
    if (parts->output)
        summary->repeated = nf_output_repeated(parts->output);
    if (parts->output)
        closed = nf_output_close(parts->output, rc < 0 ? NULL : err);
    rc = first_error(rc, closed);
    if (!parts->record)
        return rc;
    const char *directory = nf_record_directory(parts->record);
    if (!directory)
        say_record_note(parts); /* there is no place for the record, and one was wanted */
    char *kept = directory ? strdup(directory) : NULL;
    summary->counts = *nf_record_counts(parts->record);
    closed = nf_record_close(parts->record, &summary->balances, rc < 0 ? NULL : err);
    if (kept && access(kept, F_OK) != 0) {
        free(kept);
        kept = NULL;
    }
    summary->directory = kept;
    return first_error(rc, closed);
}

/* A batch script with several nodes: the others would be idle for all that its user can see. */
static void note_idle_nodes(struct nfold_buffer *text)
{
    const char *nodes = getenv("SLURM_JOB_NUM_NODES"), *name = getenv("SLURMD_NODENAME");
    if (nodes && atoi(nodes) > 1 && !getenv("SLURM_STEP_ID"))
        nf_buffer_print(text, "nfold tasks: this job has %d nodes, and its tasks run on one: %s\n",
                        atoi(nodes), name ? name : "this one");
}

/* What a run says at its beginning. */
static void say_notes(const struct parts *parts, const struct nf_command *command)
{
    struct nfold_buffer text = {0};
    int is_told = command->messages.is_terminal || getenv("SLURM_JOB_ID");
    say_record_note(parts);
    if (parts->slots.note[0] && is_told)
        nf_buffer_print(&text, "nfold tasks: %s\n", parts->slots.note);
    note_idle_nodes(&text);
    if (nf_input_uses_stdin(parts->input) && isatty(STDIN_FILENO))
        nf_buffer_string(&text, "nfold tasks: inputs are read from the terminal, one a line; "
                                "Ctrl-D ends them\n");
    nf_output_write(STDERR_FILENO, &text, NULL);
    nf_buffer_clear(&text);
}

static int requeue(const struct nf_tasks_summary *summary, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = nf_walltime_requeue(summary->result.may_be_cancelled, err);
    if (rc == 0)
        nf_buffer_string(&text, "nfold tasks: Slurm itself is ending this job (cancelled?): it is "
                                "not asked to\nrun it again\n");
    nf_output_write(STDERR_FILENO, &text, NULL);
    nf_buffer_clear(&text);
    return rc;
}

static int run_tasks(struct parts *parts, struct nf_command *command, size_t words,
                     nfold_error *err)
{
    struct nf_tasks_summary summary = {.balances = 1};
    int rc = open_parts(parts, command, words, err);
    if (rc >= 0) {
        say_notes(parts, command);
        rc = supervise(parts, command, &summary, err);
    }
    rc = close_record(parts, &summary, rc, err);
    if (rc >= 0 && summary.result.is_time_over && nf_options_flag(command->options, "requeue"))
        rc = requeue(&summary, err);
    if (parts->has_view) {
        int shown = nf_tasks_view_close(&parts->view, &summary, rc < 0 ? NULL : err);
        rc = first_error(rc, shown);
    }
    free((char *)summary.directory);
    command->status = nf_tasks_status(&summary);
    if (rc >= 0 && summary.result.end == NF_SUPERVISION_STOPPED && summary.result.signal)
        nf_signals_end(summary.result.signal);
    return rc;
}

/* Its exit status is the shell's. */
static int say_no_command(const struct nf_command *command, const nfold_error *err)
{
    nf_message_error(&command->messages, "nfold tasks", err);
    return STATUS_NO_COMMAND;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct parts parts = {0};
    int rc = nf_tasks_retry(command, err);
    if (rc < 0)
        return rc;
    size_t words =
        nf_input_template_words(command->options, command->operand, command->operand_count);
    rc = check_folder(command->options, err);
    if (rc >= 0)
        rc = check_resume(command->options, err);
    if (rc >= 0)
        rc = open_template(&parts, command, words, err);
    if (rc >= 0 && nf_options_flag(command->options, "dry-run"))
        rc = dry_run(&parts, command, words, err);
    else if (rc >= 0 && check_program(&parts, command->options, err) == NFOLD_E_MISSING)
        command->status = say_no_command(command, err);
    else if (rc >= 0)
        rc = run_tasks(&parts, command, words, err);
    close_parts(&parts);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold tasks 'python multi-task.py {}' ::: 1 2 3 4 5", ""},
    {"nfold tasks -j8 -c5 --tag 'fit.py {1} {2}' ::: a b ::: 1 2", "all pairs"},
    {"find . -name '*.fits' | nfold tasks 'reduce.sh {} {/.}.out'", ""},
    {"nfold tasks < commands.txt", "each line is a command"},
    {"nfold tasks --dry-run 'mv {} {.}.old' ::: *.log", "print, do not run"},
    {"nfold tasks --run-dir night1 --timeout 10m 'fit.py {}' ::: *.npz", ""},
    {"nfold resume night1", "run what is not done"},
    {0},
};

const struct nf_verb nf_verb_tasks = {
    .name = "tasks",
    .summary = "a command for each input, many at a time, none lost",
    .operands = "[COMMAND] [::: INPUT... | :::: FILE...]",
    .about = "COMMAND is one line for the shell. In it these stand for what differs:\n"
             "  {}   the input          {.}  the input without its extension\n"
             "  {/}  its last part      {//} its folder        {/.} last part, no extension\n"
             "  {1}  {2} {1.} {2/} ...  of several lists or columns; {-1} the last\n"
             "  {#}  the task's number  {%}  its slot          {name} with --header\n"
             "Values are quoted for the place where they stand; quote COMMAND once, for your\n"
             "own shell. Without any of these {} is added; without COMMAND each input is one.\n"
             "\n"
             "Inputs are the words after :::, the lines of the files after ::::, or the lines\n"
             "of stdin. Several lists give all combinations; :::+ and ::::+ go along with the\n"
             "list before. Options come before COMMAND: GNU parallel's, and some more.\n",
    .answer_is_no = "a task failed; 1 to 100: so many did, 101: more",
    .tables = {nf_rows_tasks, nf_rows_gnu},
    .common = {nf_rows_help},
    .starts_once = 1,
    .options_come_first = 1,
    .examples = examples,
    .run = run,
};
