/* resume.c: nfold resume RUN: the command of a run again, for what is not ok yet. */
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "read_command.h"
#include "run_operand.h"
#include "tasks_retry.h"

static const struct nf_option rows[] = {
    {.name = "skip-failed",
     .type = NF_OPTION_FLAG,
     .help = "leave alone what failed; run what was cut or not started"},
    {0},
};

static int say_partial(const struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_buffer_string(&text, "nfold resume: standard input was not read to its end then; only what "
                            "was read is resumed\n");
    int rc = nf_output_write(command->messages.fd, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static int set_options(struct nf_command *tasks, const struct nf_command *command,
                       const struct nf_history *history, nfold_error *err)
{
    int skips = nf_options_flag(command->options, "skip-failed");
    int rc = nfold_options_set(tasks->options, "run-dir", history->path, err);
    if (rc >= 0)
        rc = nfold_options_set(tasks->options, "resume-failed", skips ? "off" : "on", err);
    if (rc >= 0)
        rc = nfold_options_set(tasks->options, "retry-failed", "off", err);
    return rc < 0 ? rc : nfold_options_set(tasks->options, "resume", "on", err);
}

/* What a joblog has as failed is in the joblog, also after the retry that did not come to its end:
 * the same command goes on, and keeps the numbers of its tasks. */
static int retry_again(const struct nf_command *command, nfold_error *err)
{
    if (!nf_options_flag(command->options, "skip-failed"))
        return 0;
    return nf_fail(err, NFOLD_E_USAGE,
                   "option 'skip-failed': this run is a retry of what failed (--retry-failed)");
}

static int run_again(struct nf_command *command, const struct nf_history *history, nfold_error *err)
{
    struct nf_command tasks = {
        .verb = &nf_verb_tasks, .out = command->out, .messages = command->messages};
    int is_partial;
    if (history->command.word_count == 0 || strcmp(history->command.words[0], "tasks") != 0)
        return nf_fail(err, NFOLD_E_VALUE, "%s is not a run of tasks", history->path);
    int rc = nf_run_return(history, &is_partial, err);
    if (rc >= 0 && is_partial)
        rc = say_partial(command, err);
    if (rc >= 0)
        rc = nf_read_command(&tasks, (int)history->command.word_count - 1,
                             history->command.words + 1, err);
    tasks.word = history->command.words;
    if (rc >= 0)
        rc = nf_tasks_is_retry(&tasks) ? retry_again(command, err)
                                       : set_options(&tasks, command, history, err);
    if (rc >= 0)
        rc = nf_verb_tasks.run(&tasks, err);
    command->status = tasks.status;
    nf_read_command_clear(&tasks);
    return rc;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_history history;
    if (command->operand_count > 1)
        return nf_verb_too_many(command->verb, command->operand[1], err);
    int rc = nf_run_operand(&history, command, err);
    if (rc >= 0)
        rc = run_again(command, &history, err);
    nf_history_close(&history);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold resume night1", "a run that has a name"},
    {"nfold resume last", "the latest"},
    {"nfold resume 2026-11-22-1130", "a beginning is enough"},
    {0},
};

const struct nf_verb nf_verb_resume = {
    .name = "resume",
    .summary = "go on with a run of tasks: what is not ok yet runs again",
    .operands = "RUN",
    .about = "The same command, in the same folder, with the same options and what it read\n"
             "from standard input. What is ok never runs again; what failed, was cut or had\n"
             "not started does. RUN is a folder, the name of a run that `nfold runs` shows,\n"
             "a beginning of it, or 'last'.\n",
    .answer_is_no = "a task failed; 1 to 100: so many failed, 101: more",
    .tables = {rows},
    .common = {nf_rows_help},
    .starts_once = 1,
    .examples = examples,
    .run = run,
};
