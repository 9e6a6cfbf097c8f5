/* man.c: nfold man VERB | functions | parallel (hidden): lists as mdoc, for the build of the manual
 * pages.
 */
#include <string.h>
#include <unistd.h>

#include "gnu_options.h"
#include "help_text.h"
#include "output.h"
#include "verb.h"

static int write_options(const struct nf_command *command, struct nfold_buffer *text,
                         nfold_error *err)
{
    const struct nf_verb *verb = nf_verb_find(command->operand[0]);
    struct nf_option rows[NF_VERB_ROWS];
    int rc;
    if (verb == NULL)
        return nf_verb_misused(command->verb, err, "there is no verb '%s'", command->operand[0]);
    rc = nf_verb_rows(verb, rows, err);
    if (rc >= 0)
        nf_option_man(text, rows);
    return rc;
}

static void write_flag(struct nfold_buffer *text, const char *name, size_t length, int is_first)
{
    nf_buffer_print(text, "%sFl %s", is_first ? "" : " , ", length == 1 ? "" : "\\-");
    for (size_t i = 0; i < length; i++)
        nf_buffer_print(text, "%s%c", name[i] == '-' ? "\\" : "", name[i]);
}

/* -k , --keep-order , --keeporder */
static void write_flags(struct nfold_buffer *text, const struct nf_option *row)
{
    const char *alias = row->aliases;
    nf_buffer_string(text, ".It ");
    if (row->letter)
        write_flag(text, &row->letter, 1, 1);
    write_flag(text, row->name, strlen(row->name), !row->letter);
    while (alias != NULL) {
        size_t length = strcspn(alias, "|");
        if (length != strlen(row->name) || memcmp(alias, row->name, length) != 0)
            write_flag(text, alias, length, 0);
        alias = alias[length] != '\0' ? alias + length + 1 : NULL;
    }
    nf_buffer_string(text, "\n");
}

/* Every option of GNU parallel, and what becomes of it. */
static void write_parallel(struct nfold_buffer *text)
{
    static const char *const words[] = {
        [NF_GNU_DONE] = "Done: ", [NF_GNU_IGNORED] = "Ignored: ", [NF_GNU_REFUSED] = "Refused: "};
    const struct nf_option *row;
    enum nf_gnu_verdict verdict;
    const char *why;
    for (unsigned i = 0; (row = nf_gnu_option(i, &verdict, &why)) != NULL; i++) {
        write_flags(text, row);
        nf_buffer_string(text, words[verdict]);
        nf_option_man_text(text, why);
        nf_buffer_string(text, ".\n");
    }
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = 0;
    if (command->operand_count != 1)
        return nf_verb_misused(command->verb, err, "name one verb, functions or parallel");
    if (strcmp(command->operand[0], "functions") == 0)
        nf_man_functions(&text);
    else if (strcmp(command->operand[0], "parallel") == 0)
        write_parallel(&text);
    else
        rc = write_options(command, &text, err);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static const struct nf_example examples[] = {{"nfold man integrate", ""}, {0}};

const struct nf_verb nf_verb_man = {
    .name = "man",
    .summary = "lists of the manual pages as mdoc",
    .operands = "VERB | functions | parallel",
    .about = "For the build of the manual pages.\n",
    .is_hidden = 1,
    .examples = examples,
    .run = run,
};
