/* tasks.c: nfold tasks [options] COMMAND ::: INPUT... */
#include <poll.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "slot.h"
#include "input.h"
#include "template.h"
#include "verb.h"

#define WRITE_BYTES 65536

/* All that a run of tasks stands on. */
struct parts {
    struct nf_template *pattern;
    struct nf_slots slots;
    struct nf_input *input;
};

static int open_template(struct parts *parts, const struct nf_command *command, size_t words,
                         nfold_error *err)
{
    int rc = nf_template_open(&parts->pattern, command->options, command->operand, words, err);
    if (rc >= 0)
        nf_template_limit(parts->pattern, NF_COMMAND_BYTES);
    return rc;
}

static int open_input(struct parts *parts, const struct nf_command *command, size_t words,
                      nfold_error *err)
{
    unsigned count;
    int rc = nf_input_open(&parts->input, command->options, command->operand + words,
                           command->operand_count - words, parts->pattern, parts->slots.count, err);
    if (rc < 0)
        return rc;
    const char *const *names = nf_input_names(parts->input, &count);
    return names ? nf_template_names(parts->pattern, names, count, err) : 0;
}

static void close_parts(struct parts *parts)
{
    nf_input_close(parts->input);
    nf_slots_clear(&parts->slots);
    nf_template_close(parts->pattern);
}

/* ---- --dry-run ---- */

static int wait_input(const struct parts *parts)
{
    struct pollfd poll_fd = {.fd = nf_input_fd(parts->input), .events = POLLIN};
    return poll(&poll_fd, 1, -1);
}

static int print_line(const struct parts *parts, struct nf_task *task, struct nfold_buffer *text,
                      nfold_error *err)
{
    int rc = nf_template_render(parts->pattern, task, 1, text, err);
    nf_task_clear(task);
    nf_buffer_string(text, "\n");
    if (rc < 0 || text->size < WRITE_BYTES)
        return rc;
    rc = nf_output_write(STDOUT_FILENO, text, err);
    nf_buffer_clear(text);
    return rc;
}

/* What would run, each command in a line, as the inputs come. */
static int dry_run(const struct parts *parts, nfold_error *err)
{
    struct nfold_buffer text = {0};
    struct nf_task task = {0};
    int rc;
    while ((rc = nf_input_next(parts->input, &task, err)) > 0) {
        if (rc == NF_INPUT_WAIT) {
            rc = nf_output_write(STDOUT_FILENO, &text, err);
            nf_buffer_clear(&text);
            wait_input(parts);
        } else {
            rc = print_line(parts, &task, &text, err);
        }
        if (rc < 0)
            break;
    }
    nfold_error ignored;
    int written = nf_output_write(STDOUT_FILENO, &text, rc < 0 ? &ignored : err);
    nf_buffer_clear(&text);
    return rc < 0 ? rc : written;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct parts parts = {0};
    size_t words =
        nf_input_template_words(command->options, command->operand, command->operand_count);
    int rc = open_template(&parts, command, words, err);
    if (rc >= 0)
        rc = nf_slots_make(&parts.slots, command->options, err);
    if (rc >= 0)
        rc = open_input(&parts, command, words, err);
    if (rc >= 0)
        rc = dry_run(&parts, err);
    close_parts(&parts);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold tasks 'python multi-task.py {}' ::: 1 2 3 4 5", ""},
    {"nfold tasks -j 8 -c 5 --tag -k 'fit.py {1} {2}' ::: a b ::: 1 2", "all pairs"},
    {"find . -name '*.fits' | nfold tasks 'reduce.sh {} {/.}.out'", ""},
    {"nfold tasks < commands.txt", "each line is a command"},
    {"nfold tasks --dry-run 'mv {} {.}.old' ::: *.log", "print, do not run"},
    {0},
};

const struct nf_verb nf_verb_tasks = {
    .name = "tasks",
    .summary = "a command for each input, many at a time, none lost",
    .operands = "[COMMAND] [::: INPUT... | :::: FILE...]",
    .about = "COMMAND is one line for the shell; in it\n"
             "  {}  the input        {.}  without its extension    {1} {2}  of several lists\n"
             "  {/} its last part    {//} its folder               {name}   of --header\n"
             "  {#} the task's number  {%} its slot\n"
             "stand for what differs, quoted for the place where they stand; without any, {} is\n"
             "added. Without COMMAND each input is a command.\n"
             "\n"
             "Inputs are the words after :::, the lines of the files after ::::, or the lines of\n"
             "stdin. Several lists give all combinations; :::+ and ::::+ go along with the list\n"
             "before. Options come before COMMAND; they are GNU parallel's, and some more.\n",
    .answer_is_no = "a task failed; 1 to 100: so many failed, 101: more",
    .tables = {nf_rows_tasks, nf_rows_gnu},
    .common = {nf_rows_help},
    .starts_once = 1,
    .options_come_first = 1,
    .examples = examples,
    .run = run,
};
