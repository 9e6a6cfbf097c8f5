/* run_command.h: what `nfold resume` needs to run the same again: a small text file that people may
 * read too. */
#ifndef NF_RUN_COMMAND_H
#define NF_RUN_COMMAND_H

#include <stddef.h>

#include "error.h"

struct nf_run_command {
    char *folder;  /* where it was started */
    char *pattern; /* the template, for people */
    char **words;  /* the whole command line from "tasks" on, ended by NULL */
    size_t word_count;
};

/* Replaces the file as a whole or not at all. */
int nf_run_command_write(const char *directory, const char *folder, const char *pattern,
                         char *const *words, nfold_error *err);
int nf_run_command_read(struct nf_run_command *command, const char *directory, nfold_error *err);
void nf_run_command_clear(struct nf_run_command *command);

#endif
