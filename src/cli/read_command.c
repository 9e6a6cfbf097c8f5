/* read_command.c: options from the words, then from the environment; operands keep their order. */
#include "read_command.h"

#include <stdlib.h>

#include "command_line.h"

static int read_words(struct nf_command *command, int count, char **words, nfold_error *err)
{
    const char **operand = calloc((size_t)count + 1, sizeof *operand);
    size_t operand_count = 0;
    int rc;
    if (operand == NULL)
        return nf_fail_memory(err);
    command->operand = operand;
    if (command->verb->options_come_first)
        rc = nf_command_line_leading(command->options, count, words, operand, &operand_count, err);
    else
        rc = nf_command_line(command->options, count, words, operand, &operand_count, err);
    command->operand_count = (unsigned)operand_count;
    if (rc == NFOLD_E_USAGE)
        return nf_verb_show_usage(command->verb, err);
    return rc;
}

int nf_read_command(struct nf_command *command, int count, char **words, nfold_error *err)
{
    int rc = nf_verb_options(command->verb, &command->options, err);
    if (rc >= 0)
        rc = read_words(command, count, words, err);
    if (rc >= 0 && !nf_read_command_wants_help(command))
        rc = nf_options_environment(command->options, err);
    return rc;
}

void nf_read_command_clear(struct nf_command *command)
{
    free((void *)command->operand);
    command->operand = NULL;
    nfold_options_destroy(command->options);
    command->options = NULL;
}

/* The hidden verbs have no options. */
int nf_read_command_wants_help(const struct nf_command *command)
{
    return nf_options_find(command->options, "help") != NULL &&
           nf_options_flag(command->options, "help");
}
