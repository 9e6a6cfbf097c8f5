/* output.h: writing to stdout and stderr so that a full disk or a closed stream is an error. */
#ifndef NF_OUTPUT_H
#define NF_OUTPUT_H

#include "buffer.h"
#include "error.h"

/* Makes sure that 0, 1 and 2 are open, so that no file opened later can take an answer's place; a
 * closed stdout stays one that cannot be written. To be called first. */
void nf_output_guard(void);
/* Writes the whole buffer to fd; NFOLD_E_MEMORY if the buffer failed, NFOLD_E_SYSTEM naming the
 * stream. */
int nf_output_write(int fd, const struct nfold_buffer *buffer, nfold_error *err);
/* Closes stdout: the last chance of a network file system to say that it did not keep the bytes. */
int nf_output_finish(nfold_error *err);

#endif
