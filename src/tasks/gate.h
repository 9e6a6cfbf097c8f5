/* gate.h: whether a task may be started now: --delay, --load, --memfree. */
#ifndef NF_GATE_H
#define NF_GATE_H

#include "option.h"

struct nf_gate {
    double delay;
    int is_delay_automatic;       /* longer after each failure, shorter after each success */
    double load;                  /* infinity: any */
    double memfree;               /* bytes; 0: any */
    double next_start, next_look; /* monotonic */
    int is_open;                  /* at the last look */
};

int nf_gate_read(struct nf_gate *gate, const nfold_options *options, nfold_error *err);
/* 0: start one; otherwise when to ask again. now: monotonic. */
double nf_gate_closed_until(struct nf_gate *gate, double now);
/* --memfree: so little is left that a task must go. */
int nf_gate_is_starved(const struct nf_gate *gate);
void nf_gate_started(struct nf_gate *gate, double now);
void nf_gate_ended(struct nf_gate *gate, int is_ok);

#endif
