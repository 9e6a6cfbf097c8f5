/* identity.h: what defines the result of a work, as lines of text: equal lines, equal bits. */
#ifndef NF_IDENTITY_H
#define NF_IDENTITY_H

#include "buffer.h"
#include "executor.h"

/* Lines of "key value", the first of them the operand, which is for people only. Workers, backend,
 * instruction set and native code are in none. NFOLD_E_USAGE: the body cannot be told from another.
 */
int nf_identity(const struct nf_order_job *job, struct nfold_buffer *lines, nfold_error *err);

#endif
