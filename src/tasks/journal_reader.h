/* journal_reader.h: a journal from its beginning to its end, whatever became of it: a torn tail, a
 * damaged middle, an entry of a later version. Memory does not grow with the file. */
#ifndef NF_JOURNAL_READER_H
#define NF_JOURNAL_READER_H

#include "error.h"
#include "journal.h"

struct nf_journal_reader {
    int fd; /* not owned */
    const char *path;
    struct nfold_buffer window;
    uint64_t window_start; /* of the file */
    size_t at;             /* in the window: the next entry */
    int is_at_end;         /* the window reaches the end of the file */
    uint64_t next_number;
    /* What was found. */
    uint64_t sound_end;     /* behind the last entry that is right: a writer cuts the file here */
    uint64_t torn_bytes;    /* behind it: an entry that was being written, usually */
    uint64_t damaged_bytes; /* before it, unreadable */
    uint64_t damages;       /* at so many places */
    uint64_t lost_entries;  /* that were there, by the numbers of those around */
};

/* fd is read by position. NFOLD_E_VALUE: it is no journal, or one of a later version. A file
 * shorter than the header is an empty journal whose header was torn. */
int nf_journal_reader_open(struct nf_journal_reader *reader, int fd, const char *path,
                           nfold_error *err);
/* The next entry: 1, 0 at the end, or < 0. Its texts stay until the next call. */
int nf_journal_reader_next(struct nf_journal_reader *reader, struct nf_journal_entry *entry,
                           nfold_error *err);
void nf_journal_reader_close(struct nf_journal_reader *reader);

#endif
