/* saved_input.h: what a run read from standard input, kept so that resuming needs nobody to pipe it
 * again. In memory until the run has a folder; a regular file is copied as a whole then. */
#ifndef NF_SAVED_INPUT_H
#define NF_SAVED_INPUT_H

#include "buffer.h"
#include "error.h"

struct nf_saved_input {
    struct nfold_buffer early;
    char *directory; /* NULL: none yet */
    int fd;          /* -1: nothing was written yet */
    char *path;      /* what fd is, until it is published */
    int is_source;   /* standard input is the file that was saved before: nothing to save */
    int is_whole;    /* all of a regular file was copied */
    int has_any;
};

void nf_saved_input_open(struct nf_saved_input *input);
int nf_saved_input_attach(struct nf_saved_input *input, const char *directory, nfold_error *err);
int nf_saved_input_keep(struct nf_saved_input *input, const char *data, size_t size,
                        nfold_error *err);
/* is_over: it was read to its end. */
int nf_saved_input_close(struct nf_saved_input *input, int is_over, nfold_error *err);

#endif
