/* output_stream.c: the reading end of a pipe, and the bytes that came out of it. */
#include "output_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)64 << 10)

static int take(struct nf_output_stream *stream, const char *data, size_t size, nfold_error *err)
{
    const char *newline = memrchr(data, '\n', size);
    nf_buffer_bytes(&stream->tail, data, size);
    if (stream->tail.failed)
        return nf_fail_memory(err);
    if (newline != NULL)
        stream->line_end = stream->total + (uint64_t)(newline + 1 - data);
    stream->total += size;
    return 0;
}

int nf_output_stream_read(struct nf_output_stream *stream, size_t most, nfold_error *err)
{
    char block[BLOCK];
    for (size_t done = 0; stream->fd >= 0 && done < most;) {
        ssize_t size = read(stream->fd, block, sizeof block);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return 1;
        if (size < 0)
            return nf_fail_errno(err, "cannot read what a task prints");
        if (size == 0) {
            nf_output_stream_close(stream);
            return 0;
        }
        int rc = take(stream, block, (size_t)size, err);
        if (rc < 0)
            return rc;
        done += (size_t)size;
        if ((size_t)size < sizeof block)
            return 1; /* most likely empty now; the loop comes back if it is not */
    }
    return stream->fd >= 0;
}

long nf_output_stream_peek(struct nf_output_stream *stream, uint64_t limit, size_t most,
                           const char **data, nfold_error *err)
{
    (void)err;
    if (stream->shown >= limit)
        return 0;
    size_t size = (size_t)(limit - stream->shown);
    *data = stream->tail.data + (stream->shown - stream->tail_start);
    return (long)(size < most ? size : most);
}

void nf_output_stream_shown(struct nf_output_stream *stream, size_t size)
{
    stream->shown += size;
    if (stream->shown < stream->total)
        return;
    stream->tail_start = stream->total;
    stream->tail.size = 0;
}

void nf_output_stream_close(struct nf_output_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}
