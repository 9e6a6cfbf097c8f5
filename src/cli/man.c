/* man.c: nfold man VERB (hidden): the options of a verb as mdoc, for the build of its manual page.
 */
#include <unistd.h>

#include "output.h"
#include "verb.h"

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_option rows[NF_VERB_ROWS];
    struct nfold_buffer text = {0};
    nfold_options *options = NULL;
    const struct nf_verb *verb;
    int rc;

    if (command->operand_count != 1 || (verb = nf_verb_find(command->operand[0])) == NULL)
        return nf_verb_misused(command->verb, err, "name one verb");
    if ((rc = nf_verb_options(verb, &options, err)) < 0)
        return rc;
    nf_verb_rows(verb, options, rows);
    nf_option_man(&text, rows);
    rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    nfold_options_destroy(options);
    return rc;
}

static const struct nf_example examples[] = {{"nfold man integrate", ""}, {0}};

const struct nf_verb nf_verb_man = {
    .name = "man",
    .summary = "the options of a verb as mdoc",
    .operands = "VERB",
    .about = "For the build of the manual pages.\n",
    .is_hidden = 1,
    .examples = examples,
    .run = run,
};
