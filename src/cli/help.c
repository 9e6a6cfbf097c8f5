/* help.c: nfold help [VERB], and the text behind --help; all of it comes from the verbs' tables. */
#include "help_text.h"

#include <string.h>
#include <unistd.h>

#include "output.h"
#include "suggest.h"

#define EXAMPLE_COLUMNS 52

static void print_examples(struct nfold_buffer *out, const struct nf_example *example)
{
    nf_buffer_string(out, "\nexamples\n");
    for (; example->line != NULL; example++) {
        if (example->what[0] == '\0')
            nf_buffer_print(out, "  %s\n", example->line);
        else
            nf_buffer_print(out, "  %-*s  %s\n", EXAMPLE_COLUMNS, example->line, example->what);
    }
}

static void print_status(struct nfold_buffer *out, const struct nf_verb *verb)
{
    nf_buffer_string(out, "\nexit status\n  0  done\n");
    if (verb->answer_is_no != NULL)
        nf_buffer_print(out, "  1  %s\n", verb->answer_is_no);
    nf_buffer_string(out, "  2  wrong use, a bad value, or a function that fails\n"
                          "  3  something is missing or cannot be written here\n");
    if (verb->runs_works)
        nf_buffer_string(out, "  Stopped by Ctrl-C or another signal, it ends by that signal.\n");
}

static int print_options(struct nfold_buffer *out, const struct nf_verb *verb, nfold_error *err)
{
    struct nf_option rows[NF_VERB_ROWS];
    int rc = nf_verb_rows(verb, rows, err);
    if (rc < 0)
        return rc;
    if (rows[0].name != NULL) {
        nf_buffer_string(out, rows[0].heading ? "" : "\noptions\n");
        nf_option_help(out, rows);
    }
    return 0;
}

int nf_help_verb(struct nfold_buffer *out, const struct nf_verb *verb, nfold_error *err)
{
    nf_buffer_print(out, "nfold %s: %s\n\nusage: nfold %s [options]%s%s\n\n%s", verb->name,
                    verb->summary, verb->name, verb->operands[0] != '\0' ? " " : "", verb->operands,
                    verb->about);
    print_examples(out, verb->examples);
    if (print_options(out, verb, err) < 0)
        return err != NULL ? err->code : NFOLD_E_MEMORY;
    print_status(out, verb);
    return 0;
}

void nf_help_all(struct nfold_buffer *out)
{
    nf_buffer_print(out,
                    "nfold %s: one computation on all you have, the same answer to the last bit\n"
                    "\nusage: nfold VERB [options] OPERAND...\n\n",
                    nfold_version());
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        if (!(*verb)->is_hidden)
            nf_buffer_print(out, "  %-9s  %s\n", (*verb)->name, (*verb)->summary);
    nf_buffer_string(out, "\nexamples\n");
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        if (((*verb)->runs_works || (*verb)->starts_once) && !(*verb)->is_hidden)
            nf_buffer_print(out, "  %s\n", (*verb)->examples[0].line);
    nf_buffer_string(out,
                     "\n`nfold help VERB` has more examples, the options and the exit status;\n"
                     "`nfold help expressions` has the operators and functions.\n");
}

#define TOPIC "expressions"

static int find_verb(const struct nf_command *command, const struct nf_verb **verb,
                     nfold_error *err)
{
    const char *name = command->operand[0], *near = NULL;
    *verb = nf_verb_find(name);
    if (*verb != NULL)
        return 0;
    for (const struct nf_verb *const *each = nf_verbs; *each != NULL; each++)
        near = nf_suggest_nearer(name, strlen(name), near, (*each)->name);
    near = nf_suggest_nearer(name, strlen(name), near, TOPIC);
    return nf_verb_misused(command->verb, err, "there is no verb '%s'%s%s%s", name,
                           near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                           near != NULL ? "'?" : "");
}

static int write_text(struct nfold_buffer *text, const char *topic, const struct nf_verb *verb,
                      nfold_error *err)
{
    if (verb != NULL)
        return nf_help_verb(text, verb, err);
    if (topic != NULL)
        nf_help_expressions(text);
    else
        nf_help_all(text);
    return 0;
}

static int write_json(struct nfold_buffer *text, const char *topic, const struct nf_verb *verb,
                      nfold_error *err)
{
    struct nf_json json = {.out = text};
    if (verb != NULL)
        return nf_help_json_verb(&json, verb, err);
    if (topic != NULL)
        nf_help_json_expressions(&json);
    else
        nf_help_json_all(&json);
    return 0;
}

static int write_help(const struct nf_command *command, struct nfold_buffer *text, nfold_error *err)
{
    const char *topic = command->operand_count > 0 ? command->operand[0] : NULL;
    const struct nf_verb *verb = NULL;
    int rc = 0;
    if (topic != NULL && strcmp(topic, TOPIC) != 0)
        rc = find_verb(command, &verb, err);
    if (rc < 0)
        return rc;
    return nf_options_flag(command->options, "json") ? write_json(text, topic, verb, err)
                                                     : write_text(text, topic, verb, err);
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc;
    if (command->operand_count > 1)
        return nf_verb_too_many(command->verb, command->operand[1], err);
    rc = write_help(command, &text, err);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold help", "all verbs"},
    {"nfold help integrate", "one of them"},
    {"nfold integrate --help", "the same"},
    {"nfold help expressions", "operators and functions"},
    {"nfold help integrate --json", "for a program"},
    {0},
};

const struct nf_verb nf_verb_help = {
    .name = "help",
    .summary = "explain nfold, or one verb",
    .operands = "[VERB | expressions]",
    .about = "Prints what a verb does, how it is used, examples, its options and exit status;\n"
             "or the operators and functions of expressions.\n",
    .common = {nf_rows_common},
    .examples = examples,
    .run = run,
};
