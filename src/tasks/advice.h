/* advice.h: one sentence about what to change, from what a run measured. */
#ifndef NF_ADVICE_H
#define NF_ADVICE_H

#include "tasks_report.h"

#define NF_ADVICE_SIZE 320

/* Writes and returns the sentence of the rule that has most to gain. */
const char *nf_advice(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE]);
/* No order of these tasks on these slots ends sooner: their seconds shared evenly, or the longest
 * one. A prediction. */
double nf_advice_least_wall(const struct nf_tasks_report *report);

#endif
