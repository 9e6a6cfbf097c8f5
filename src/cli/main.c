/* main.c: finds the verb, reads its options, runs it; errors become messages and exit statuses. */
#include <string.h>
#include <unistd.h>

#include "crash.h"
#include "launch.h"
#include "message.h"
#include "output.h"
#include "ranks.h"
#include "help_text.h"
#include "read_command.h"
#include "signals.h"
#include "suggest.h"
#include "verb.h"

const struct nf_verb *const nf_verbs[] = {
    &nf_verb_tasks,     &nf_verb_resume,     &nf_verb_runs,    &nf_verb_logs, &nf_verb_verify,
    &nf_verb_integrate, &nf_verb_reduce,     &nf_verb_compare, &nf_verb_info, &nf_verb_help,
    &nf_verb_man,       &nf_verb_completion, &nf_verb_worker,  &nf_verb_row,  NULL,
};

/* What main needs to know beside the error. */
struct outcome {
    int is_silent; /* another copy of this command says it */
    int is_rank;   /* of MPI, which is to end in its own way, not by a signal */
};

static int print_text(struct nfold_buffer *text, nfold_error *err)
{
    int rc = nf_output_write(STDOUT_FILENO, text, err);
    nf_buffer_clear(text);
    return rc;
}

static int print_version(nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_buffer_print(&text, "nfold %s\n", nfold_version());
    return print_text(&text, err);
}

static int print_help(const struct nf_verb *verb, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = 0;
    if (verb != NULL)
        rc = nf_help_verb(&text, verb, err);
    else
        nf_help_all(&text);
    if (rc < 0) {
        nf_buffer_clear(&text);
        return rc;
    }
    return print_text(&text, err);
}

/* "integrate, reduce, compare, info and help" */
static void list_verbs(struct nfold_buffer *out)
{
    unsigned count = 0, shown = 0;
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        count += !(*verb)->is_hidden;
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++) {
        if ((*verb)->is_hidden)
            continue;
        nf_buffer_print(out, "%s%s",
                        shown == 0          ? ""
                        : shown + 1 < count ? ", "
                                            : " and ",
                        (*verb)->name);
        shown++;
    }
}

/* Breaks text at blanks into lines of at most 80 columns. */
static void wrap(struct nfold_buffer *text)
{
    char *line = text->data, *blank = NULL;
    for (char *c = text->data; c != NULL && *c != '\0'; c++) {
        if (*c == ' ' && c - line <= 80)
            blank = c;
        if (c - line >= 80 && blank != NULL) {
            *blank = '\n';
            line = blank + 1;
            blank = NULL;
        }
    }
}

static int show_verbs(nfold_error *err)
{
    struct nfold_buffer list = {0};
    nf_buffer_string(&list, "the verbs are ");
    list_verbs(&list);
    nf_buffer_string(&list, "; `nfold help` explains them");
    wrap(&list);
    nf_error_detail(err, "%s\n", nf_buffer_text(&list));
    nf_buffer_clear(&list);
    return NFOLD_E_USAGE;
}

static int unknown_verb(const char *name, nfold_error *err)
{
    const char *near = NULL;
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        if (!(*verb)->is_hidden)
            near = nf_suggest_nearer(name, strlen(name), near, (*verb)->name);
    near = nf_suggest_nearer(name, strlen(name), near, "--version");
    near = nf_suggest_nearer(name, strlen(name), near, "--help");
    nf_fail(err, NFOLD_E_USAGE, "there is no verb '%s'%s%s%s", name,
            near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
            near != NULL ? "'?" : "");
    return show_verbs(err);
}

/* Started in several copies that are no ranks, only the first says so; all of them end. */
static int refuse_copies(const struct nf_verb *verb, const struct nf_launch *launch,
                         nfold_error *err)
{
    if ((!verb->runs_works && !verb->starts_once) || launch->copies <= 1)
        return 0;
    return nf_fail(err, NFOLD_E_USAGE, "%s started this %lu times; start it once", launch->launcher,
                   launch->copies);
}

/* Returns the exit status that the verb set, or < 0. */
static int start_verb(struct nf_command *command, nfold_error *err)
{
    int rc;
    if (command->verb->runs_works) {
        nf_signals_watch(NULL);
        nf_crash_watch_exit();
    }
    nf_terminal_read(&command->out, STDOUT_FILENO);
    rc = command->verb->run(command, err);
    nf_crash_allow_exit();
    return rc < 0 ? rc : command->status;
}

static int run_read(struct nf_command *command, const struct nf_launch *launch, int read,
                    char **words, struct outcome *outcome, nfold_error *err)
{
    if (read >= 0 && nf_read_command_wants_help(command)) {
        outcome->is_silent = launch->rank != 0;
        return outcome->is_silent ? 0 : print_help(command->verb, err);
    }
    outcome->is_rank = nf_ranks_are_meant(command, launch);
    if (read >= 0 && !outcome->is_rank)
        read = refuse_copies(command->verb, launch, err);
    /* Whoever refuses to be a rank is waited for by those that are. */
    if (outcome->is_rank || (read < 0 && launch->copies > 1 && command->verb->runs_ranks))
        return nf_ranks_run(command, launch, read, start_verb, &outcome->is_silent, err);
    outcome->is_silent = read < 0 && launch->rank != 0;
    if (read < 0)
        return read;
    if (nf_ranks_are_missing(command, launch))
        return nf_ranks_start(command, words, err);
    return start_verb(command, err);
}

/* What all ranks must have been given; how many threads each has is its own affair. */
static void print_common_words(int count, char **words, struct nfold_buffer *text)
{
    static const char threads[] = "--threads";
    const size_t length = sizeof threads - 1;
    for (int k = 0; k < count; k++)
        if (strcmp(words[k], threads) == 0)
            k++;
        else if (strncmp(words[k], threads, length) != 0 || words[k][length] != '=')
            nf_buffer_print(text, "%s%s", k > 0 ? " " : "", words[k]);
}

/* words: the verb and what follows it. */
static int run_verb(const struct nf_verb *verb, int count, char **words,
                    const struct nf_terminal *messages, struct outcome *outcome, nfold_error *err)
{
    struct nf_command command = {.verb = verb, .messages = *messages};
    struct nfold_buffer text = {0};
    struct nf_launch launch;
    int rc;
    print_common_words(count, words, &text);
    command.word = words;
    command.words = nf_buffer_text(&text);
    nf_launch_read(&launch);
    rc = nf_read_command(&command, count - 1, words + 1, err);
    rc = run_read(&command, &launch, rc, words, outcome, err);
    nf_read_command_clear(&command);
    nf_buffer_clear(&text);
    return rc;
}

static int run_words(int count, char **words, const struct nf_terminal *messages,
                     const char **verb_name, struct outcome *outcome, nfold_error *err)
{
    const struct nf_verb *verb;
    if (count == 0) {
        nf_fail(err, NFOLD_E_USAGE, "say what to do");
        nf_error_detail(err, "usage: nfold VERB [options] OPERAND...\n");
        return show_verbs(err);
    }
    if (strcmp(words[0], "--version") == 0)
        return print_version(err);
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0)
        return print_help(NULL, err);
    verb = nf_verb_find(words[0]);
    if (verb == NULL)
        return unknown_verb(words[0], err);
    *verb_name = verb->name;
    return run_verb(verb, count, words, messages, outcome, err);
}

static void say(const struct nf_terminal *messages, const char *verb_name, const nfold_error *err)
{
    struct nfold_buffer who = {0};
    nf_buffer_print(&who, "nfold%s%s", verb_name[0] != '\0' ? " " : "", verb_name);
    nf_message_error(messages, nf_buffer_text(&who), err);
    nf_buffer_clear(&who);
}

int main(int argc, char **argv)
{
    struct nf_terminal messages;
    nfold_error err = {0};
    const char *verb_name = "";
    struct outcome outcome = {0};
    int rc;

    nf_output_guard();
    nf_terminal_read(&messages, STDERR_FILENO);
    rc = run_words(argc - 1, argv + (argc > 0), &messages, &verb_name, &outcome, &err);
    if (rc >= 0 && nf_output_finish(&err) < 0)
        rc = err.code;
    if (rc < 0 && !outcome.is_silent)
        say(&messages, verb_name, &err);
    if (nf_signals_caught() != 0 && !outcome.is_rank)
        nf_signals_end(nf_signals_caught());
    return rc < 0 ? nfold_error_status(rc) : rc;
}
