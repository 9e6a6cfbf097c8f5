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
/* How many of the slots there are by now; what never was is nobody's time. At most those that it
 * was opened with. */
void nf_statistics_set_slots(struct nf_statistics *statistics, unsigned slots);
/* By the loop. now: monotonic seconds. */
void nf_statistics_free_slot(struct nf_statistics *statistics, unsigned slot, double now);
void nf_statistics_began(struct nf_statistics *statistics, unsigned slot, double now);
void nf_statistics_ended(struct nf_statistics *statistics, const struct nf_task_result *result,
                         double now);
/* Between began and ended: which task it is, so that the longest has a name. */
void nf_statistics_name_task(struct nf_statistics *statistics, unsigned slot, uint64_t sequence);
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

/* Where the time of all slots went, from the first start to the last end. The five parts are slot
 * seconds and add up to slots * wall. */
struct nf_slot_time {
    double busy;
    double dispatch; /* free for at most NF_DISPATCH_MOST before the next task: starting it */
    double waiting;  /* free for longer: no input yet, --delay, --load, memory, a retry's pause */
    double tail;     /* behind a slot's last task, until the last task of all ended */
    double unused;   /* slots that never had a task */
};
#define NF_DISPATCH_MOST 0.1

struct nf_statistics_figures {
    unsigned slots, slots_used;
    uint64_t ended, ok;
    double wall;
    struct nf_slot_time time;
    double mean, median, p95;                 /* of ok tasks; NaN: there was none */
    double longest;                           /* of all tasks; 0: none */
    uint64_t longest_sequence, last_sequence; /* 0: not known */
    double last_seconds;                      /* of the task that ended last */
    double alone_seconds;                     /* at the end, while only that one ran */
    double processor_seconds, task_seconds;   /* of tasks that ended */
    double first_output;                      /* see nf_statistics_first_output */
    uint64_t peak_bytes;                      /* the largest of a task */
};

void nf_statistics_read(const struct nf_statistics *statistics,
                        struct nf_statistics_figures *figures);
uint64_t nf_statistics_count(const struct nf_statistics *statistics); /* tries that ended */
/* Tries that ended for each second since the first start. 0: none yet. */
double nf_statistics_rate(const struct nf_statistics *statistics, double now);
/* A prediction: seconds until rest more tasks and those that run are done, if they are like those
 * that ended ok: what one that has run for so long still needs is taken from the distribution. NaN:
 * none ended yet. */
double nf_statistics_left(const struct nf_statistics *statistics, uint64_t rest, double now);

#endif
