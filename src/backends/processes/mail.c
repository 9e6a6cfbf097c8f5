/* mail.c: sendmsg and recvmsg with SCM_RIGHTS. */
#include "mail.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
    char bytes[CMSG_SPACE(NF_MAIL_FILES * sizeof(int))];
    struct cmsghdr aligned;
};

int nf_mail_send(int socket, const void *message, size_t size, const int *file, unsigned files)
{
    struct iovec part = {.iov_base = (void *)(size_t)message, .iov_len = size};
    union control control = {.bytes = {0}};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;
    assert(files <= NF_MAIL_FILES);
    if (files > 0) {
        struct cmsghdr *rights;
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(files * sizeof(int));
        rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(files * sizeof(int));
        memcpy(CMSG_DATA(rights), file, files * sizeof(int));
    }
    do
        sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

static void take_files(struct msghdr *header, int *file, unsigned files)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
            memcpy(file, CMSG_DATA(part), (count < files ? count : files) * sizeof(int));
    }
}

int nf_mail_receive(int socket, void *message, size_t size, int *file, unsigned files)
{
    union control control = {.bytes = {0}};
    size_t done = 0;
    for (unsigned k = 0; k < files; k++)
        file[k] = -1;
    while (done < size) {
        struct iovec part = {.iov_base = (char *)message + done, .iov_len = size - done};
        struct msghdr header = {.msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = control.bytes,
                                .msg_controllen = sizeof control.bytes};
        ssize_t count = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        take_files(&header, file, files);
        done += (size_t)count;
    }
    return 0;
}

int nf_mail_check_size(size_t size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || size <= limit.rlim_cur)
        return 0;
    errno = EFBIG;
    return -1;
}

int nf_mail_lift(int fd)
{
    int lifted;
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (lifted < 0)
        return fd;
    close(fd);
    return lifted;
}

int nf_mail_file(const void *data, size_t size)
{
    int fd = nf_mail_check_size(size) < 0 ? -1 : nf_mail_lift(memfd_create("nfold", MFD_CLOEXEC));
    size_t done = 0;
    while (fd >= 0 && done < size) {
        ssize_t count = write(fd, (const char *)data + done, size - done);
        if (count < 0 && errno != EINTR) {
            int why = errno;
            close(fd);
            errno = why;
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return fd;
}
