/* ending.h: processes that are being ended, the ladder up, also those that outlive their task. */
#ifndef NF_ENDING_H
#define NF_ENDING_H

#include "descendants.h"
#include "ladder.h"

struct nf_ending {
    pid_t group;                 /* of the task */
    struct nf_descendants below; /* those that were found below it, wherever they went since */
    int pipe[2];                 /* its output, held open; -1: not */
    unsigned rung;               /* the next one */
    double due;                  /* monotonic */
};

struct nf_endings {
    const struct nf_ladder *ladder;
    struct nf_ending *ending;
    size_t count, capacity;
};

void nf_endings_clear(struct nf_endings *endings);
/* Sends the first signal to a task's group and to all below it. rung: where to begin. pipe: where
 * its output is read, still the caller's; -1: nowhere. */
int nf_endings_add(struct nf_endings *endings, pid_t group, const int pipe[2], unsigned rung,
                   double now, nfold_error *err);
/* Sends what is due, forgets what is gone. Returns when to come again; infinity: nothing is left.
 */
double nf_endings_climb(struct nf_endings *endings, double now);
/* From now on nothing but SIGKILL. */
void nf_endings_hurry(struct nf_endings *endings);

#endif
