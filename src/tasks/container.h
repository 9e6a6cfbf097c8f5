/* container.h: all that the tasks of a run printed, in one file that only grows. A frame is a piece
 * of one stream of one attempt; each points back at the one before it of the same attempt, and the
 * journal at the last: no index to keep, no file a task. In memory until the run has a folder.
 *
 *     "nfold outputs 1\n"                                       16 bytes
 *     frames: "nfOF"  checksum of the rest of the front (4)  stream (4)  size (4)  attempt (8)
 *             sequence (8)  previous (8)  identity (16)  bytes */
#ifndef NF_CONTAINER_H
#define NF_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "task.h"

#define NF_CONTAINER_HEADER      "nfold outputs 1\n"
#define NF_CONTAINER_HEADER_SIZE 16
#define NF_CONTAINER_FRONT       56 /* bytes of a frame before its data */

enum nf_container_stream { NF_CONTAINER_OUT, NF_CONTAINER_ERR, NF_CONTAINER_TAG };

struct nf_container_frame {
    enum nf_container_stream stream;
    uint64_t sequence;
    unsigned attempt;
    struct nf_identity identity;
    uint64_t previous; /* where the frame before it of this attempt is; 0: there is none */
    uint32_t size;
};

struct nf_container;

int nf_container_open(struct nf_container **container, nfold_error *err); /* in memory */
/* From now on in this file, what is in memory first. Frames added before keep their places, so the
 * file must be new then. */
int nf_container_attach(struct nf_container *container, const char *path, nfold_error *err);
/* Opens a file for reading alone. */
int nf_container_read_file(struct nf_container **container, const char *path, nfold_error *err);
/* Bytes that are held in memory; 0 once there is a file. */
size_t nf_container_memory(const struct nf_container *container);
int nf_container_has_file(const struct nf_container *container);
/* *at is where the frame is. On failure nothing was added. */
int nf_container_add(struct nf_container *container, const struct nf_container_frame *frame,
                     const void *data, uint64_t *at, nfold_error *err);
/* The front of the frame at a place. NFOLD_E_VALUE: no sound frame is there. */
int nf_container_frame(const struct nf_container *container, uint64_t at,
                       struct nf_container_frame *frame, nfold_error *err);
/* size bytes at a place of the file. */
int nf_container_bytes(const struct nf_container *container, uint64_t at, void *data, size_t size,
                       nfold_error *err);
int nf_container_close(struct nf_container *container, nfold_error *err); /* NULL is fine */

#endif
