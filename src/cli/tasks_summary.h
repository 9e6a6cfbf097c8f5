/* tasks_summary.h: the last lines of a run of tasks: what became of how many, how to go on, and the
 * exit status. */
#ifndef NF_TASKS_SUMMARY_H
#define NF_TASKS_SUMMARY_H

#include "json.h"
#include "supervisor.h"
#include "terminal.h"

struct nf_tasks_summary {
    struct nf_record_counts counts;
    struct nf_supervision_result result;
    int balances;
    uint64_t repeated; /* see nf_output_repeated */
    unsigned slots;
    double busy;           /* share of slot time */
    const char *directory; /* the run directory that stays, or NULL */
};

/* GNU parallel's: 0, 1 … 100 so many failed, 101 more, --halt's own; and 102 stopped early, 103 the
 * record does not balance. */
int nf_tasks_status(const struct nf_tasks_summary *summary);
/* 1 if it is to be shown: on a terminal, under a Slurm job, or if not all is ok. */
int nf_tasks_is_shown(const struct nf_tasks_summary *summary, const nfold_options *options,
                      const struct nf_terminal *terminal);
/* "1200 tasks: 812 ok, 3 failed", without an end of line. */
void nf_tasks_summary_line(struct nfold_buffer *out, const struct nf_tasks_summary *summary);
/* Members of an open object. */
void nf_tasks_summary_json(struct nf_json *json, const struct nf_tasks_summary *summary);
void nf_tasks_summarise(struct nfold_buffer *out, const struct nf_tasks_summary *summary,
                        const struct nf_terminal *terminal);

#endif
