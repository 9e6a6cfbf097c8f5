/* progress.h: a bar on stderr for runs that last: share done, rate, time left. Erased at the end.
 */
#ifndef NF_PROGRESS_H
#define NF_PROGRESS_H

#include <pthread.h>

#include <nfold/nfold.h>

#include "terminal.h"

struct nf_progress {
    const nfold_context *context;
    const struct nf_terminal *terminal;
    const char *label; /* "" or what runs: "threads 2" */
    double began;
    unsigned columns; /* of the line that is shown; the thread's own */
    pthread_t thread;
    pthread_mutex_t lock; /* guards ended */
    pthread_cond_t wake;
    int ended;
    int is_started;
};

/* Starts the thread that draws, if terminal is one and wanted is set; otherwise nothing happens.
 * A thread that cannot be made is no error: then there is no bar. All but wanted must outlive end.
 */
void nf_progress_start(struct nf_progress *progress, const nfold_context *context,
                       const struct nf_terminal *terminal, const char *label, int wanted);
void nf_progress_end(struct nf_progress *progress);

#endif
