/* timeout.h: --timeout: how long a task may run. */
#ifndef NF_TIMEOUT_H
#define NF_TIMEOUT_H

#include "option.h"

struct nf_timeout {
    double seconds; /* infinity: none */
    double share;   /* of the median of the tasks that were ok; 0: seconds hold */
};

/* "90", "10m", "1h30m", "200%". */
int nf_timeout_read(struct nf_timeout *timeout, const nfold_options *options, nfold_error *err);
struct nf_statistics;
/* Seconds that a task may take, as far as known now. */
double nf_timeout_now(const struct nf_timeout *timeout, const struct nf_statistics *statistics);

#endif
