/* describe.h: a work as text, for another process, rank or device to make an equal run of. */
#ifndef NF_DESCRIBE_H
#define NF_DESCRIBE_H

#include <stddef.h>

#include <nfold/body.h>

#include "buffer.h"
#include "executor.h"
#include "known.h"

/* Appends lines of "key value", numbers in hexadecimal, and the body's own description after
 * "body NAME". NFOLD_E_USAGE: this body exists in this process only. */
int nf_describe(const struct nf_order_job *job, const struct nf_known *known,
                struct nfold_buffer *buffer, nfold_error *err);

/* What such a text says. */
struct nf_description {
    nfold_work work; /* without its body */
    unsigned crowd;
    char isa[16], body[32];
    unsigned known; /* ranges that need not be done */
    const char *known_text;
    const char *body_text; /* the body's own description, to the end of the text */
    size_t body_size;
};

int nf_describe_read(struct nf_description *description, const char *text, size_t size,
                     nfold_error *err);
/* The ranges that need not be done. */
int nf_describe_known(const struct nf_description *description, struct nf_known *known,
                      nfold_error *err);

#endif
