/* read_command.h: the words after a verb become its options and operands. */
#ifndef NF_READ_COMMAND_H
#define NF_READ_COMMAND_H

#include "verb.h"

/* Fills command->options and operands from words, then from NFOLD_* variables, unless help is asked
 * for: that must not depend on them. Clear it in any case. */
int nf_read_command(struct nf_command *command, int count, char **words, nfold_error *err);
void nf_read_command_clear(struct nf_command *command);
int nf_read_command_wants_help(const struct nf_command *command);

#endif
