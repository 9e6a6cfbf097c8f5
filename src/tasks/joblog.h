/* joblog.h: GNU parallel's table of jobs, nine columns, byte for byte as Debian's writes it. A view
 * for other tools; with --resume and no run directory it is also what is known of earlier runs. */
#ifndef NF_JOBLOG_H
#define NF_JOBLOG_H

#include "buffer.h"
#include "error.h"
#include "task.h"

struct nf_joblog;

/* 1: --joblog -, which goes to stdout: among what tasks print there, see task_output.h. */
int nf_joblog_is_printed(const char *path); /* NULL is fine */
/* path: FILE, or +FILE to add to what is there; is_continued does that too. *joblog is NULL where
 * it is printed. */
int nf_joblog_open(struct nf_joblog **joblog, const char *path, int is_continued, nfold_error *err);
int nf_joblog_add(struct nf_joblog *joblog, const struct nf_task *task, const char *command,
                  const struct nf_task_result *result, nfold_error *err);
int nf_joblog_close(struct nf_joblog *joblog, nfold_error *err); /* NULL is fine */

/* The first line, and the line that nf_joblog_add writes. */
void nf_joblog_header(struct nfold_buffer *out);
void nf_joblog_line(struct nfold_buffer *out, uint64_t sequence, const char *command,
                    const struct nf_task_result *result);

/* One line read back. A newline of the command is a newline again. */
struct nf_joblog_row {
    uint64_t sequence;
    int exit_code, signal;
    const char *command;
    /* ok, failed, signalled; CUT: it was killed by us (-1), so its end is not its own. */
    enum nf_task_status status;
};

/* Calls visit for each line that is whole, in their order; lines that are none are passed over and
 * counted. A file that is not there has no lines. visit: < 0 ends the reading. */
int nf_joblog_read(const char *path,
                   int (*visit)(void *user, const struct nf_joblog_row *row, nfold_error *err),
                   void *user, uint64_t *unreadable, nfold_error *err);

/* What --retry-failed runs: the command lines of the jobs whose last line says that they failed,
 * each ended by a zero byte, and their numbers, in whose order they are; free them. */
int nf_joblog_failed(const char *path, struct nfold_buffer *commands, uint64_t **sequences,
                     size_t *count, nfold_error *err);
/* The n-th task is written with the n-th of these numbers, from 1. Takes them. joblog may be NULL.
 */
void nf_joblog_renumber(struct nf_joblog *joblog, uint64_t *sequences, size_t count);

#endif
