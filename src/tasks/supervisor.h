/* supervisor.h: the loop that starts tasks in slots, waits for them and ends them. */
#ifndef NF_SUPERVISOR_H
#define NF_SUPERVISOR_H

#include "command_form.h"
#include "input.h"
#include "task_output.h"
#include "record.h"
#include "template.h"

struct nf_statistics; /* statistics.h: what the report and the progress line are made of */
struct nf_slots;      /* slot.h */
struct nf_guardian;   /* guardian.h: started first of all, before anything is opened */

/* All opened by the caller, who closes them. */
struct nf_supervision {
    const nfold_options *options; /* retries, timeout, halt, delay, nice, load, memfree, need … */
    struct nf_input *input;
    struct nf_template *pattern;
    struct nf_record *record;
    struct nf_output *output;
    struct nf_slots *slots;
    struct nf_statistics *statistics;
    struct nf_shell_choice *shell;
    struct nf_guardian *guardian;         /* NULL, in tests: none */
    void (*show)(void *user, double now); /* NULL, or to show progress: four times a second */
    /* NULL, or to hear of each try that ended. began: monotonic. */
    void (*ended)(void *user, const struct nf_task *task, const char *command,
                  const struct nf_task_result *result, double began);
    void *user;
};

enum nf_supervision_end {
    NF_SUPERVISION_DONE,    /* the input is at its end and nothing runs */
    NF_SUPERVISION_HALTED,  /* --halt; its exit status in halt_status */
    NF_SUPERVISION_DRAINED, /* Ctrl-C, SIGHUP, time limit: exit 102 */
    NF_SUPERVISION_STOPPED, /* by a signal: raised again */
};

struct nf_supervision_result {
    enum nf_supervision_end end;
    int halt_status;
    int is_share; /* --halt N%: halt_status is also that of a run that is done */
    int signal;
    char why[256];        /* "time limit", "--halt", "Ctrl-C" */
    int may_be_cancelled; /* SIGTERM long before the job's end */
    int is_time_over;     /* the job's time, or a batch system's signal: --requeue is due */
    size_t left_behind;   /* processes that tasks had left running; they were ended */
};

int nf_supervise(const struct nf_supervision *supervision, struct nf_supervision_result *result,
                 nfold_error *err);

#endif
