/* temporary.c: private folders and files without a name. */
#include "temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFIX ".nfold-compile-"
#define SUFFIX "XXXXXX"
#define TRIES  10

size_t nf_temporary_folders(const char *folder[NF_TEMPORARY_FOLDERS])
{
    const char *candidate[NF_TEMPORARY_FOLDERS] = {getenv("TMPDIR"), getenv("XDG_RUNTIME_DIR"),
                                                   "/dev/shm", "/tmp"};
    size_t count = 0;
    for (size_t i = 0; i < NF_TEMPORARY_FOLDERS; i++)
        if (candidate[i] && candidate[i][0] == '/')
            folder[count++] = candidate[i];
    return count;
}

static void remove_files(DIR *folder)
{
    struct dirent *entry;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
}

static int lock_folder(int parent, const char *name, int how)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, how) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int is_ours(int parent, const char *name)
{
    struct stat info;
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && strlen(name) == strlen(PREFIX SUFFIX) &&
           fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_uid == geteuid() &&
           (info.st_mode & (S_IFMT | 0777)) == (S_IFDIR | 0700);
}

static void sweep_one(int parent, const char *name)
{
    int fd = lock_folder(parent, name, LOCK_EX | LOCK_NB);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return;
    }
    remove_files(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
    closedir(folder);
}

/* What a process left behind that was killed. */
static void sweep(const char *path)
{
    DIR *parent = opendir(path);
    struct dirent *entry;
    while (parent && (entry = readdir(parent)))
        if (is_ours(dirfd(parent), entry->d_name))
            sweep_one(dirfd(parent), entry->d_name);
    if (parent)
        closedir(parent);
}

void nf_temporary_remove(struct nf_temporary *folder)
{
    DIR *opened = opendir(folder->path);
    if (opened) {
        remove_files(opened);
        closedir(opened);
    }
    rmdir(folder->path);
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    folder->lock_fd = -1;
}

/* Somebody who sweeps may have found it before it was locked, and then it is gone. */
static int is_swept(const struct nf_temporary *folder)
{
    struct stat locked, named;
    return folder->lock_fd >= 0 &&
           (fstat(folder->lock_fd, &locked) < 0 || stat(folder->path, &named) < 0 ||
            locked.st_ino != named.st_ino);
}

int nf_temporary_make(struct nf_temporary *folder, const char *parent)
{
    folder->lock_fd = -1;
    sweep(parent);
    for (int i = 0; i < TRIES; i++) {
        if ((size_t)snprintf(folder->path, sizeof folder->path, "%s/" PREFIX SUFFIX, parent) >=
            sizeof folder->path) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (!mkdtemp(folder->path))
            return -1;
        folder->lock_fd = lock_folder(AT_FDCWD, folder->path, LOCK_EX);
        if (!is_swept(folder) && access(folder->path, F_OK) == 0)
            return 0;
        if (folder->lock_fd >= 0)
            close(folder->lock_fd);
    }
    errno = EAGAIN;
    return -1;
}

int nf_temporary_is_allowed(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
           size <= limit.rlim_cur;
}

int nf_temporary_has_room(const char *path)
{
    char probe[PATH_MAX + 16];
    snprintf(probe, sizeof probe, "%s/room", path);
    int fd = open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int rc = posix_fallocate(fd, 0, NF_TEMPORARY_BYTES);
    close(fd);
    unlink(probe);
    errno = rc;
    return rc == 0 || rc == EOPNOTSUPP || rc == EINVAL ? 0 : -1;
}

int nf_temporary_file(const char *folder)
{
    int fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC);
    if (fd >= 0)
        return fd;
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int nf_temporary_write(int fd, const char *data, size_t size)
{
    if (!nf_temporary_is_allowed(size)) {
        errno = EFBIG;
        return -1;
    }
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int nf_temporary_read(int fd, size_t most, struct nfold_buffer *buffer)
{
    char block[16384];
    off_t offset = 0;
    for (;;) {
        size_t wanted = most < sizeof block ? most : sizeof block;
        ssize_t count = wanted ? pread(fd, block, wanted, offset) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return (int)count;
        nf_buffer_bytes(buffer, block, (size_t)count);
        offset += count;
        most -= (size_t)count;
    }
}
