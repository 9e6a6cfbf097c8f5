/* journal_writer.c: one write an entry, one fdatasync for many. */
#include "journal_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AHEAD ((uint64_t)64 << 10)

void nf_journal_writer_open(struct nf_journal_writer *writer)
{
    *writer = (struct nf_journal_writer){.fd = -1, .next_number = 1};
}

/* Asks for room ahead of the end. File systems that cannot promise any are written to as they are.
 */
static void reserve(struct nf_journal_writer *writer, uint64_t size)
{
    if (writer->end + size + AHEAD / 2 <= writer->reserved || writer->is_full)
        return;
    if (fallocate(writer->fd, FALLOC_FL_KEEP_SIZE, (off_t)writer->end, (off_t)(size + AHEAD)) ==
        0) {
        writer->reserved = writer->end + size + AHEAD;
        return;
    }
    if (errno == ENOSPC || errno == EDQUOT)
        writer->is_full = 1;
    else
        writer->reserved = UINT64_MAX / 2;
}

static int write_whole(struct nf_journal_writer *writer, const char *data, size_t size,
                       nfold_error *err)
{
    size_t done = 0;
    reserve(writer, size);
    while (done < size) {
        ssize_t n = pwrite(writer->fd, data + done, size - done, (off_t)(writer->end + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int cause = errno;
            /* Half an entry would be a damaged middle once something follows it. */
            if (ftruncate(writer->fd, (off_t)writer->end) < 0)
                writer->is_full = 1;
            errno = cause;
            return nf_fail_errno(err, "cannot write the record of the run, %s", writer->path);
        }
        done += (size_t)n;
    }
    writer->end += size;
    writer->is_dirty = 1;
    return 0;
}

int nf_journal_writer_attach(struct nf_journal_writer *writer, int fd, char *path, uint64_t end,
                             nfold_error *err)
{
    writer->fd = fd;
    writer->path = path;
    writer->end = end;
    nf_journal_sync_open(&writer->sync, fd);
    if (ftruncate(fd, (off_t)end) < 0)
        return nf_fail_errno(err, "cannot cut the torn end off %s", path);
    int rc = 0;
    if (end == 0)
        rc = write_whole(writer, NF_JOURNAL_HEADER, NF_JOURNAL_HEADER_SIZE, err);
    if (rc >= 0 && writer->early.size > 0)
        rc = write_whole(writer, writer->early.data, writer->early.size, err);
    if (rc >= 0)
        nf_buffer_clear(&writer->early);
    return rc;
}

int nf_journal_writer_add(struct nf_journal_writer *writer, struct nf_journal_entry *entry,
                          nfold_error *err)
{
    struct nfold_buffer *out = writer->fd >= 0 ? &writer->entry : &writer->early;
    entry->number = writer->next_number;
    if (writer->fd >= 0)
        out->size = 0;
    nf_journal_encode(out, entry);
    if (out->failed)
        return nf_fail_memory(err);
    int rc = writer->fd >= 0 ? write_whole(writer, out->data, out->size, err) : 0;
    if (rc >= 0)
        writer->next_number++;
    return rc;
}

static int fail_sync(const struct nf_journal_writer *writer, nfold_error *err)
{
    return nf_fail_errno(err, "cannot bring %s to the disk", writer->path);
}

int nf_journal_writer_begin_sync(struct nf_journal_writer *writer, nfold_error *err)
{
    if (writer->fd < 0 || !writer->is_dirty)
        return 0;
    int rc = nf_journal_sync_ask(&writer->sync);
    if (rc < 0)
        return fail_sync(writer, err);
    writer->is_dirty = rc == 0;
    return 0;
}

int nf_journal_writer_sync(struct nf_journal_writer *writer, nfold_error *err)
{
    if (writer->fd < 0)
        return 0;
    int cause = nf_journal_sync_close(&writer->sync);
    errno = cause;
    if (cause != 0)
        return fail_sync(writer, err);
    if (fdatasync(writer->fd) < 0 && errno != EINVAL && errno != ENOSYS)
        return fail_sync(writer, err);
    writer->is_dirty = 0;
    return 0;
}

int nf_journal_writer_close(struct nf_journal_writer *writer, nfold_error *err)
{
    int rc = nf_journal_writer_sync(writer, err);
    if (writer->fd >= 0) {
        /* Gives back the room that was kept ahead. */
        if (writer->reserved > writer->end && ftruncate(writer->fd, (off_t)writer->end) < 0 &&
            rc >= 0)
            rc = nf_fail_errno(err, "cannot give back what %s does not need", writer->path);
        if (close(writer->fd) < 0 && errno != EINTR && rc >= 0)
            rc = nf_fail_errno(err, "cannot close %s", writer->path);
    }
    free(writer->path);
    nf_buffer_clear(&writer->early);
    nf_buffer_clear(&writer->entry);
    nf_journal_writer_open(writer);
    return rc;
}
