/* record.h: what became of every task: identity, journal, joblog, resuming, the balance. The one
 * place that knows what is done. Stands on journal.h, run_directory.h and joblog.h. */
#ifndef NF_RECORD_H
#define NF_RECORD_H

#include "buffer.h"
#include "option.h"
#include "task.h"

struct nf_record;

struct nf_record_counts {
    uint64_t submitted;                    /* tasks that the input gave so far, each once */
    uint64_t status[NF_TASK_STATUS_COUNT]; /* final ends, this run's and those resumed */
    uint64_t resumed;                      /* of ok: done in an earlier run, not started again */
    uint64_t fresh, gone;                  /* a resumed run: new inputs, inputs that are no more */
    uint64_t retries;
};

/* Options: run-dir, joblog, resume, resume-failed, retry-failed, adopt, results … pattern_text: the
 * template; argv: the whole command, kept for `nfold resume`. Reads the earlier journal, if there
 * is one; refuses another command's folder and a changed template. Nothing is created on disk
 * before it is needed: see nf_record_tick. */
int nf_record_open(struct nf_record **record, const nfold_options *options,
                   const char *pattern_text, char *const *argv, nfold_error *err);
/* The same to ask nf_record_admit alone, for those who only look: reads what there is, and changes
 * nothing. To be forgotten. */
int nf_record_look(struct nf_record **record, const nfold_options *options,
                   const char *pattern_text, nfold_error *err);
void nf_record_forget(struct nf_record *record); /* NULL is fine */
/* Gives the task its identity: 1 if it is to be started, 0 if it is done already. */
int nf_record_admit(struct nf_record *record, struct nf_task *task, const char *command,
                    nfold_error *err);
/* An attempt began (not written to disk at once) and ended: journalled before the slot starts
 * again. */
void nf_record_began(struct nf_record *record, const struct nf_task *task, unsigned slot);
int nf_record_ended(struct nf_record *record, const struct nf_task *task, const char *command,
                    const struct nf_task_result *result, nfold_error *err);
/* The input gave this one, and it will not be started: final NOT_STARTED or PREEMPTED. */
int nf_record_not_started(struct nf_record *record, const struct nf_task *task,
                          enum nf_task_status status, nfold_error *err);
/* The input gave something that no task can be made of: it counts, and is not started. */
void nf_record_unusable(struct nf_record *record);
/* Tasks of earlier runs are left out: which, is only known when the input gives them. */
int nf_record_resumes(const struct nf_record *record);
/* The input would give so many in all (0: not known), and is not read on. Those it did not give are
 * not started: 1 if that can be said. */
int nf_record_rest(struct nf_record *record, uint64_t total);
/* Called by the loop now and then, and with is_urgent at the first failure or signal: makes the run
 * directory after a second, syncs the journal when 100 ms are over. Returns the seconds until it
 * wants to be called again, or < 0. */
double nf_record_tick(struct nf_record *record, int is_urgent, nfold_error *err);
/* 1: the disk is full; the ends of what runs now can still be written, as far as we could keep room
 * for them. */
int nf_record_is_full(const struct nf_record *record);
/* The run stops before its input is at its end, or for another reason than that: the record says
 * why, and a default run directory stays. NULL: it was only not read to its end. */
void nf_record_stopped(struct nf_record *record, const char *why);
/* What was read from standard input, for `nfold resume`. record is one: see nf_input_watch. */
int nf_record_keep_input(void *record, const char *data, size_t size, nfold_error *err);
/* Makes the run directory now: something has to be put there. */
int nf_record_make_directory(struct nf_record *record, nfold_error *err);
/* The run directory, or NULL while there is none; its output container is there. */
const char *nf_record_directory(const struct nf_record *record);
const struct nf_record_counts *nf_record_counts(const struct nf_record *record);
/* "" or one line to say on stderr: a damaged journal, no place for a record. */
const char *nf_record_note(const struct nf_record *record);
/* Syncs and closes; removes a default directory if all is ok, and one that was made for a run that
 * stopped before its first task. *balances: submitted = the sum. */
int nf_record_close(struct nf_record *record, int *balances, nfold_error *err);

#endif
