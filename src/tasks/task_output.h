/* task_output.h: what tasks print on its way to our stdout and stderr: grouped (default), by lines
 * (--lb), as it comes (-u), in the order of the input (-k), tagged; kept in the run directory's
 * container and in --results. Bounded memory: what does not fit spills into the run directory. */
#ifndef NF_TASK_OUTPUT_H
#define NF_TASK_OUTPUT_H

#include "option.h"
#include "task.h"

struct nf_output;
struct nf_output_task; /* the streams of one running attempt */

struct nf_record;
struct nf_template;
/* Options: group, line-buffer, ungroup, keep-order, tag, tagstring, results … */
int nf_output_open(struct nf_output **output, const nfold_options *options,
                   struct nf_record *record, nfold_error *err);
/* --header's names, for --results; before the first task. */
int nf_output_names(struct nf_output *output, const char *const *names, unsigned count,
                    nfold_error *err);
/* Before a start. write_fd[0], [1]: what becomes the task's stdout and stderr (owned by the caller,
 * closed after the spawn); -1: it inherits ours (-u). read_fd: non-blocking, for the loop's epoll;
 * owned by the output. tag: of its lines, if they have one. command stays until the end. */
int nf_output_begin(struct nf_output *output, const struct nf_task *task, unsigned slot,
                    const char *tag, const char *command, int write_fd[2], int read_fd[2],
                    struct nf_output_task **stream, nfold_error *err);
/* which: 0 stdout, 1 stderr. Reads what is there: 1 more may come, 0 end of file, or < 0. */
int nf_output_readable(struct nf_output_task *stream, int which, nfold_error *err);
/* The process ended: takes what is left in the pipes without waiting, closes them, writes or queues
 * the group (unless it is dropped: an attempt that will be tried again), appends it to the
 * container, fills result's byte counts. Frees stream. */
int nf_output_end(struct nf_output_task *stream, struct nf_task_result *result, int is_dropped,
                  nfold_error *err);
/* -k: this sequence number will print nothing (done already, not started). */
int nf_output_skip(struct nf_output *output, uint64_t sequence, nfold_error *err);
/* Tasks that ended with 127 and said what another had said: it was not shown again. */
uint64_t nf_output_repeated(const struct nf_output *output);
/* Bytes that wait to be written because stdout is slow: the fd to poll for writing, or -1. */
int nf_output_blocked_fd(const struct nf_output *output);
int nf_output_writable(struct nf_output *output, nfold_error *err);
/* Called with what is about to be written to a terminal: somebody has a line there. */
void nf_output_cover(struct nf_output *output,
                     void (*cover)(void *user, const char *data, size_t size), void *user);
int nf_output_close(struct nf_output *output, nfold_error *err); /* writes all that waits */

#endif
