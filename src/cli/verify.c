/* verify.c: nfold verify RUN: every input has exactly one ok end and, if asked, its output is
 * there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command_form.h"
#include "task_identity.h"
#include "input.h"
#include "input_operands.h"
#include "output.h"
#include "read_command.h"
#include "run_operand.h"
#include "slot.h"
#include "task_spawn.h"
#include "template.h"

#define CHECKS_MOST 256
#define WRITE_BYTES ((size_t)1 << 20)

static const struct nf_option rows[] = {
    {.name = "output-check",
     .type = NF_OPTION_TEXT,
     .metavar = "COMMAND",
     .help = "COMMAND must succeed for each input, too: 'test -s {.}.out'; by default the run's"},
    {0},
};

/* A check that runs: of which task. */
struct check {
    pid_t pid; /* 0: free */
    uint64_t sequence;
    char *line;
};

struct verification {
    struct nf_command *command;
    const struct nf_history *history;
    struct nf_command tasks;                     /* the run's own */
    struct nf_template *pattern, *check_pattern; /* check_pattern NULL: no check */
    struct nf_slots slots;
    struct nf_input *input;
    struct nf_index *seen;
    struct nf_shell_choice *shell;
    struct check check[CHECKS_MOST];
    unsigned check_slots, checks;
    int null_fd; /* what checks read and write */
    struct nfold_buffer out;
    struct nf_json json;
    int is_json;
    uint64_t inputs, ok, wrong, known; /* known: inputs that ever ended */
};

/* ---- the run's inputs again ---- */

static int open_input(struct verification *verification, nfold_error *err)
{
    const struct nf_command *tasks = &verification->tasks;
    unsigned count;
    size_t words = nf_input_template_words(tasks->options, tasks->operand, tasks->operand_count);
    int rc = nf_template_open(&verification->pattern, tasks->options, tasks->operand, words, err);
    if (rc < 0)
        return rc;
    nf_template_limit(verification->pattern, NF_COMMAND_BYTES);
    rc = nf_slots_make(&verification->slots, tasks->options, err);
    if (rc >= 0)
        rc = nf_input_open(&verification->input, tasks->options, tasks->operand + words,
                           tasks->operand_count - words, verification->pattern,
                           verification->slots.count, err);
    if (rc < 0)
        return rc;
    const char *const *names = nf_input_names(verification->input, &count);
    rc = names ? nf_template_names(verification->pattern, names, count, err) : 0;
    if (rc >= 0 && names && verification->check_pattern)
        rc = nf_template_names(verification->check_pattern, names, count, err);
    return rc;
}

static int open_check(struct verification *verification, nfold_error *err)
{
    const nfold_options *options = verification->tasks.options;
    const char *text = nf_options_text(verification->command->options, "output-check");
    if (text == NULL)
        text = nf_options_text(options, "output-check");
    if (text == NULL)
        return 0;
    int rc = nf_template_open(&verification->check_pattern, options, &text, 1, err);
    if (rc >= 0)
        rc = nf_shell_choice_open(&verification->shell, err);
    verification->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (rc >= 0 && verification->null_fd < 0)
        rc = nf_fail_errno(err, "cannot open /dev/null");
    return rc;
}

static int open_run(struct verification *verification, nfold_error *err)
{
    const struct nf_history *history = verification->history;
    int is_partial;
    verification->tasks = (struct nf_command){.verb = &nf_verb_tasks};
    int rc = nf_run_return(history, &is_partial, err);
    if (rc >= 0 && history->pattern == NULL)
        rc = nf_fail(err, NFOLD_E_VALUE, "no run was ever begun in %s", history->path);
    if (rc >= 0)
        rc = nf_read_command(&verification->tasks, (int)history->command.word_count - 1,
                             history->command.words + 1, err);
    if (rc >= 0)
        rc = open_check(verification, err);
    if (rc >= 0)
        rc = open_input(verification, err);
    if (rc >= 0)
        rc = nf_index_open(&verification->seen, err);
    verification->check_slots =
        verification->slots.count < CHECKS_MOST ? verification->slots.count : CHECKS_MOST;
    return rc;
}

/* ---- what is wrong ---- */

static int say_wrong(struct verification *verification, uint64_t sequence, const char *what,
                     const char *line, nfold_error *err)
{
    verification->wrong++;
    if (verification->is_json) {
        nf_json_object(&verification->json, NULL);
        nf_json_unsigned(&verification->json, "task", sequence);
        nf_json_string(&verification->json, "wrong", what);
        nf_json_string(&verification->json, "command", line);
        nf_json_end(&verification->json);
    } else {
        nf_buffer_print(&verification->out, "%7" PRIu64 "  %-12s  ", sequence, what);
        nf_run_one_line(&verification->out, line, strlen(line),
                        verification->command->out.width - 23);
        nf_buffer_string(&verification->out, "\n");
    }
    if (verification->out.size < WRITE_BYTES)
        return 0;
    int rc = nf_output_write(STDOUT_FILENO, &verification->out, err);
    verification->out.size = 0;
    return rc;
}

/* ---- checks ---- */

static int start_check(struct verification *verification, struct check *check, nfold_error *err)
{
    struct nf_command_form form;
    sigset_t mask;
    int is_exec;
    int rc = nf_command_form_make(&form, verification->shell, check->line, err);
    if (rc < 0)
        return rc;
    sigemptyset(&mask);
    struct nf_spawn spawn = {.path = form.path,
                             .argv = form.argv,
                             .envp = environ,
                             .fd = {verification->null_fd, verification->null_fd, -1},
                             .group_fd = {-1, -1},
                             .mask = &mask};
    check->pid = nf_spawn(&spawn, &is_exec);
    if (check->pid < 0) {
        check->pid = 0;
        rc = nf_fail_errno(err, "cannot run the check %s", check->line);
    }
    nf_command_form_clear(&form);
    return rc;
}

/* Waits for one of the checks that run. */
static int end_check(struct verification *verification, nfold_error *err)
{
    int status, rc = 0;
    pid_t pid;
    do
        pid = waitpid(-1, &status, 0);
    while (pid < 0 && errno == EINTR);
    if (pid < 0)
        return nf_fail_errno(err, "cannot wait for a check");
    for (unsigned i = 0; i < verification->check_slots; i++) {
        struct check *check = &verification->check[i];
        if (check->pid != pid)
            continue;
        verification->checks--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            verification->ok++;
        else
            rc = say_wrong(verification, check->sequence, "check failed", check->line, err);
        free(check->line);
        *check = (struct check){0};
    }
    return rc;
}

static int begin_check(struct verification *verification, const struct nf_task *task,
                       nfold_error *err)
{
    struct nfold_buffer line = {0};
    int rc = 0;
    if (verification->checks == verification->check_slots)
        rc = end_check(verification, err);
    if (rc >= 0)
        rc = nf_template_render(verification->check_pattern, task, 1, &line, err);
    if (rc < 0) {
        nf_buffer_clear(&line);
        return rc;
    }
    struct check *check = verification->check;
    while (check->pid != 0)
        check++;
    *check = (struct check){.sequence = task->sequence, .line = line.data};
    rc = start_check(verification, check, err);
    if (rc < 0) {
        free(check->line);
        *check = (struct check){0};
        return rc;
    }
    verification->checks++;
    return 0;
}

/* ---- inputs ---- */

/* How the task ended; -1: it did not. */
static int end_of(struct verification *verification, const struct nf_task *task, nfold_error *err)
{
    struct nf_identity identity;
    nf_identity_of_values(&identity, verification->history->pattern, task);
    uint32_t *seen = nf_index_at(verification->seen, &identity, err);
    if (seen == NULL)
        return NFOLD_E_MEMORY;
    *seen += NF_INDEX_SEEN_ONE;
    nf_identity_of_occurrence(&identity, NF_INDEX_SEEN(*seen));
    const uint32_t *mark = nf_index_find(verification->history->index, &identity);
    return mark != NULL ? NF_INDEX_ENDED(*mark) : -1;
}

static int verify_task(struct verification *verification, const struct nf_task *task,
                       nfold_error *err)
{
    struct nfold_buffer line = {0};
    int ended = end_of(verification, task, err);
    verification->inputs++;
    verification->known += ended >= 0;
    if (ended == NFOLD_E_MEMORY)
        return ended;
    if (ended == NF_TASK_OK && verification->check_pattern != NULL)
        return begin_check(verification, task, err);
    if (ended == NF_TASK_OK) {
        verification->ok++;
        return 0;
    }
    int rc = nf_template_render(verification->pattern, task, 1, &line, err);
    if (rc >= 0)
        rc = say_wrong(verification, task->sequence,
                       ended < 0 ? "no end" : nf_task_status_name((enum nf_task_status)ended),
                       nf_buffer_text(&line), err);
    nf_buffer_clear(&line);
    return rc;
}

static int verify_tasks(struct verification *verification, nfold_error *err)
{
    struct nf_task task = {0};
    int rc;
    while ((rc = nf_input_next(verification->input, &task, err)) > 0) {
        if (rc == NF_INPUT_WAIT) {
            struct pollfd one = {.fd = nf_input_fd(verification->input), .events = POLLIN};
            poll(&one, 1, -1);
            continue;
        }
        rc = verify_task(verification, &task, err);
        nf_task_clear(&task);
        if (rc < 0)
            break;
    }
    while (verification->checks > 0) {
        int ended = end_check(verification, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : ended;
    }
    return rc;
}

/* ---- the answer ---- */

static void sum_up(struct verification *verification)
{
    const struct nf_history *history = verification->history;
    struct nfold_buffer *out = &verification->out;
    uint64_t gone = history->tasks > verification->known ? history->tasks - verification->known : 0;
    if (verification->is_json) {
        nf_json_end(&verification->json);
        nf_json_unsigned(&verification->json, "inputs", verification->inputs);
        nf_json_unsigned(&verification->json, "ok", verification->ok);
        nf_json_unsigned(&verification->json, "gone", gone);
        nf_json_unsigned(&verification->json, "ran_twice", history->twice);
        nf_json_string(&verification->json, "damage", history->note[0] ? history->note : NULL);
        nf_json_end(&verification->json);
        return;
    }
    nf_buffer_print(out, "%" PRIu64 " input%s: %" PRIu64 " ok", verification->inputs,
                    verification->inputs == 1 ? "" : "s", verification->ok);
    if (verification->wrong > 0)
        nf_buffer_print(out, ", %" PRIu64 " not", verification->wrong);
    if (history->twice > 0)
        nf_buffer_print(out, "; %" PRIu64 " ran twice", history->twice);
    if (gone > 0)
        nf_buffer_print(out, "; %" PRIu64 " that ran are no inputs any more", gone);
    nf_buffer_string(out, "\n");
    if (history->note[0] != '\0')
        nf_buffer_print(out, "%s\n", history->note);
}

static int verify(struct verification *verification, nfold_error *err)
{
    int rc = open_run(verification, err);
    if (rc < 0)
        return rc;
    if (verification->is_json) {
        nf_json_object(&verification->json, NULL);
        nf_json_string(&verification->json, "run", verification->history->path);
        nf_json_array(&verification->json, "not_ok");
    }
    rc = verify_tasks(verification, err);
    if (rc < 0)
        return rc;
    sum_up(verification);
    verification->command->status = verification->wrong > 0 || verification->history->twice > 0;
    return nf_output_write(STDOUT_FILENO, &verification->out, err);
}

static void close_verification(struct verification *verification)
{
    nf_input_close(verification->input);
    nf_slots_clear(&verification->slots);
    nf_template_close(verification->pattern);
    nf_template_close(verification->check_pattern);
    nf_shell_choice_close(verification->shell);
    if (verification->null_fd >= 0)
        close(verification->null_fd);
    nf_index_close(verification->seen);
    nf_read_command_clear(&verification->tasks);
    nf_buffer_clear(&verification->out);
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_history history;
    struct verification verification = {.command = command,
                                        .history = &history,
                                        .null_fd = -1,
                                        .is_json = nf_options_flag(command->options, "json")};
    verification.json.out = &verification.out;
    if (command->operand_count > 1)
        return nf_verb_too_many(command->verb, command->operand[1], err);
    int rc = nf_run_operand(&history, command, err);
    if (rc >= 0)
        rc = verify(&verification, err);
    close_verification(&verification);
    nf_history_close(&history);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold verify night1", "one ok end each?"},
    {"nfold verify night1 --output-check 'test -s {.}.out'", "and its output?"},
    {0},
};

const struct nf_verb nf_verb_verify = {
    .name = "verify",
    .summary = "prove that every input of a run has exactly one ok end",
    .operands = "RUN",
    .about = "Reads the inputs of the run again and the record, and lists what is missing.\n"
             "With a check, COMMAND is run for each input that is ok, with the replacements\n"
             "of `nfold tasks`. RUN is a folder, the name of a run that `nfold runs` shows,\n"
             "a beginning of it, or 'last'.\n",
    .answer_is_no = "an input has no ok end or more than one, or its check failed",
    .tables = {rows},
    .common = {nf_rows_common},
    .examples = examples,
    .run = run,
};
