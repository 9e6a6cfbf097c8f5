/* describe.h: a work as text, for another process, rank or device to make an equal run of. */
#ifndef NF_DESCRIBE_H
#define NF_DESCRIBE_H

#include <nfold/body.h>

#include "buffer.h"
#include "plan.h"

/* Appends lines of "key value", numbers in hexadecimal, and the body's own description after
 * "body NAME". NFOLD_E_USAGE: this body exists in this process only. */
int nf_describe(const struct nf_plan *plan, const struct nfold_body *body,
                struct nfold_buffer *buffer, nfold_error *err);

#endif
