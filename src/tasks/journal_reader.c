/* journal_reader.c: a window that moves over the file. Where no entry is right, the next place that
 * has the mark and a right checksum is looked for: a chance hit is one in four thousand million. */
#include "journal_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)64 << 10)

/* Reads more behind the window, dropping what is before the next entry. */
static int window_fill(struct nf_journal_reader *reader, nfold_error *err)
{
    struct nfold_buffer *window = &reader->window;
    char block[BLOCK];
    ssize_t size;
    if (reader->at > 0) {
        memmove(window->data, window->data + reader->at, window->size - reader->at);
        window->size -= reader->at;
        reader->window_start += reader->at;
        reader->at = 0;
    }
    do {
        off_t where = (off_t)(reader->window_start + window->size);
        size = pread(reader->fd, block, sizeof block, where);
    } while (size < 0 && errno == EINTR);
    if (size < 0)
        return nf_fail_errno(err, "cannot read %s", reader->path);
    reader->is_at_end = size == 0;
    nf_buffer_bytes(window, block, (size_t)size);
    return window->failed ? nf_fail_memory(err) : 0;
}

/* Makes sure that size bytes from the next entry on are in the window, if the file has them. */
static int window_need(struct nf_journal_reader *reader, size_t size, nfold_error *err)
{
    int rc = 0;
    while (rc >= 0 && !reader->is_at_end && reader->window.size - reader->at < size)
        rc = window_fill(reader, err);
    return rc;
}

static const unsigned char *window_data(const struct nf_journal_reader *reader)
{
    return (const unsigned char *)nf_buffer_text(&reader->window) + reader->at;
}

int nf_journal_reader_open(struct nf_journal_reader *reader, int fd, const char *path,
                           nfold_error *err)
{
    *reader = (struct nf_journal_reader){.fd = fd, .path = path, .next_number = 1};
    int rc = window_need(reader, NF_JOURNAL_HEADER_SIZE, err);
    size_t size = reader->window.size;
    if (rc >= 0 && size < NF_JOURNAL_HEADER_SIZE) {
        if (memcmp(nf_buffer_text(&reader->window), NF_JOURNAL_HEADER, size) != 0)
            rc = nf_fail(err, NFOLD_E_VALUE, "%s is not a journal of nfold", path);
        reader->torn_bytes = size;
        reader->at = size;
    } else if (rc >= 0 &&
               memcmp(reader->window.data, NF_JOURNAL_HEADER, NF_JOURNAL_HEADER_SIZE) != 0) {
        int is_later = memcmp(reader->window.data, NF_JOURNAL_HEADER, 14) == 0;
        rc = nf_fail(err, NFOLD_E_VALUE,
                     is_later ? "%s was written by a later nfold; this one reads version 1"
                              : "%s is not a journal of nfold, or its first bytes are damaged",
                     path);
    } else if (rc >= 0) {
        reader->at = NF_JOURNAL_HEADER_SIZE;
        reader->sound_end = NF_JOURNAL_HEADER_SIZE;
    }
    if (rc < 0)
        nf_journal_reader_close(reader);
    return rc;
}

/* The entry that begins at the next byte; 0: none does. */
static long entry_here(struct nf_journal_reader *reader, struct nf_journal_entry *entry,
                       nfold_error *err)
{
    if (window_need(reader, 16, err) < 0)
        return NFOLD_E_SYSTEM;
    size_t size = nf_journal_size(window_data(reader), reader->window.size - reader->at);
    if (size == 0)
        return 0;
    if (window_need(reader, size, err) < 0)
        return NFOLD_E_SYSTEM;
    return (long)nf_journal_decode(window_data(reader), reader->window.size - reader->at, entry);
}

static void note_found(struct nf_journal_reader *reader, const struct nf_journal_entry *entry,
                       uint64_t start, size_t size)
{
    if (start > reader->sound_end) {
        reader->damages++;
        reader->damaged_bytes += start - reader->sound_end;
    }
    if (entry->number > reader->next_number)
        reader->lost_entries += entry->number - reader->next_number;
    reader->next_number = entry->number + 1;
    reader->at += size;
    reader->sound_end = start + size;
}

/* The next byte that may begin an entry; 0: there is none to the end of the file. */
static int next_mark(struct nf_journal_reader *reader, nfold_error *err)
{
    for (;;) {
        size_t left = reader->window.size - reader->at;
        const unsigned char *mark =
            left > 0 ? memchr(window_data(reader), NF_JOURNAL_MARK, left) : NULL;
        if (mark != NULL) {
            reader->at += (size_t)(mark - window_data(reader));
            return 1;
        }
        reader->at = reader->window.size;
        if (reader->is_at_end)
            return 0;
        int rc = window_fill(reader, err);
        if (rc < 0)
            return rc;
    }
}

int nf_journal_reader_next(struct nf_journal_reader *reader, struct nf_journal_entry *entry,
                           nfold_error *err)
{
    for (;;) {
        int rc = next_mark(reader, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        uint64_t start = reader->window_start + reader->at;
        long size = entry_here(reader, entry, err);
        if (size < 0)
            return (int)size;
        if (size > 0) {
            note_found(reader, entry, start, (size_t)size);
            return 1;
        }
        reader->at++;
    }
    reader->torn_bytes = reader->window_start + reader->window.size - reader->sound_end;
    return 0;
}

void nf_journal_reader_close(struct nf_journal_reader *reader)
{
    nf_buffer_clear(&reader->window);
}
