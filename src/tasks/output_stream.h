/* output_stream.h: what one attempt of a task printed on stdout or on stderr: read from its pipe,
 * shown from a cursor. For output.c. */
#ifndef NF_OUTPUT_STREAM_H
#define NF_OUTPUT_STREAM_H

#include <stdint.h>

#include "buffer.h"
#include "error.h"

struct nf_output_stream {
    int fd;              /* the pipe's reading end; -1: closed */
    uint64_t total;      /* bytes read so far */
    uint64_t line_end;   /* behind the last newline read */
    uint64_t shown;      /* bytes passed on so far */
    int is_inside_line;  /* the last byte shown was no newline */
    uint64_t tail_start; /* what is before it is in the container */
    struct nfold_buffer tail;
};

/* Reads what is there, at most about most bytes: 1 more may come, 0 end of file, or < 0. */
int nf_output_stream_read(struct nf_output_stream *stream, size_t most, nfold_error *err);
/* The next bytes to show, not beyond limit, at most about most: how many, 0 none, or < 0. They stay
 * until the next call. */
long nf_output_stream_peek(struct nf_output_stream *stream, uint64_t limit, size_t most,
                           const char **data, nfold_error *err);
void nf_output_stream_shown(struct nf_output_stream *stream, size_t size);
void nf_output_stream_close(struct nf_output_stream *stream);

#endif
