/* ranks.h: this command as one of several ranks that mpirun or srun started, or about to be started
 * so by itself. */
#ifndef NF_CLI_RANKS_H
#define NF_CLI_RANKS_H

#include "launch.h"
#include "verb.h"

/* Is this copy a rank? Not if its verb takes none: then several copies are a mistake. */
int nf_ranks_are_meant(const struct nf_command *command, const struct nf_launch *launch);
/* Runs the verb on rank 0, serves on the others. read: what reading the command gave; every failure
 * is told to the others. start: runs the verb. */
int nf_ranks_run(struct nf_command *command, const struct nf_launch *launch, int read,
                 int (*start)(struct nf_command *command, nfold_error *err), int *is_silent,
                 nfold_error *err);
/* Does the command ask for ranks that nobody has started? */
int nf_ranks_are_missing(const struct nf_command *command, const struct nf_launch *launch);
/* Starts them by mpirun and waits for their end: its exit status, or < 0. */
int nf_ranks_start(const struct nf_command *command, char **words, nfold_error *err);

#endif
