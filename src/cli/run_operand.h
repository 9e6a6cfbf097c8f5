/* run_operand.h: the operand RUN of resume, logs and verify, and what they say about a run. */
#ifndef NF_RUN_OPERAND_H
#define NF_RUN_OPERAND_H

#include "history.h"
#include "json.h"
#include "verb.h"

/* The run that the first operand names. Close the history in any case. */
int nf_run_operand(struct nf_history *history, const struct nf_command *command, nfold_error *err);
/* Goes back to where the run was started; standard input is what it read from it, if it did.
 * is_partial: it had not read all of it. */
int nf_run_return(const struct nf_history *history, int *is_partial, nfold_error *err);
/* "812 ok, 3 failed, 385 not started". */
void nf_run_counts(struct nfold_buffer *out, const struct nf_history *history);
/* An object of them, into an open one. */
void nf_run_counts_json(struct nf_json *json, const struct nf_history *history);
/* "just now", "12 min ago", "3 h ago", "2 days ago"; "" for NaN. */
const char *nf_run_age(double when, double now, char text[32]);
/* Bytes of a task as one line of at most width columns. */
void nf_run_one_line(struct nfold_buffer *out, const char *text, size_t size, unsigned width);

#endif
