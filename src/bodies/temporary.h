/* temporary.h: places for files that live as long as one compiler runs. All that returns -1 has set
 * errno. */
#ifndef NF_TEMPORARY_H
#define NF_TEMPORARY_H

#include <limits.h>

#include "buffer.h"

#define NF_TEMPORARY_FOLDERS 4
/* A folder must take this much before a compiler is started in it: otherwise it fails half way. */
#define NF_TEMPORARY_BYTES (512 << 10)

/* Folders to try, in this order; unset ones are left out. Returns how many. */
size_t nf_temporary_folders(const char *folder[NF_TEMPORARY_FOLDERS]);
/* A private folder. It is locked as long as its maker lives: one that is not was left behind by a
 * kill -9, and goes when the next one is made beside it. */
struct nf_temporary {
    char path[PATH_MAX];
    int lock_fd; /* -1: the file system has no locks, and nobody sweeps there */
};

/* Makes one in parent; 0 or -1. */
int nf_temporary_make(struct nf_temporary *folder, const char *parent);
/* Deletes it and the files in it. */
void nf_temporary_remove(struct nf_temporary *folder);

/* May this process write a file of that size? Where it may not, writing would end it by SIGXFSZ. */
int nf_temporary_is_allowed(size_t size);
/* 0 if the folder takes NF_TEMPORARY_BYTES; otherwise -1. */
int nf_temporary_has_room(const char *path);

/* A file without a name: in memory, or in folder where the system refuses that; or -1. */
int nf_temporary_file(const char *folder);
/* Into a file that is new; 0 or -1. */
int nf_temporary_write(int fd, const char *data, size_t size);
/* Appends what a file holds, from its beginning; at most `most` bytes. 0 or -1. */
int nf_temporary_read(int fd, size_t most, struct nfold_buffer *buffer);

#endif
