/* read_file.c: a small text file as a whole. Files of /proc and /sys have no size to ask for. */
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "buffer.h"

#define LARGEST ((size_t)16 << 20)

static int open_under(const char *root, const char *path)
{
    struct nfold_buffer name = {0};
    nf_buffer_string(&name, root);
    nf_buffer_string(&name, path);
    int fd = -1;
    if (name.failed)
        errno = ENOMEM;
    else
        fd = open(name.data, O_RDONLY | O_CLOEXEC);
    int cause = errno;
    nf_buffer_clear(&name);
    errno = cause;
    return fd;
}

/* 0, or a value of errno. */
static int read_all(int fd, struct nfold_buffer *text)
{
    char block[4096];
    for (;;) {
        ssize_t size = read(fd, block, sizeof block);
        if (size == 0)
            break;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno;
        nf_buffer_bytes(text, block, (size_t)size);
        if (text->size > LARGEST)
            return EFBIG;
    }
    nf_buffer_bytes(text, "", 0);
    return text->failed ? ENOMEM : 0;
}

char *nf_read_file(const char *root, const char *path)
{
    int fd = open_under(root, path);
    if (fd < 0)
        return NULL;
    struct nfold_buffer text = {0};
    int cause = read_all(fd, &text);
    close(fd);
    if (cause == 0)
        return text.data;
    nf_buffer_clear(&text);
    errno = cause;
    return NULL;
}
