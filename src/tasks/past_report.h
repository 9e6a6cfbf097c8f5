/* past_report.h: the report of a run that is over, from its journal. */
#ifndef NF_PAST_REPORT_H
#define NF_PAST_REPORT_H

#include "history.h"
#include "tasks_report.h"
#include "timeline.h"

/* All starts of the run one after the other, the time between them left out. timeline: NULL, or the
 * picture, to be closed by the caller; the journal has the commands of those that are not ok. */
int nf_past_report(const struct nf_history *history, struct nf_tasks_report *report,
                   struct nf_timeline **timeline, nfold_error *err);

#endif
