/* checkpoint_file.c: makes, locks and appends to the file of a checkpoint. Reading is in
 * checkpoint_read.c. */
#include "checkpoint_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint_record.h"
#include "checksum.h"
#include "clock.h"
#include "double_bits.h"
#include "error.h"

#define LOCK_SECONDS 1.0
#define LOCK_NANOS   10000000
#define FOLDER_MAX   4096

/* ---- bytes ----------------------------------------------------------------------------------- */

static void put_32(struct nfold_buffer *buffer, uint32_t value)
{
    unsigned char byte[4];
    for (unsigned i = 0; i < sizeof byte; i++)
        byte[i] = (unsigned char)(value >> 8 * i);
    nf_buffer_bytes(buffer, byte, sizeof byte);
}

static void put_64(struct nfold_buffer *buffer, uint64_t value)
{
    put_32(buffer, (uint32_t)value);
    put_32(buffer, (uint32_t)(value >> 32));
}

static void put_double(struct nfold_buffer *buffer, double value)
{
    put_64(buffer, nf_double_to_bits(value));
}

void nf_checkpoint_file_put(struct nfold_buffer *body, const struct nfold_fragment *fragment)
{
    put_64(body, fragment->chunks.first);
    put_64(body, fragment->chunks.count);
    put_double(body, fragment->even_hi);
    put_double(body, fragment->even_lo);
    put_64(body, fragment->node_count);
    for (uint32_t k = 0; k < fragment->node_count; k++) {
        put_double(body, fragment->node[k].hi);
        put_double(body, fragment->node[k].lo);
    }
}

uint32_t nf_checkpoint_record_crc(const struct nf_checkpoint_file *file, uint64_t place,
                                  const void *data, size_t size)
{
    unsigned char byte[8];
    for (unsigned i = 0; i < sizeof byte; i++)
        byte[i] = (unsigned char)(place >> 8 * i);
    return nf_checksum_crc(nf_checksum_crc(file->seed, byte, sizeof byte), data, size);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A file that may not grow so much would end the process by SIGXFSZ. */
static int is_allowed(uint64_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
           size <= limit.rlim_cur;
}

/* 0 or a value of errno. */
static int write_all(int fd, uint64_t place, const char *data, size_t size)
{
    if (!is_allowed(place + size))
        return EFBIG;
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, (off_t)place);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? errno : ENOSPC;
        data += written;
        size -= (size_t)written;
        place += (uint64_t)written;
    }
    return 0;
}

/* Is it still there, and as this run left it? */
static int check_place(struct nf_checkpoint_file *file)
{
    struct stat status;
    if (file->is_torn && ftruncate(file->fd, (off_t)file->end) < 0)
        return errno;
    file->is_torn = 0;
    if (fstat(file->fd, &status) < 0)
        return errno;
    if (status.st_nlink == 0)
        return ENOENT;
    return (uint64_t)status.st_size == file->end ? 0 : EBUSY;
}

/* A head need not reach the disk by itself: a record follows it at once. */
static int write_at_end(struct nf_checkpoint_file *file, const struct nfold_buffer *bytes,
                        int is_record)
{
    int cause = bytes->failed ? ENOMEM : check_place(file);
    if (cause != 0)
        return cause;
    cause = write_all(file->fd, file->end, bytes->data, bytes->size);
    if (cause == 0 && is_record && fdatasync(file->fd) < 0)
        cause = errno;
    if (cause != 0)
        file->is_torn = ftruncate(file->fd, (off_t)file->end) < 0;
    else
        file->end += bytes->size;
    return cause;
}

int nf_checkpoint_file_append(struct nf_checkpoint_file *file, enum nf_checkpoint_kind kind,
                              const void *body, size_t size)
{
    struct nfold_buffer bytes = {0};
    int cause;
    nf_buffer_bytes(&bytes, NF_RECORD_MAGIC, NF_RECORD_WORD);
    put_32(&bytes, (uint32_t)kind);
    put_32(&bytes, (uint32_t)size);
    put_32(&bytes, nf_checkpoint_record_crc(file, file->end, bytes.data, bytes.size));
    nf_buffer_bytes(&bytes, body, size);
    put_32(&bytes, nf_checkpoint_record_crc(file, file->end, body, size));
    nf_buffer_bytes(&bytes, NF_RECORD_END, NF_RECORD_WORD);
    cause = size > NF_RECORD_BODY_MAX ? EFBIG : write_at_end(file, &bytes, 1);
    nf_buffer_clear(&bytes);
    return cause;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The name of a new file is safe only when its folder is on the disk. */
static void sync_folder(const char *path)
{
    char folder[FOLDER_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path), fd;
    snprintf(folder, sizeof folder, "%.*s", length, slash == NULL ? "." : path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int has_no_locks(int cause)
{
    return cause == ENOLCK || cause == ENOSYS || cause == EOPNOTSUPP || cause == EINVAL;
}

/* 0, 1: somebody else has it, or a value of errno below 0. */
static int try_lock(struct nf_checkpoint_file *file)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file->fd, F_OFD_SETLK, &lock) == 0) {
        file->has_lock = 1;
        return 0;
    }
    if (errno == EACCES || errno == EAGAIN || errno == EINTR)
        return 1;
    return has_no_locks(errno) ? 0 : -errno;
}

/* Worker processes of a run that was killed may hold it a little longer. */
static int take_lock(struct nf_checkpoint_file *file, const _Atomic int *stop, nfold_error *err)
{
    double until = nf_clock_now() + LOCK_SECONDS;
    int rc;
    while ((rc = try_lock(file)) > 0 && nf_clock_now() < until) {
        if (atomic_load(stop))
            return nf_fail(err, NFOLD_E_STOPPED, "stopped");
        nanosleep(&(struct timespec){.tv_nsec = LOCK_NANOS}, NULL);
    }
    if (rc == 0)
        return 0;
    if (rc < 0) {
        errno = -rc;
        return nf_fail_errno(err, "cannot lock the checkpoint %s", file->path);
    }
    nf_checkpoint_read_holder(file);
    return nf_fail(err, NFOLD_E_USAGE, "the checkpoint %s is in use by another run%s%s%s",
                   file->path, file->holder[0] ? " (" : "", file->holder,
                   file->holder[0] ? ")" : "");
}

/* The text that begins the file, its checksum included. */
static int make_head(struct nfold_buffer *head, const char *identity, nfold_error *err)
{
    nf_buffer_string(head, NF_HEAD_FIRST NF_HEAD_VERSION "\n");
    nf_buffer_string(head, identity);
    nf_buffer_print(head, NF_HEAD_CRC "%08x\n",
                    (unsigned)nf_checksum_crc(0, nf_buffer_text(head), head->size));
    return head->failed ? nf_fail_memory(err) : 0;
}

static int begin(struct nf_checkpoint_file *file, const struct nfold_buffer *head, nfold_error *err)
{
    int cause;
    file->seed = nf_checksum_crc(0, head->data, head->size - NF_HEAD_CRC_SIZE);
    file->end = 0;
    file->is_torn = 1; /* what is left of a head that was cut short */
    cause = write_at_end(file, head, 0);
    sync_folder(file->path);
    if (cause == 0)
        return 0;
    errno = cause;
    return nf_fail_errno(err, "cannot write the checkpoint %s", file->path);
}

static int open_file(struct nf_checkpoint_file *file, nfold_error *err)
{
    struct stat status;
    /* O_NONBLOCK: a pipe of that name must not be waited for. */
    file->fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    if (file->fd < 0 || fstat(file->fd, &status) < 0)
        return nf_fail_errno(err, "cannot write the checkpoint %s", file->path);
    if (!S_ISREG(status.st_mode))
        return nf_fail(err, NFOLD_E_VALUE, "the checkpoint %s is no regular file", file->path);
    return 0;
}

int nf_checkpoint_file_open(struct nf_checkpoint_file *file, const char *path, const char *identity,
                            const _Atomic int *stop, nfold_error *err)
{
    struct nfold_buffer head = {0};
    int rc;
    *file = (struct nf_checkpoint_file){.path = path, .fd = -1};
    rc = open_file(file, err);
    if (rc == 0)
        rc = take_lock(file, stop, err);
    if (rc == 0)
        rc = make_head(&head, identity, err);
    if (rc == 0)
        rc = nf_checkpoint_read_head(file, &head, err);
    if (rc > 0) /* there is none yet */
        rc = begin(file, &head, err);
    nf_buffer_clear(&head);
    if (rc < 0)
        nf_checkpoint_file_close(file);
    return rc;
}

int nf_checkpoint_file_sign(struct nf_checkpoint_file *file, nfold_error *err)
{
    char host[64] = "", text[sizeof file->holder];
    int length, cause;
    gethostname(host, sizeof host - 1);
    length = snprintf(text, sizeof text, "process %ld on %s", (long)getpid(), host);
    cause = nf_checkpoint_file_append(file, NF_CHECKPOINT_RUN, text, (size_t)length);
    if (cause == 0)
        return 0;
    errno = cause;
    return nf_fail_errno(err, "cannot write the checkpoint %s", file->path);
}

void nf_checkpoint_file_close(struct nf_checkpoint_file *file)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    if (file->fd < 0)
        return;
    if (file->has_lock)
        fcntl(file->fd, F_OFD_SETLK, &lock);
    close(file->fd);
    file->fd = -1;
}
