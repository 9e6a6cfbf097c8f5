/* tasks_report.h: what a run of tasks measured about itself: where the time of its slots went. */
#ifndef NF_TASKS_REPORT_H
#define NF_TASKS_REPORT_H

#include "buffer.h"
#include "json.h"
#include "slot.h"
#include "statistics.h"

struct nf_tasks_report {
    struct nf_statistics_figures figures;
    uint64_t status[NF_TASK_STATUS_COUNT];
    unsigned cpus_allowed, cpus_each; /* cpus_each 0: not known, a run of the past */
    unsigned cpus_online;             /* of the machine */
    double load;                      /* its load average of the last minute; NaN: not known */
    double processors;                /* that a task kept busy, on average; NaN: none ended */
    /* An empty program of the command's interpreter, timed after the run; NaN: none. */
    double start_up;
    char interpreter[32]; /* "python3"; "" */
};

/* status: how many tasks ended how (nf_record_counts). slots: NULL, if the run is of the past. */
void nf_tasks_report_make(struct nf_tasks_report *report, const struct nf_statistics *statistics,
                          const uint64_t status[NF_TASK_STATUS_COUNT],
                          const struct nf_slots *slots);
/* Times the start-up of the interpreter that a command begins with, if it begins with one: some
 * tens of milliseconds. Not while tasks run. */
void nf_tasks_report_start_up(struct nf_tasks_report *report, const char *command);

/* Lines of at most 80 columns, the advice last. */
void nf_tasks_report_text(struct nfold_buffer *out, const struct nf_tasks_report *report);
void nf_tasks_report_json(struct nf_json *json, const char *key,
                          const struct nf_tasks_report *report);
/* Calls line with each line of the report but the advice. */
void nf_tasks_report_lines(const struct nf_tasks_report *report,
                           void (*line)(void *user, const char *label, const char *text),
                           void *user);

#endif
