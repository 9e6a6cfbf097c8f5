/* journal.h: the bytes of a run's journal: what one entry says, and how it is written down.
 *
 *     "nfold journal 1\n"                                    16 bytes
 *     entries:  0xF5  checksum (4)  size  payload             checksum: CRC-32C of size and payload
 *     payload:  type (1)  number  fields…                     number: 1, 2, 3 … over the whole file
 *
 * Integers are LEB128, signed ones zigzag, times whole microseconds, texts a size and bytes. A
 * reader skips types that it does not know and fields behind those that it knows. Journals of
 * version 1 are read for ever: tests/recorded/journals keeps some. */
#ifndef NF_JOURNAL_H
#define NF_JOURNAL_H

#include <stddef.h>

#include "buffer.h"
#include "task.h"

#define NF_JOURNAL_HEADER      "nfold journal 1\n"
#define NF_JOURNAL_HEADER_SIZE 16
#define NF_JOURNAL_MARK        0xF5
#define NF_JOURNAL_LARGEST     ((size_t)4 << 20) /* payload; a longer command is cut */

enum nf_journal_type {
    NF_JOURNAL_START = 1, /* nfold began to work on the run */
    NF_JOURNAL_END = 2,   /* an attempt of a task ended */
    NF_JOURNAL_CLOSE = 3, /* nfold stopped working on the run, in order */
};

/* Texts point into the reader's or the writer's memory; size bytes, no zero at their end. */
struct nf_journal_text {
    const char *data;
    size_t size;
};

struct nf_journal_start {
    double when; /* seconds of the epoch */
    uint64_t pid;
    struct nf_journal_text host, pattern; /* the template in force */
};

struct nf_journal_end {
    uint64_t sequence;
    struct nf_identity identity;
    unsigned attempt;
    struct nf_task_result result;
    struct nf_journal_text command; /* size 0: of a journal that has those of failures alone */
};

struct nf_journal_close {
    double when;
    uint64_t submitted, status[NF_TASK_STATUS_COUNT];
    int is_input_over;          /* all that the input had is in submitted */
    struct nf_journal_text why; /* "" or what ended it early */
};

struct nf_journal_entry {
    enum nf_journal_type type;
    uint64_t number;
    union {
        struct nf_journal_start start;
        struct nf_journal_end end;
        struct nf_journal_close close;
    };
};

/* Appends the whole entry, framed. */
void nf_journal_encode(struct nfold_buffer *out, const struct nf_journal_entry *entry);
/* The entry at data: its size in bytes; 0: there is none that is whole and right. An entry of an
 * unknown type is one: type is then what it says. */
size_t nf_journal_decode(const unsigned char *data, size_t size, struct nf_journal_entry *entry);
/* Bytes that the entry at data would take if it is whole, as far as 16 bytes tell; 0: none. */
size_t nf_journal_size(const unsigned char *data, size_t size);

#endif
