/* outlet.c: stdout and stderr are shared with the shell and with tasks, so O_NONBLOCK must not be
 * set on them: it belongs to the opening, which all share. A pipe or a terminal is opened a second
 * time through /proc; where that is forbidden, no more is written than fits a pipe at once. */
#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { KIND_PLAIN, KIND_SECOND_OPENING, KIND_POLLED, KIND_SOCKET, KIND_CLOSED };

static int reopen(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* 2>&- : nobody wants to hear of it. A closed stdout is an error, what is lost was the answer. */
static int is_closed_stderr(int stream)
{
    int flags = stream == STDERR_FILENO ? fcntl(stream, F_GETFL) : O_RDWR;
    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}

void nf_outlet_open(struct nf_outlet *outlet, int stream)
{
    struct stat status;
    *outlet = (struct nf_outlet){.fd = stream, .stream = stream, .kind = KIND_PLAIN};
    if (is_closed_stderr(stream))
        outlet->kind = KIND_CLOSED;
    if (outlet->kind == KIND_CLOSED || fstat(stream, &status) < 0)
        return;
    if (S_ISSOCK(status.st_mode)) {
        outlet->kind = KIND_SOCKET;
        return;
    }
    if (!S_ISFIFO(status.st_mode) && !isatty(stream))
        return;
    outlet->kind = KIND_POLLED;
    int fd = reopen(stream);
    if (fd >= 0)
        *outlet = (struct nf_outlet){
            .fd = fd, .stream = stream, .kind = KIND_SECOND_OPENING, .is_owned = 1};
}

void nf_outlet_close(struct nf_outlet *outlet)
{
    if (outlet->is_owned)
        close(outlet->fd);
    outlet->is_owned = 0;
}

static int is_writable_now(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    return poll(&one, 1, 0) != 0;
}

static ssize_t write_once(const struct nf_outlet *outlet, const char *data, size_t size)
{
    if (outlet->kind == KIND_SOCKET)
        return send(outlet->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (outlet->kind != KIND_POLLED)
        return write(outlet->fd, data, size);
    if (!is_writable_now(outlet->fd)) {
        errno = EAGAIN;
        return -1;
    }
    return write(outlet->fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

long nf_outlet_write(const struct nf_outlet *outlet, const char *data, size_t size,
                     nfold_error *err)
{
    if (outlet->kind == KIND_CLOSED)
        return (long)size;
    for (;;) {
        ssize_t written = write_once(outlet, data, size);
        if (written >= 0)
            return (long)written;
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            return nf_fail_errno(err, "cannot write to %s",
                                 outlet->stream == STDOUT_FILENO ? "stdout" : "stderr");
    }
}

void nf_outlet_wait(const struct nf_outlet *outlet)
{
    struct pollfd one = {.fd = outlet->fd, .events = POLLOUT};
    (void)poll(&one, 1, -1);
}
