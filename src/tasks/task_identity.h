/* task_identity.h: what a task is, wherever its line stands in the input: the hash of the template, the
 * values and, among equals, which of them it is. Journals keep it, so it never changes. */
#ifndef NF_TASK_IDENTITY_H
#define NF_TASK_IDENTITY_H

#include "hash.h"
#include "task.h"

/* Of the first of equals: template and values, each with its length. */
void nf_identity_of_values(struct nf_identity *identity, const char *pattern_text,
                           const struct nf_task *task);
/* The same for a command line as a whole, where only a joblog remembers it. */
void nf_identity_of_command(struct nf_identity *identity, const char *command);
/* Of the occurrence-th of equals, from 1: the first's identity is left as it is. */
void nf_identity_of_occurrence(struct nf_identity *identity, uint64_t occurrence);

#endif
