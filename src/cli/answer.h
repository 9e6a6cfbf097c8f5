/* answer.h: one work, run and answered: what integrate and reduce do once they know their work. */
#ifndef NF_ANSWER_H
#define NF_ANSWER_H

#include "request.h"

/* Runs request (or shows its code), prints the answer and, where it is wanted, the report. */
int nf_answer(struct nf_command *command, const struct nf_request *request, nfold_error *err);

/* One run in an open context, with signals watched and a progress bar. *report as nfold_run's. */
int nf_answer_run(const struct nf_command *command, nfold_context *context, const nfold_work *work,
                  const char *label, nfold_report **report, nfold_error *err);

#endif
