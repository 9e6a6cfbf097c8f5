/* temporary.c: private folders and files without a name. */
#include "temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

void nf_temporary_remove(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

int nf_temporary_make(const char *parent, char *path, size_t size)
{
    if ((size_t)snprintf(path, size, "%s/nfold-XXXXXX", parent) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkdtemp(path) ? 0 : -1;
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
