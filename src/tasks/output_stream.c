/* output_stream.c: the reading end of a pipe, and the bytes that came out of it. */
#include "output_stream.h"

#include <errno.h>
#include <stdlib.h>
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

static int add_extent(struct nf_output_stream *stream, struct nf_output_extent extent,
                      nfold_error *err)
{
    size_t count = stream->extent_count;
    if ((count & (count - 1)) == 0) {
        struct nf_output_extent *grown =
            reallocarray(stream->extent, count > 0 ? 2 * count : 1, sizeof *grown);
        if (grown == NULL)
            return nf_fail_memory(err);
        stream->extent = grown;
    }
    stream->extent[stream->extent_count++] = extent;
    return 0;
}

int nf_output_stream_stored(struct nf_output_stream *stream, nfold_error *err)
{
    struct nf_output_extent extent = {stream->tail_start, stream->tail_at, stream->tail.size};
    if (stream->shown < stream->total && extent.size > 0) {
        int rc = add_extent(stream, extent, err);
        if (rc < 0)
            return rc;
    }
    stream->tail_start = stream->total;
    stream->tail_at = 0;
    stream->tail.size = 0;
    return 0;
}

void nf_output_stream_reverse(struct nf_output_stream *stream)
{
    uint64_t start = 0;
    for (size_t i = 0, j = stream->extent_count; i + 1 < j; i++) {
        struct nf_output_extent moved = stream->extent[i];
        stream->extent[i] = stream->extent[--j];
        stream->extent[j] = moved;
    }
    for (size_t i = 0; i < stream->extent_count; i++) {
        stream->extent[i].start = start;
        start += stream->extent[i].size;
    }
}

int nf_output_stream_found(struct nf_output_stream *stream, uint64_t at, size_t size,
                           nfold_error *err)
{
    int rc = add_extent(stream, (struct nf_output_extent){stream->total, at, size}, err);
    stream->total += size;
    stream->tail_start = stream->total;
    return rc;
}

/* Reads bytes of the extent that is next to be shown. */
static long load(struct nf_output_stream *stream, const struct nf_container *container, size_t most,
                 char *scratch, nfold_error *err)
{
    struct nf_output_extent *extent = &stream->extent[stream->extent_shown];
    while (stream->shown >= extent->start + extent->size)
        extent = &stream->extent[++stream->extent_shown];
    size_t done = (size_t)(stream->shown - extent->start);
    size_t size = extent->size - done < most ? extent->size - done : most;
    int rc = nf_container_bytes(container, extent->at + done, scratch, size, err);
    return rc < 0 ? rc : (long)size;
}

long nf_output_stream_peek(struct nf_output_stream *stream, const struct nf_container *container,
                           uint64_t limit, char *scratch, const char **data, nfold_error *err)
{
    if (stream->shown >= limit)
        return 0;
    uint64_t left = limit - stream->shown;
    size_t most = left < NF_OUTPUT_PIECE ? (size_t)left : NF_OUTPUT_PIECE;
    *data = scratch;
    if (stream->shown < stream->tail_start)
        return load(stream, container, most, scratch, err);
    *data = stream->tail.data + (stream->shown - stream->tail_start);
    return (long)most;
}

void nf_output_stream_replace(struct nf_output_stream *stream, struct nfold_buffer *with)
{
    nf_output_stream_clear(stream);
    *stream = (struct nf_output_stream){.fd = -1, .total = with->size, .tail = *with};
    *with = (struct nfold_buffer){0};
}

void nf_output_stream_shown(struct nf_output_stream *stream, size_t size)
{
    stream->shown += size;
}

void nf_output_stream_forget(struct nf_output_stream *stream)
{
    if (stream->shown < stream->total)
        return;
    stream->tail_start = stream->total;
    stream->tail_at = 0;
    stream->tail.size = 0;
}

void nf_output_stream_close(struct nf_output_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

void nf_output_stream_clear(struct nf_output_stream *stream)
{
    nf_output_stream_close(stream);
    nf_buffer_clear(&stream->tail);
    free(stream->extent);
    stream->extent = NULL;
}
