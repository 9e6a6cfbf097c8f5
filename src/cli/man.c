/* man.c: nfold man VERB | functions (hidden): lists as mdoc, for the build of the manual pages.
 */
#include <string.h>
#include <unistd.h>

#include "help_text.h"
#include "output.h"
#include "verb.h"

static int write_options(const struct nf_command *command, struct nfold_buffer *text,
                         nfold_error *err)
{
    const struct nf_verb *verb = nf_verb_find(command->operand[0]);
    struct nf_option rows[NF_VERB_ROWS];
    nfold_options *options = NULL;
    int rc;
    if (verb == NULL)
        return nf_verb_misused(command->verb, err, "there is no verb '%s'", command->operand[0]);
    if ((rc = nf_verb_options(verb, &options, err)) < 0)
        return rc;
    nf_verb_rows(verb, options, rows);
    nf_option_man(text, rows);
    nfold_options_destroy(options);
    return 0;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = 0;
    if (command->operand_count != 1)
        return nf_verb_misused(command->verb, err, "name one verb, or functions");
    if (strcmp(command->operand[0], "functions") == 0)
        nf_man_functions(&text);
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
    .operands = "VERB | functions",
    .about = "For the build of the manual pages.\n",
    .is_hidden = 1,
    .examples = examples,
    .run = run,
};
