/* journal_writer.h: appends to a journal. Entries made before the file exists wait in memory. Room
 * is kept ahead, so that a full disk is known while the ends of running tasks can still be
 * written. */
#ifndef NF_JOURNAL_WRITER_H
#define NF_JOURNAL_WRITER_H

#include "error.h"
#include "journal.h"
#include "journal_sync.h"

struct nf_journal_writer {
    int fd;                    /* -1: no file yet */
    char *path;                /* NULL: no file yet */
    struct nfold_buffer early; /* what is to be written to it first */
    struct nfold_buffer entry; /* the one being written */
    uint64_t next_number;
    uint64_t end, reserved; /* of the file: bytes written, bytes that the disk has promised */
    int is_dirty;           /* written, but not synced */
    int is_full;            /* the disk promises no more */
    struct nf_journal_sync sync;
};

void nf_journal_writer_open(struct nf_journal_writer *writer);
/* From now on into the file, which is locked by the caller and ends with a sound entry at end (0:
 * it is empty). fd and path belong to the writer also on failure. */
int nf_journal_writer_attach(struct nf_journal_writer *writer, int fd, char *path, uint64_t end,
                             nfold_error *err);
/* Numbers the entry and writes it with one write. A failed one leaves the file as it was. */
int nf_journal_writer_add(struct nf_journal_writer *writer, struct nf_journal_entry *entry,
                          nfold_error *err);
/* Begins to bring it to the disk; while an earlier one is on its way it stays dirty. */
int nf_journal_writer_begin_sync(struct nf_journal_writer *writer, nfold_error *err);
/* To the disk, and waits for it. */
int nf_journal_writer_sync(struct nf_journal_writer *writer, nfold_error *err);
int nf_journal_writer_close(struct nf_journal_writer *writer, nfold_error *err);

#endif
