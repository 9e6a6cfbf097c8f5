/* tasks_view.h: what is shown of a run of tasks: progress while it runs; summary, report, JSON and
 * page at its end. */
#ifndef NF_TASKS_VIEW_H
#define NF_TASKS_VIEW_H

#include "progress_line.h"
#include "tasks_summary.h"
#include "timeline.h"
#include "verb.h"

struct nf_tasks_view {
    const struct nf_command *command;
    const struct nf_supervision *with;
    struct nf_timeline *timeline; /* --html */
    struct nf_progress_line line;
    int has_line;
};

/* Before the run: what with lists is open by now; adds what the loop is to call. with must outlive
 * view. NFOLD_E_SYSTEM: the page could not be written at the end. */
int nf_tasks_view_open(struct nf_tasks_view *view, const struct nf_command *command,
                       struct nf_supervision *with, nfold_error *err);
/* The run is over, and what it printed is out: takes the line of progress away. Before record and
 * output are closed. */
void nf_tasks_view_stop(struct nf_tasks_view *view);
/* The last lines. */
int nf_tasks_view_close(struct nf_tasks_view *view, const struct nf_tasks_summary *summary,
                        nfold_error *err);

#endif
