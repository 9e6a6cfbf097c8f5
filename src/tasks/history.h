/* history.h: a run as its folder tells it, for those who look at it: runs, logs, verify, resume. */
#ifndef NF_HISTORY_H
#define NF_HISTORY_H

#include "container.h"
#include "index.h"
#include "journal.h"
#include "run_command.h"

struct nf_history {
    char *path; /* absolute */
    char *journal;
    struct nf_run_command command;
    char *pattern; /* what identities are made of; NULL: no run ever began */
    double began;  /* seconds of the epoch: the first start; NaN: none */
    double last;   /* the last thing that is written down */
    unsigned starts;
    int is_running;    /* an nfold works on it now */
    int is_closed;     /* the last one ended in order, with this: */
    int is_input_over; /* all inputs are known */
    uint64_t submitted;
    char why[128];
    /* By task: its last final end. */
    uint64_t tasks, status[NF_TASK_STATUS_COUNT];
    uint64_t twice;         /* ends that are ok of tasks that were ok already: there must be none */
    double task_seconds;    /* of all attempts */
    int has_output;         /* what tasks printed was kept */
    struct nf_index *index; /* see nf_history_is_last */
    char note[512];         /* what is damaged; "" */
};

/* Close it in any case. */
int nf_history_open(struct nf_history *history, const char *path, nfold_error *err);
void nf_history_close(struct nf_history *history);
/* "running", "done", "failed", "stopped", "died". */
const char *nf_history_state(const struct nf_history *history);
/* The folder's last part. */
const char *nf_history_name(const struct nf_history *history);
/* The end is the last final one of its task, among those with equal status. */
int nf_history_is_last(const struct nf_history *history, const struct nf_journal_entry *entry);
/* What its tasks printed, to be closed; NULL: nothing was kept. NFOLD_E_SYSTEM, _VALUE: it was, and
 * is not there any more, or cannot be read. */
int nf_history_output(const struct nf_history *history, struct nf_container **container,
                      nfold_error *err);
/* Calls visit for each end in the order of the journal; < 0 ends it. */
int nf_history_each(const struct nf_history *history,
                    int (*visit)(void *user, const struct nf_journal_entry *entry,
                                 nfold_error *err),
                    void *user, nfold_error *err);

#endif
