/* container.c: frames, in memory and then in a file. */
#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffer.h"
#include "checksum.h"

struct nf_container {
    int fd; /* -1: in memory */
    char *path;
    struct nfold_buffer memory;
    uint64_t end;
};

int nf_container_open(struct nf_container **container, nfold_error *err)
{
    struct nf_container *made = calloc(1, sizeof *made);
    *container = made;
    if (made == NULL)
        return nf_fail_memory(err);
    made->fd = -1;
    nf_buffer_string(&made->memory, NF_CONTAINER_HEADER);
    made->end = NF_CONTAINER_HEADER_SIZE;
    return 0;
}

size_t nf_container_memory(const struct nf_container *container)
{
    return container->fd < 0 ? container->memory.size : 0;
}

int nf_container_has_file(const struct nf_container *container)
{
    return container->fd >= 0;
}

/* ---- the file ---- */

/* Writes two pieces at the end; what was written of a failed one is cut off again. */
static int write_pieces(struct nf_container *container, const void *front, size_t front_size,
                        const void *data, size_t size, nfold_error *err)
{
    size_t done = 0, whole = front_size + size;
    while (done < whole) {
        size_t in_front = done < front_size ? front_size - done : 0;
        size_t in_data = done < front_size ? 0 : done - front_size;
        struct iovec pieces[2] = {
            {.iov_base = (char *)(uintptr_t)front + (front_size - in_front), .iov_len = in_front},
            {.iov_base = (char *)(uintptr_t)data + in_data, .iov_len = size - in_data}};
        ssize_t n = pwritev(container->fd, pieces, 2, (off_t)(container->end + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            nf_fail_errno(err, "cannot keep what a task printed, in %s", container->path);
            (void)!ftruncate(container->fd, (off_t)container->end);
            return err != NULL ? err->code : NFOLD_E_SYSTEM;
        }
        done += (size_t)n;
    }
    container->end += whole;
    return 0;
}

static int begin_file(struct nf_container *container, nfold_error *err)
{
    struct stat status;
    if (fstat(container->fd, &status) < 0)
        return nf_fail_errno(err, "cannot look at %s", container->path);
    int is_new = status.st_size < NF_CONTAINER_HEADER_SIZE;
    container->end = is_new ? 0 : (uint64_t)status.st_size;
    size_t skipped = is_new ? 0 : NF_CONTAINER_HEADER_SIZE;
    return write_pieces(container, container->memory.data + skipped,
                        container->memory.size - skipped, "", 0, err);
}

int nf_container_attach(struct nf_container *container, const char *path, nfold_error *err)
{
    container->path = strdup(path);
    if (container->path == NULL || container->memory.failed)
        return nf_fail_memory(err);
    container->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int rc = container->fd >= 0 ? begin_file(container, err)
                                : nf_fail_errno(err, "cannot write to %s", path);
    if (rc >= 0) {
        nf_buffer_clear(&container->memory);
        return 0;
    }
    if (container->fd >= 0)
        close(container->fd);
    container->fd = -1;
    container->end = container->memory.size;
    free(container->path);
    container->path = NULL;
    return rc;
}

int nf_container_read_file(struct nf_container **container, const char *path, nfold_error *err)
{
    char header[NF_CONTAINER_HEADER_SIZE];
    struct stat status;
    struct nf_container *made = calloc(1, sizeof *made);
    *container = NULL;
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return nf_fail_memory(err);
    }
    int rc = 0;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0 || fstat(made->fd, &status) < 0)
        rc = nf_fail_errno(err, "cannot read %s", path);
    else if (pread(made->fd, header, sizeof header, 0) != sizeof header ||
             memcmp(header, NF_CONTAINER_HEADER, sizeof header) != 0)
        rc = nf_fail(err, NFOLD_E_VALUE, "%s does not hold the output of a run", path);
    else
        made->end = (uint64_t)status.st_size;
    if (rc < 0)
        nf_container_close(made, NULL);
    else
        *container = made;
    return rc;
}

/* ---- frames ---- */

static void put(unsigned char *at, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t get(const unsigned char *at, int size)
{
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

static void pack(unsigned char front[NF_CONTAINER_FRONT], const struct nf_container_frame *frame)
{
    memcpy(front, "nfOF", 4);
    put(front + 8, frame->stream, 4);
    put(front + 12, frame->size, 4);
    put(front + 16, frame->attempt, 8);
    put(front + 24, frame->sequence, 8);
    put(front + 32, frame->previous, 8);
    put(front + 40, frame->identity.word[0], 8);
    put(front + 48, frame->identity.word[1], 8);
    put(front + 4, nf_checksum_crc(0, front + 8, NF_CONTAINER_FRONT - 8), 4);
}

int nf_container_add(struct nf_container *container, const struct nf_container_frame *frame,
                     const void *data, uint64_t *at, nfold_error *err)
{
    unsigned char front[NF_CONTAINER_FRONT];
    uint64_t place = container->end;
    pack(front, frame);
    if (container->fd >= 0) {
        int rc = write_pieces(container, front, sizeof front, data, frame->size, err);
        if (rc < 0)
            return rc;
    } else {
        nf_buffer_bytes(&container->memory, front, sizeof front);
        nf_buffer_bytes(&container->memory, data, frame->size);
        if (container->memory.failed)
            return nf_fail_memory(err);
        container->end = container->memory.size;
    }
    *at = place;
    return 0;
}

int nf_container_bytes(const struct nf_container *container, uint64_t at, void *data, size_t size,
                       nfold_error *err)
{
    char *to = data;
    if (at > container->end || size > container->end - at)
        return nf_fail(err, NFOLD_E_VALUE, "the output of a task is not whole");
    if (container->fd < 0) {
        memcpy(to, container->memory.data + at, size);
        return 0;
    }
    while (size > 0) {
        ssize_t n = pread(container->fd, to, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nf_fail_errno(err, "cannot read %s", container->path);
        if (n == 0)
            return nf_fail(err, NFOLD_E_VALUE, "%s ends too early", container->path);
        to += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

int nf_container_frame(const struct nf_container *container, uint64_t at,
                       struct nf_container_frame *frame, nfold_error *err)
{
    unsigned char front[NF_CONTAINER_FRONT];
    int rc = nf_container_bytes(container, at, front, sizeof front, err);
    if (rc < 0)
        return rc;
    uint64_t size = get(front + 12, 4), previous = get(front + 32, 8);
    if (memcmp(front, "nfOF", 4) != 0 ||
        get(front + 4, 4) != nf_checksum_crc(0, front + 8, NF_CONTAINER_FRONT - 8) ||
        size > container->end - at - NF_CONTAINER_FRONT || previous >= at ||
        get(front + 8, 4) > NF_CONTAINER_TAG)
        return nf_fail(err, NFOLD_E_VALUE, "the output of a task is damaged");
    *frame = (struct nf_container_frame){
        .stream = (enum nf_container_stream)get(front + 8, 4),
        .size = (uint32_t)size,
        .attempt = (unsigned)get(front + 16, 8),
        .sequence = get(front + 24, 8),
        .previous = previous,
        .identity = {{get(front + 40, 8), get(front + 48, 8)}},
    };
    return 0;
}

int nf_container_close(struct nf_container *container, nfold_error *err)
{
    int rc = 0;
    if (container == NULL)
        return 0;
    if (container->fd >= 0 && close(container->fd) < 0 && errno != EINTR)
        rc = nf_fail_errno(err, "cannot keep what tasks printed, in %s", container->path);
    nf_buffer_clear(&container->memory);
    free(container->path);
    free(container);
    return rc;
}
