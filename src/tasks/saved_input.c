/* saved_input.c: what is known only in part is input.part; it becomes input when it is whole. A
 * later run's, input.new, takes their place only when that is whole. */
#include "saved_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_directory.h"

void nf_saved_input_open(struct nf_saved_input *input)
{
    *input = (struct nf_saved_input){.fd = -1};
}

static int write_all(int fd, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

/* What is written is whole: it becomes the input. */
static int publish(struct nf_saved_input *input, nfold_error *err)
{
    char *to = nf_run_directory_file(input->directory, "input");
    char *part = nf_run_directory_file(input->directory, "input.part");
    int rc = to == NULL || part == NULL ? nf_fail_memory(err) : 0;
    if (rc >= 0 && rename(input->path, to) < 0)
        rc = nf_fail_errno(err, "cannot write %s", to);
    if (rc >= 0)
        unlink(part);
    free(to);
    free(part);
    free(input->path);
    input->path = NULL;
    return rc;
}

/* What is behind the bytes that were read of a regular file. It keeps its place for the reader. */
static int copy_rest(struct nf_saved_input *input)
{
    struct stat status;
    char block[65536];
    if (fstat(STDIN_FILENO, &status) < 0 || !S_ISREG(status.st_mode))
        return 0;
    off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (at < 0)
        return 0;
    for (ssize_t size; (size = pread(STDIN_FILENO, block, sizeof block, at)) > 0; at += size)
        if (write_all(input->fd, block, (size_t)size) < 0)
            return -1;
    input->is_whole = 1;
    return 0;
}

static int is_same_file(const char *path)
{
    struct stat saved, now;
    return stat(path, &saved) == 0 && fstat(STDIN_FILENO, &now) == 0 &&
           saved.st_dev == now.st_dev && saved.st_ino == now.st_ino;
}

/* Is standard input what an earlier run saved, or is there such a thing? */
static void look_at_saved(struct nf_saved_input *input, int *has_earlier)
{
    static const char *const names[] = {"input", "input.part"};
    *has_earlier = 0;
    for (int i = 0; i < 2; i++) {
        char *path = nf_run_directory_file(input->directory, names[i]);
        input->is_source |= path != NULL && is_same_file(path);
        *has_earlier |= path != NULL && access(path, F_OK) == 0;
        free(path);
    }
}

/* Opens the file and puts into it what waited. */
static int begin(struct nf_saved_input *input, nfold_error *err)
{
    int has_earlier, rc = 0;
    look_at_saved(input, &has_earlier);
    if (!input->is_source) {
        input->path =
            nf_run_directory_file(input->directory, has_earlier ? "input.new" : "input.part");
        if (input->path == NULL)
            return nf_fail_memory(err);
        input->fd = open(input->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (input->fd < 0 || write_all(input->fd, input->early.data, input->early.size) < 0 ||
            copy_rest(input) < 0)
            rc = nf_fail_errno(err, "cannot save standard input in %s", input->path);
        else if (input->is_whole)
            rc = publish(input, err);
    }
    nf_buffer_clear(&input->early);
    return rc;
}

int nf_saved_input_attach(struct nf_saved_input *input, const char *directory, nfold_error *err)
{
    input->directory = strdup(directory);
    if (input->directory == NULL)
        return nf_fail_memory(err);
    return input->has_any ? begin(input, err) : 0;
}

int nf_saved_input_keep(struct nf_saved_input *input, const char *data, size_t size,
                        nfold_error *err)
{
    int is_begun = input->fd >= 0;
    input->has_any = 1;
    if (input->is_source || input->is_whole)
        return 0;
    if (!is_begun) {
        nf_buffer_bytes(&input->early, data, size);
        if (input->early.failed)
            return nf_fail_memory(err);
        return input->directory != NULL ? begin(input, err) : 0;
    }
    if (write_all(input->fd, data, size) < 0)
        return nf_fail_errno(err, "cannot save standard input in %s", input->directory);
    return 0;
}

int nf_saved_input_close(struct nf_saved_input *input, int is_over, nfold_error *err)
{
    int rc = 0;
    if (input->fd >= 0 && close(input->fd) < 0 && errno != EINTR)
        rc = nf_fail_errno(err, "cannot save standard input in %s", input->directory);
    if (rc >= 0 && input->path != NULL && is_over)
        rc = publish(input, err);
    free(input->path);
    free(input->directory);
    nf_buffer_clear(&input->early);
    nf_saved_input_open(input);
    return rc;
}
