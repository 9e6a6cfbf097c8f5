/* tasks_retry.c: the failed lines of a joblog as inputs. */
#include "tasks_retry.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "joblog.h"
#include "output.h"

static int become_input(const struct nfold_buffer *commands, nfold_error *err)
{
    int fd = memfd_create("failed", MFD_CLOEXEC);
    if (fd < 0)
        return nf_fail_errno(err, "cannot keep the failed commands");
    int rc = nf_output_write(fd, commands, err);
    if (rc >= 0 && (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0))
        rc = nf_fail_errno(err, "cannot read the failed commands");
    close(fd);
    return rc;
}

int nf_tasks_is_retry(const struct nf_command *command)
{
    return nf_options_flag(command->options, "retry-failed") &&
           nf_options_text(command->options, "joblog") != NULL &&
           nf_options_text(command->options, "run-dir") == NULL;
}

int nf_tasks_retry(struct nf_command *command, nfold_error *err)
{
    const char *path = nf_options_text(command->options, "joblog");
    struct nfold_buffer commands = {0};
    uint64_t *sequences = NULL;
    size_t count;
    if (!nf_tasks_is_retry(command))
        return 0;
    int rc = nf_joblog_failed(path, &commands, &sequences, &count, err);
    if (rc >= 0)
        rc = become_input(&commands, err);
    if (rc >= 0)
        rc = nfold_options_set(command->options, "null", "on", err);
    command->operand_count = 0;
    free(sequences);
    nf_buffer_clear(&commands);
    return rc;
}
