/* checkpoint_file.h: the file of a checkpoint (docs/design/checkpoint.md): a head of text that says
 * which computation it is of, and records of fragments behind it, each with its checksums.
 *
 *     nfold-checkpoint 1 \n lines \n crc XXXXXXXX \n
 *     record:  "nfcr"  kind 32  size 32  crc of these 32 | body | crc of the body 32  "end\n"
 *
 * Numbers are little-endian. A record's checksums begin with the head's and with its own place, so
 * that it counts nowhere else. */
#ifndef NF_CHECKPOINT_FILE_H
#define NF_CHECKPOINT_FILE_H

#include <stdatomic.h>

#include "buffer.h"
#include "pieces.h"

enum nf_checkpoint_kind { NF_CHECKPOINT_FRAGMENTS = 1, NF_CHECKPOINT_RUN = 2 };

struct nf_checkpoint_file {
    const char *path; /* the caller's, for messages */
    int fd;           /* -1: closed */
    uint64_t end;     /* the next record goes here */
    uint32_t seed;    /* the head's checksum */
    int has_lock;     /* 0: its file system has none */
    int is_torn;      /* a write was cut short: bytes behind end are to be cut off */
    char holder[128]; /* "process 4711 on node7": who wrote the last record of kind RUN */
};

/* Makes the file, or opens it and checks that it is of the same computation; locks it. identity:
 * lines of "key value". Waits a second for another run that may be ending, or until *stop is set.
 * Refused: the file is as it was, and nothing need be closed. */
int nf_checkpoint_file_open(struct nf_checkpoint_file *file, const char *path, const char *identity,
                            const _Atomic int *stop, nfold_error *err);
/* Adds what it holds to *pieces, and cuts off a torn end. NFOLD_E_VALUE: damaged, and left alone.
 */
int nf_checkpoint_file_read(struct nf_checkpoint_file *file, const struct nf_plan *plan,
                            struct nf_pieces *pieces, nfold_error *err);
/* Writes down whose run this is: also the test, before work starts, that the file can be written.
 */
int nf_checkpoint_file_sign(struct nf_checkpoint_file *file, nfold_error *err);
/* Writes a record and waits for the disk. Returns 0, or a value of errno: then it may be tried
 * again. EBUSY: somebody else has changed the file; ENOENT: it was deleted. */
int nf_checkpoint_file_append(struct nf_checkpoint_file *file, enum nf_checkpoint_kind kind,
                              const void *body, size_t size);
/* Appends a fragment to the body of a record. */
void nf_checkpoint_file_put(struct nfold_buffer *body, const struct nfold_fragment *fragment);
/* Gives up the lock, too, of which a forked worker has a copy. */
void nf_checkpoint_file_close(struct nf_checkpoint_file *file);

#endif
