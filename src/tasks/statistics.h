/* statistics.h: counts of the loop for the progress line, the learned --need and the report. Fixed
 * memory: durations go into a histogram. */
#ifndef NF_STATISTICS_H
#define NF_STATISTICS_H

#include "error.h"
#include "json.h"
#include "task.h"

struct nf_statistics;

int nf_statistics_open(struct nf_statistics **statistics, unsigned slots, nfold_error *err);
void nf_statistics_close(struct nf_statistics *statistics);
/* By the loop. now: monotonic seconds. */
void nf_statistics_free_slot(struct nf_statistics *statistics, unsigned slot, double now);
void nf_statistics_began(struct nf_statistics *statistics, unsigned slot, double now);
void nf_statistics_ended(struct nf_statistics *statistics, const struct nf_task_result *result,
                         double now);
/* Durations of ok tasks: 0.5 the median, 0.95; NaN: fewer than at_least ended. */
double nf_statistics_quantile(const struct nf_statistics *statistics, double share,
                              unsigned at_least);
/* Share of slot time in which a task ran, from the first start to now. */
double nf_statistics_busy(const struct nf_statistics *statistics, double now);
unsigned nf_statistics_running(const struct nf_statistics *statistics);
/* Seconds that a slot was free between two tasks, on average: what dispatching costs. 0: no two
 * yet.
 */
double nf_statistics_gap(const struct nf_statistics *statistics);
/* Seconds from a start to the first byte of output, on average; NaN: no task wrote anything. */
double nf_statistics_first_output(const struct nf_statistics *statistics);

#endif
