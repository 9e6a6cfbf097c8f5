/* outlet.h: our stdout or stderr, written to without ever waiting for a slow reader. */
#ifndef NF_OUTLET_H
#define NF_OUTLET_H

#include <stddef.h>

#include "error.h"

struct nf_outlet {
    int fd;       /* what is written to */
    int stream;   /* 1 or 2: what the user calls it */
    int kind;     /* how it is kept from blocking */
    int is_owned; /* fd is a second opening of the same pipe or terminal */
};

void nf_outlet_open(struct nf_outlet *outlet, int stream);
void nf_outlet_close(struct nf_outlet *outlet);
/* Bytes taken: 0 when it would block now; NFOLD_E_SYSTEM naming the stream. A pipe that nobody
 * reads is an error, not a signal, if SIGPIPE is ignored. */
long nf_outlet_write(const struct nf_outlet *outlet, const char *data, size_t size,
                     nfold_error *err);
/* Waits until it can be written to. */
void nf_outlet_wait(const struct nf_outlet *outlet);

#endif
