/* output.c: whole writes, checked. Not stdio: the answer is one write, and its error is known at
 * once. A function of the user's may print through stdio: that is kept, and comes before. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static const char *stream_name(int fd)
{
    return fd == STDOUT_FILENO ? "standard output" : "standard error";
}

void nf_output_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest free number is fd itself. Open for the wrong direction, so that use fails. */
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
    }
}

/* Whoever shares the stream may have made it non-blocking. */
static int wait_writable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    return poll(&one, 1, -1) > 0 || errno == EINTR;
}

int nf_output_write(int fd, const struct nfold_buffer *buffer, nfold_error *err)
{
    size_t done = 0;
    if (buffer->failed)
        return nf_fail_memory(err);
    if (fd == STDOUT_FILENO && fflush(stdout) != 0)
        return nf_fail_errno(err, "cannot write to %s", stream_name(fd));
    while (done < buffer->size) {
        ssize_t n = write(fd, buffer->data + done, buffer->size - done);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_writable(fd))))
            continue;
        if (n < 0)
            return nf_fail_errno(err, "cannot write to %s", stream_name(fd));
        done += (size_t)n;
    }
    return 0;
}

int nf_output_finish(nfold_error *err)
{
    if (fflush(stdout) != 0 || (close(STDOUT_FILENO) < 0 && errno != EINTR))
        return nf_fail_errno(err, "cannot write to %s", stream_name(STDOUT_FILENO));
    return 0;
}
