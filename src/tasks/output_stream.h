/* output_stream.h: what one attempt of a task printed on stdout or on stderr: read from its pipe,
 * kept in the run's container, shown from a cursor. For output_group.c. */
#ifndef NF_OUTPUT_STREAM_H
#define NF_OUTPUT_STREAM_H

#include <stdint.h>

#include "buffer.h"
#include "container.h"
#include "error.h"

struct nf_output_extent {
    uint64_t start; /* of the stream */
    uint64_t at;    /* in the container */
    size_t size;
};

struct nf_output_stream {
    int fd;              /* the pipe's reading end; -1: closed */
    uint64_t total;      /* bytes read so far */
    uint64_t line_end;   /* behind the last newline read */
    uint64_t shown;      /* bytes passed on so far */
    int is_inside_line;  /* the last byte shown was no newline */
    uint64_t tail_start; /* what is before it is in the container */
    struct nfold_buffer tail;
    uint64_t tail_at; /* it is in the container too, its bytes at this place; 0: it is not */
    struct nf_output_extent *extent; /* of the container, in order */
    size_t extent_count, extent_shown;
};

/* Reads what is there, at most about most bytes: 1 more may come, 0 end of file, or < 0. */
int nf_output_stream_read(struct nf_output_stream *stream, size_t most, nfold_error *err);
/* The tail is in the container, at tail_at: memory need not have it. */
int nf_output_stream_stored(struct nf_output_stream *stream, nfold_error *err);
/* Adds what is in the container and was not read from a pipe. */
int nf_output_stream_found(struct nf_output_stream *stream, uint64_t at, size_t size,
                           nfold_error *err);
/* Turns round the order of what was found. */
void nf_output_stream_reverse(struct nf_output_stream *stream);
/* The next bytes to show, not beyond limit: how many, 0 none, or < 0. They stay until the next
 * call. scratch has room for NF_OUTPUT_PIECE bytes. */
#define NF_OUTPUT_PIECE ((size_t)64 << 10)
long nf_output_stream_peek(struct nf_output_stream *stream, const struct nf_container *container,
                           uint64_t limit, char *scratch, const char **data, nfold_error *err);
/* Puts other bytes in the place of all that was read; takes them out of with. */
void nf_output_stream_replace(struct nf_output_stream *stream, struct nfold_buffer *with);
void nf_output_stream_shown(struct nf_output_stream *stream, size_t size);
/* Forgets the tail's bytes that were shown: they are not to be kept anywhere. */
void nf_output_stream_forget(struct nf_output_stream *stream);
void nf_output_stream_close(struct nf_output_stream *stream);
void nf_output_stream_clear(struct nf_output_stream *stream);

#endif
