/* joblog.c: writing and reading GNU parallel's joblog. */
#include "joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "index.h"

static const char header[] =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

struct nf_joblog {
    int fd;
    char *path;
    struct nfold_buffer line;
    uint64_t *sequences; /* see nf_joblog_renumber; NULL: tasks keep their numbers */
    size_t sequence_count;
};

static const char *name_of(const char *path)
{
    return path[0] == '+' ? path + 1 : path;
}

static int write_line(struct nf_joblog *joblog, const char *data, size_t size, nfold_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(joblog->fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nf_fail_errno(err, "cannot write to the joblog %s", joblog->path);
        done += (size_t)n;
    }
    return 0;
}

/* A line that was torn by a crash would swallow the first one of ours. */
static int end_torn_line(struct nf_joblog *joblog, off_t size, nfold_error *err)
{
    char last = '\n';
    int fd = open(joblog->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0; /* it may be written to, not read */
    ssize_t n = pread(fd, &last, 1, size - 1);
    close(fd);
    return n == 1 && last != '\n' ? write_line(joblog, "\n", 1, err) : 0;
}

static int begin_file(struct nf_joblog *joblog, nfold_error *err)
{
    struct stat status;
    if (fstat(joblog->fd, &status) < 0)
        return nf_fail_errno(err, "cannot look at the joblog %s", joblog->path);
    if (S_ISREG(status.st_mode) && status.st_size > 0)
        return end_torn_line(joblog, status.st_size, err);
    return write_line(joblog, header, sizeof header - 1, err);
}

int nf_joblog_is_printed(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

int nf_joblog_open(struct nf_joblog **joblog, const char *path, int is_continued, nfold_error *err)
{
    int keeps = is_continued || path[0] == '+';
    *joblog = NULL;
    if (nf_joblog_is_printed(path))
        return 0;
    struct nf_joblog *made = calloc(1, sizeof *made);
    int rc = 0;
    if (made == NULL || (made->path = strdup(name_of(path))) == NULL) {
        free(made);
        return nf_fail_memory(err);
    }
    made->fd =
        open(made->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (keeps ? 0 : O_TRUNC), 0666);
    if (made->fd < 0)
        rc = nf_fail_errno(err, "cannot write to the joblog %s", made->path);
    if (rc >= 0)
        rc = begin_file(made, err);
    if (rc < 0) {
        nf_joblog_close(made, NULL);
        return rc;
    }
    *joblog = made;
    return 0;
}

void nf_joblog_header(struct nfold_buffer *out)
{
    nf_buffer_string(out, header);
}

void nf_joblog_line(struct nfold_buffer *out, uint64_t sequence, const char *command,
                    const struct nf_task_result *result)
{
    nf_buffer_print(out, "%" PRIu64 "\t:\t%.3f\t%10.3f\t0\t%" PRIu64 "\t%d\t%d\t", sequence,
                    result->began, result->seconds, result->out_bytes, result->exit_code,
                    result->signal);
    size_t start = out->size;
    nf_buffer_string(out, command);
    nf_buffer_string(out, "\n");
    if (out->failed)
        return;
    /* As GNU parallel: a newline of the command would end the line. */
    for (size_t i = start; i + 1 < out->size; i++)
        if (out->data[i] == '\n')
            out->data[i] = '\0';
}

int nf_joblog_add(struct nf_joblog *joblog, const struct nf_task *task, const char *command,
                  const struct nf_task_result *result, nfold_error *err)
{
    uint64_t sequence = task->sequence;
    if (sequence > 0 && sequence <= joblog->sequence_count)
        sequence = joblog->sequences[sequence - 1];
    joblog->line.size = 0;
    nf_joblog_line(&joblog->line, sequence, command, result);
    if (joblog->line.failed)
        return nf_fail_memory(err);
    return write_line(joblog, joblog->line.data, joblog->line.size, err);
}

int nf_joblog_close(struct nf_joblog *joblog, nfold_error *err)
{
    int rc = 0;
    if (joblog == NULL)
        return 0;
    if (joblog->fd >= 0 && close(joblog->fd) < 0 && errno != EINTR)
        rc = nf_fail_errno(err, "cannot write to the joblog %s", joblog->path);
    nf_buffer_clear(&joblog->line);
    free(joblog->sequences);
    free(joblog->path);
    free(joblog);
    return rc;
}

void nf_joblog_renumber(struct nf_joblog *joblog, uint64_t *sequences, size_t count)
{
    if (joblog == NULL) {
        free(sequences);
        return;
    }
    joblog->sequences = sequences;
    joblog->sequence_count = count;
}

/* ---- reading ---- */

static int read_whole_number(const char *text, int64_t *number)
{
    char *end;
    if (text[0] == '\0' || text[0] == ' ')
        return 0;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static enum nf_task_status status_of(int exit_code, int signal)
{
    if (exit_code < 0)
        return NF_TASK_CUT;
    if (signal != 0)
        return NF_TASK_SIGNALLED;
    return exit_code == 0 ? NF_TASK_OK : NF_TASK_FAILED;
}

/* line: size bytes with a newline at the end, which is taken away. */
static int parse(char *line, size_t size, struct nf_joblog_row *row)
{
    char *column[9] = {line};
    int64_t sequence, exit_code, signal;
    if (line[size - 1] != '\n')
        return 0; /* torn */
    line[size - 1] = '\0';
    for (int i = 1; i < 9; i++) {
        char *tab = memchr(column[i - 1], '\t', (size_t)(line + size - 1 - column[i - 1]));
        if (tab == NULL)
            return 0;
        *tab = '\0';
        column[i] = tab + 1;
    }
    if (!read_whole_number(column[0], &sequence) || !read_whole_number(column[6], &exit_code) ||
        !read_whole_number(column[7], &signal) || sequence < 0)
        return 0;
    for (char *c = column[8]; c < line + size - 1; c++)
        if (*c == '\0')
            *c = '\n';
    *row = (struct nf_joblog_row){(uint64_t)sequence, (int)exit_code, (int)signal, column[8],
                                  status_of((int)exit_code, (int)signal)};
    return 1;
}

int nf_joblog_read(const char *path,
                   int (*visit)(void *user, const struct nf_joblog_row *row, nfold_error *err),
                   void *user, uint64_t *unreadable, nfold_error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    int rc = 0;
    *unreadable = 0;
    FILE *file = fopen(name_of(path), "re");
    if (file == NULL)
        return errno == ENOENT ? 0 : nf_fail_errno(err, "cannot read the joblog %s", name_of(path));
    for (uint64_t number = 1; rc >= 0; number++) {
        ssize_t size = getline(&line, &capacity, file);
        struct nf_joblog_row row;
        if (size <= 0)
            break;
        if (parse(line, (size_t)size, &row))
            rc = visit(user, &row, err);
        else if (number > 1)
            ++*unreadable;
    }
    if (rc >= 0 && ferror(file))
        rc = nf_fail_errno(err, "cannot read the joblog %s", name_of(path));
    free(line);
    fclose(file);
    return rc < 0 ? rc : 0;
}

/* ---- what failed ---- */

struct failed_row {
    uint64_t sequence;
    size_t at, order; /* of its command in the texts; of its line in the file */
};

struct failed {
    struct nf_index *last;     /* of number and command: its last status */
    struct nfold_buffer texts; /* commands as they were found, each ended by a zero byte */
    struct failed_row *row;
    size_t count;
};

static uint32_t *last_of(struct failed *failed, const struct nf_joblog_row *row, nfold_error *err)
{
    struct nf_identity identity;
    struct nf_hash hash;
    nf_hash_begin(&hash);
    nf_hash_number(&hash, row->sequence);
    nf_hash_add(&hash, row->command, strlen(row->command));
    nf_hash_end(&hash, identity.word);
    return nf_index_at(failed->last, &identity, err);
}

static int note_last(void *user, const struct nf_joblog_row *row, nfold_error *err)
{
    uint32_t *mark = last_of(user, row, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    nf_index_set_ended(mark, row->status);
    return 0;
}

static int take_failed(void *user, const struct nf_joblog_row *row, nfold_error *err)
{
    struct failed *failed = user;
    uint32_t *mark = last_of(failed, row, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    if (NF_INDEX_ENDED(*mark) == NF_TASK_OK || NF_INDEX_SEEN(*mark) > 0)
        return 0;
    *mark += NF_INDEX_SEEN_ONE;
    if ((failed->count & (failed->count - 1)) == 0) {
        struct failed_row *grown =
            reallocarray(failed->row, failed->count > 0 ? 2 * failed->count : 1, sizeof *grown);
        if (grown == NULL)
            return nf_fail_memory(err);
        failed->row = grown;
    }
    failed->row[failed->count] =
        (struct failed_row){row->sequence, failed->texts.size, failed->count};
    failed->count++;
    nf_buffer_bytes(&failed->texts, row->command, strlen(row->command) + 1);
    return failed->texts.failed ? nf_fail_memory(err) : 0;
}

/* A joblog is in the order in which tasks ended; they run in that of their numbers, as GNU
 * parallel's do. */
static int compare_rows(const void *a, const void *b)
{
    const struct failed_row *one = a, *other = b;
    if (one->sequence != other->sequence)
        return one->sequence < other->sequence ? -1 : 1;
    return (one->order > other->order) - (one->order < other->order);
}

static int give_failed(const struct failed *failed, struct nfold_buffer *commands,
                       uint64_t **sequences, nfold_error *err)
{
    *sequences = calloc(failed->count + 1, sizeof **sequences);
    if (*sequences == NULL)
        return nf_fail_memory(err);
    if (failed->count > 0)
        qsort(failed->row, failed->count, sizeof *failed->row, compare_rows);
    for (size_t i = 0; i < failed->count; i++) {
        const char *command = failed->texts.data + failed->row[i].at;
        (*sequences)[i] = failed->row[i].sequence;
        nf_buffer_bytes(commands, command, strlen(command) + 1);
    }
    return commands->failed ? nf_fail_memory(err) : 0;
}

int nf_joblog_failed(const char *path, struct nfold_buffer *commands, uint64_t **sequences,
                     size_t *count, nfold_error *err)
{
    uint64_t unreadable;
    struct failed failed = {0};
    *sequences = NULL;
    int rc = nf_index_open(&failed.last, err);
    if (rc >= 0)
        rc = nf_joblog_read(path, note_last, &failed, &unreadable, err);
    if (rc >= 0)
        rc = nf_joblog_read(path, take_failed, &failed, &unreadable, err);
    if (rc >= 0)
        rc = give_failed(&failed, commands, sequences, err);
    *count = failed.count;
    nf_index_close(failed.last);
    nf_buffer_clear(&failed.texts);
    free(failed.row);
    return rc;
}
