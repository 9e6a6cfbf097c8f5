/* tasks_retry.h: --retry-failed with a joblog alone. */
#ifndef NF_TASKS_RETRY_H
#define NF_TASKS_RETRY_H

#include "verb.h"

/* With --retry-failed, --joblog and no --run-dir the tasks are the failed commands of the joblog,
 * whatever else the command line says, as for GNU parallel: they become standard input. */
int nf_tasks_retry(struct nf_command *command, nfold_error *err);
/* 1: the command is such a one. */
int nf_tasks_is_retry(const struct nf_command *command);

#endif
