/* ladder.h: how a task is ended: a row of signals with pauses, --term-seq. */
#ifndef NF_LADDER_H
#define NF_LADDER_H

#include "error.h"

#define NF_LADDER_STEPS 16

struct nf_ladder {
    unsigned count;
    struct {
        int signal;
        double seconds; /* until the next one */
    } step[NF_LADDER_STEPS];
};

/* "TERM,200,TERM,100,TERM,50,KILL,25": signals by name or number, milliseconds. A ladder that does
 * not end with KILL gets one. */
int nf_ladder_read(struct nf_ladder *ladder, const char *text, nfold_error *err);

#endif
