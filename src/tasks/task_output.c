/* task_output.c: who may print when. An attempt's bytes wait in its streams; a group that has ended
 * waits at its place of the print order; one piece at a time is on its way out. */
#include "task_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "joblog.h"
#include "output_group.h"

#define READ_MOST  ((size_t)256 << 10)
#define DRAIN_MOST ((size_t)4 << 20)  /* a child that stayed behind may write for ever */
#define TAIL_MOST  ((size_t)64 << 10) /* of a stream in memory; the rest is in the container */
#define WAIT_MOST  ((size_t)4 << 20)  /* of ended groups in memory */

/* What is at a place of the order: a group in memory, whose address is even; where its last frame
 * is, doubled plus one; for a group that printed nothing that place is 0. */
#define NOTHING UINT64_C(1)

/* ---- printing ---- */

/* Up to where a stream may be shown now. */
static uint64_t limit_of(const struct nf_output_task *task, int which)
{
    const struct nf_output *output = task->output;
    const struct nf_output_stream *stream = &task->stream[which];
    if (task->has_ended)
        return stream->total;
    if (!output->is_by_line || (output->is_ordered && task->sequence != output->order.first))
        return stream->shown;
    return stream->line_end;
}

/* Text as it is printed, with the tag in front of each line. */
static void add_lines(struct nf_output *output, const struct nf_output_task *task,
                      struct nf_output_stream *stream, const char *data, size_t size)
{
    while (size > 0) {
        const char *newline = memchr(data, '\n', size);
        size_t length = newline != NULL ? (size_t)(newline + 1 - data) : size;
        if (!stream->is_inside_line) {
            nf_buffer_string(&output->piece, task->tag);
            nf_buffer_string(&output->piece, "\t");
        }
        nf_buffer_bytes(&output->piece, data, length);
        stream->is_inside_line = newline == NULL;
        data += length;
        size -= length;
    }
}

/* Puts the next bytes of a stream on their way; 0: it has none that may be shown. */
static int take_piece(struct nf_output *output, struct nf_output_task *task, int which,
                      nfold_error *err)
{
    struct nf_output_stream *stream = &task->stream[which];
    const char *data;
    long size = nf_output_stream_peek(stream, output->container, limit_of(task, which),
                                      output->scratch, &data, err);
    if (size <= 0)
        return (int)size;
    output->piece_stream = which;
    if (output->results != NULL && !output->has_results_header) {
        nf_results_header(&output->piece, output->results);
        output->has_results_header = 1;
    }
    if (task->tag != NULL) {
        add_lines(output, task, stream, data, (size_t)size);
    } else {
        nf_buffer_bytes(&output->piece, data, (size_t)size);
        stream->is_inside_line = data[size - 1] != '\n';
    }
    nf_output_stream_shown(stream, (size_t)size);
    int has_more = stream->is_inside_line && stream->shown < limit_of(task, which);
    output->unfinished = has_more ? task : NULL;
    output->unfinished_stream = which;
    return output->piece.failed ? nf_fail_memory(err) : 1;
}

static int take_either(struct nf_output *output, struct nf_output_task *task, nfold_error *err)
{
    int rc = take_piece(output, task, 0, err);
    return rc != 0 ? rc : take_piece(output, task, 1, err);
}

/* The group whose turn it is, in memory. NULL: it is not there yet. */
static int group_in_turn(struct nf_output *output, struct nf_output_task **group, nfold_error *err)
{
    uint64_t what;
    *group = NULL;
    while ((what = nf_print_order_peek(&output->order)) == NOTHING)
        nf_print_order_pop(&output->order);
    if (what % 2 == 0) {
        *group = (struct nf_output_task *)(uintptr_t)what;
        return 0;
    }
    int rc = nf_output_group_unpack(output, what >> 1, group, err);
    if (rc >= 0)
        nf_print_order_change(&output->order, (uint64_t)(uintptr_t)*group);
    return rc;
}

/* From the groups that have ended, in their order. */
static int take_group(struct nf_output *output, nfold_error *err)
{
    struct nf_output_task *group;
    for (;;) {
        int rc = group_in_turn(output, &group, err);
        if (rc < 0 || group == NULL)
            return rc;
        rc = take_either(output, group, err);
        if (rc != 0)
            return rc;
        nf_print_order_pop(&output->order);
        output->waiting -= nf_output_group_memory(group);
        nf_output_group_free(group);
    }
}

/* What is no task's output waits until no group is printed in part. */
static int take_aside(struct nf_output *output)
{
    struct nfold_buffer empty = output->piece;
    if (output->aside.size == 0)
        return 0;
    output->piece = output->aside;
    output->aside = empty;
    output->piece_stream = 0;
    output->is_piece_aside = 1;
    return 1;
}

static int take_next(struct nf_output *output, nfold_error *err)
{
    int rc = 0;
    if (output->unfinished != NULL)
        return take_piece(output, output->unfinished, output->unfinished_stream, err);
    rc = take_group(output, err);
    for (struct nf_output_task *task = output->is_by_line ? output->running : NULL;
         rc == 0 && task != NULL; task = task->next)
        rc = take_either(output, task, err);
    return rc != 0 ? rc : take_aside(output);
}

/* A piece of a table that is a file. */
static int write_row(struct nf_output *output, nfold_error *err)
{
    int rc = nf_results_write(output->results, output->piece.data, output->piece.size, err);
    output->piece.size = 0;
    return rc < 0 ? rc : 1;
}

/* 1: the piece is out; 0: its reader is slow. */
static int write_piece(struct nf_output *output, nfold_error *err)
{
    if (output->piece.size > 0 && output->results != NULL && !output->is_piece_aside &&
        nf_results_have_file(output->results))
        return write_row(output, err);
    while (output->piece_done < output->piece.size) {
        if (output->cover && output->is_terminal[output->piece_stream])
            output->cover(output->cover_user, output->piece.data, output->piece.size);
        long written = nf_outlet_write(&output->outlet[output->piece_stream],
                                       output->piece.data + output->piece_done,
                                       output->piece.size - output->piece_done, err);
        if (written <= 0)
            return (int)written;
        output->piece_done += (size_t)written;
    }
    output->piece.size = output->piece_done = 0;
    output->is_piece_aside = 0;
    return 1;
}

/* Prints all that may be printed, until it is all out or a reader is slow. */
static int pump(struct nf_output *output, nfold_error *err)
{
    int rc;
    while ((rc = write_piece(output, err)) > 0 && (rc = take_next(output, err)) > 0)
        continue;
    return rc < 0 ? rc : 0;
}

/* ---- the life of an attempt ---- */

static void link_task(struct nf_output *output, struct nf_output_task *task)
{
    task->next = output->running;
    if (task->next != NULL)
        task->next->previous = task;
    output->running = task;
}

static void unlink_task(struct nf_output *output, struct nf_output_task *task)
{
    if (task->next != NULL)
        task->next->previous = task->previous;
    if (task->previous != NULL)
        task->previous->next = task->next;
    else
        output->running = task->next;
    task->next = task->previous = NULL;
}

static int open_pipes(struct nf_output_task *task, int write_fd[2], int read_fd[2],
                      nfold_error *err)
{
    for (int which = 0; which < 2; which++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return nf_fail_errno(err, "cannot make a pipe for what a task prints");
        task->stream[which].fd = read_fd[which] = ends[0];
        write_fd[which] = ends[1];
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
            return nf_fail_errno(err, "cannot read a pipe without waiting");
    }
    return 0;
}

static int begin_joblog(struct nf_output *output, nfold_error *err)
{
    output->has_joblog_header = 1;
    nf_joblog_header(&output->aside);
    return pump(output, err);
}

int nf_output_begin(struct nf_output *output, const struct nf_task *task, unsigned slot,
                    const char *tag, const char *command, int write_fd[2], int read_fd[2],
                    struct nf_output_task **stream, nfold_error *err)
{
    struct nf_output_task *made = calloc(1, sizeof *made);
    write_fd[0] = write_fd[1] = read_fd[0] = read_fd[1] = -1;
    if (made == NULL)
        return nf_fail_memory(err);
    made->output = output;
    made->sequence = task->sequence;
    made->attempt = task->attempt;
    made->identity = task->identity;
    made->command = command;
    made->stream[0].fd = made->stream[1].fd = -1;
    int rc = 0;
    if (output->is_tagged && (made->tag = strdup(tag)) == NULL)
        rc = nf_fail_memory(err);
    if (rc >= 0 && output->results != NULL)
        rc = nf_results_place(output->results, task, slot, &made->place, err);
    if (rc >= 0 && output->prints_joblog && !output->has_joblog_header)
        rc = begin_joblog(output, err);
    if (rc >= 0 && !output->is_ungrouped)
        rc = open_pipes(made, write_fd, read_fd, err);
    if (rc < 0) {
        for (int which = 0; which < 2; which++)
            if (write_fd[which] >= 0)
                close(write_fd[which]);
        nf_output_group_free(made);
        return rc;
    }
    link_task(output, made);
    *stream = made;
    return 0;
}

int nf_output_readable(struct nf_output_task *stream, int which, nfold_error *err)
{
    struct nf_output *output = stream->output;
    int more = nf_output_stream_read(&stream->stream[which], READ_MOST, err);
    int rc = more < 0 ? more : 0;
    if (rc >= 0 && output->is_by_line)
        rc = pump(output, err);
    if (rc >= 0 && stream->stream[which].tail.size > TAIL_MOST)
        rc = nf_output_group_move_tail(stream, which, err);
    return rc < 0 ? rc : more;
}

/* Takes what is left in the pipes and moves all of it into the container. */
static int drain(struct nf_output_task *task, nfold_error *err)
{
    int rc = 0;
    for (int which = 0; rc >= 0 && which < 2; which++) {
        struct nf_output_stream *stream = &task->stream[which];
        int more = 1;
        for (size_t taken = 0; more > 0 && rc >= 0 && taken < DRAIN_MOST; taken += READ_MOST) {
            uint64_t before = stream->total;
            more = nf_output_stream_read(stream, READ_MOST, err);
            rc = more < 0 ? more : 0;
            if (stream->total == before)
                break;
            if (rc >= 0 && stream->tail.size > TAIL_MOST)
                rc = nf_output_group_move_tail(task, which, err);
        }
        nf_output_stream_close(stream);
    }
    return rc;
}

/* Gives the ended group its place in the order; it is the order's from then on. */
static int queue_group(struct nf_output *output, struct nf_output_task *task, nfold_error *err)
{
    uint64_t place = output->is_ordered ? task->sequence : output->next_place++;
    uint64_t what = (uint64_t)(uintptr_t)task;
    int has_nothing = task->stream[0].shown == task->stream[0].total &&
                      task->stream[1].shown == task->stream[1].total;
    int rc = 0;
    if (has_nothing)
        what = NOTHING;
    else if (output->waiting + nf_output_group_memory(task) > WAIT_MOST &&
             place != output->order.first)
        rc = nf_output_group_pack(task, &what, err);
    int is_packed = has_nothing || rc > 0;
    if (rc >= 0)
        rc = nf_print_order_fill(&output->order, place, what, err);
    if (rc < 0 || is_packed) {
        if (output->unfinished == task)
            output->unfinished = NULL;
        nf_output_group_free(task);
    } else
        output->waiting += nf_output_group_memory(task);
    return rc;
}

/* --results takes the output; what is printed in its place, if anything is, is one row. */
static int give_results(struct nf_output_task *task, const struct nf_task_result *result,
                        nfold_error *err)
{
    struct nf_output *output = task->output;
    struct nfold_buffer row = {0};
    int rc = nf_results_add(output->results, task->place, task->sequence, task->command, result,
                            task->stream, output->container, &row, err);
    if (rc >= 0 && nf_results_are_rows(output->results)) {
        nf_output_stream_replace(&task->stream[0], &row);
        free(task->tag);
        task->tag = NULL;
    }
    nf_buffer_clear(&row);
    return rc;
}

/* What many tasks say in the same words: that a command does not exist. */
static void leave_out_repeated(struct nf_output_task *task, const struct nf_task_result *result)
{
    struct nf_output_stream *said = &task->stream[1];
    int is_excuse = result->exit_code == NF_EXCUSES_EXIT && said->shown == 0 && said->total > 0 &&
                    said->total == said->tail.size && said->total <= NF_EXCUSES_BYTES;
    if (is_excuse && nf_excuses_repeat(&task->output->excuses, said->tail.data, said->tail.size))
        said->shown = said->total;
}

static int copy_tails(struct nf_output_task *task, nfold_error *err)
{
    int rc = nf_output_group_copy_tail(task, 0, err);
    if (rc >= 0)
        rc = nf_output_group_copy_tail(task, 1, err);
    return rc < 0 ? rc : 0;
}

static int add_joblog_line(const struct nf_output_task *task, const struct nf_task_result *result,
                           nfold_error *err)
{
    struct nf_output *output = task->output;
    nf_joblog_line(&output->aside, task->sequence, task->command, result);
    return output->aside.failed ? nf_fail_memory(err) : 0;
}

int nf_output_end(struct nf_output_task *stream, struct nf_task_result *result, int is_dropped,
                  nfold_error *err)
{
    struct nf_output *output = stream->output;
    int rc = drain(stream, err);
    stream->has_ended = 1;
    if (rc >= 0)
        rc = copy_tails(stream, err);
    result->out_bytes = stream->stream[0].total;
    result->err_bytes = stream->stream[1].total;
    result->output_at = stream->last_frame;
    unlink_task(output, stream);
    if (rc >= 0 && !is_dropped && output->prints_joblog)
        rc = add_joblog_line(stream, result, err);
    if (rc < 0 || is_dropped || output->is_ungrouped) {
        if (output->unfinished == stream)
            output->unfinished = NULL;
        nf_output_group_free(stream);
        return rc < 0 ? rc : pump(output, err);
    }
    if (output->results != NULL)
        rc = give_results(stream, result, err);
    else if (!output->is_quiet)
        leave_out_repeated(stream, result);
    if (rc < 0) {
        nf_output_group_free(stream);
        return rc;
    }
    rc = queue_group(output, stream, err);
    return rc < 0 ? rc : pump(output, err);
}

int nf_output_skip(struct nf_output *output, uint64_t sequence, nfold_error *err)
{
    if (!output->is_ordered || output->is_ungrouped)
        return 0;
    int rc = nf_print_order_fill(&output->order, sequence, NOTHING, err);
    return rc < 0 ? rc : pump(output, err);
}

uint64_t nf_output_repeated(const struct nf_output *output)
{
    return output->excuses.repeated;
}

int nf_output_blocked_fd(const struct nf_output *output)
{
    return output->piece_done < output->piece.size ? output->outlet[output->piece_stream].fd : -1;
}

int nf_output_writable(struct nf_output *output, nfold_error *err)
{
    return pump(output, err);
}

void nf_output_cover(struct nf_output *output,
                     void (*cover)(void *user, const char *data, size_t size), void *user)
{
    output->cover = cover;
    output->cover_user = user;
    for (int which = 0; which < 2; which++)
        output->is_terminal[which] = isatty(output->outlet[which].fd);
}

/* ---- opening and closing ---- */

int nf_output_open(struct nf_output **output, const nfold_options *options,
                   struct nf_record *record, nfold_error *err)
{
    struct nf_output *made = calloc(1, sizeof *made);
    *output = NULL;
    if (made == NULL)
        return nf_fail_memory(err);
    made->is_ungrouped = nf_options_flag(options, "ungroup");
    made->is_by_line = nf_options_flag(options, "line-buffer");
    made->is_ordered = nf_options_flag(options, "keep-order") && !made->is_ungrouped;
    made->is_tagged =
        nf_options_flag(options, "tag") || nf_options_text(options, "tagstring") != NULL;
    made->prints_joblog = nf_joblog_is_printed(nf_options_text(options, "joblog"));
    made->is_quiet = nf_options_flag(options, "quiet");
    made->record = record;
    made->order.first = made->next_place = 1;
    made->scratch = malloc(NF_OUTPUT_PIECE);
    int rc = made->scratch != NULL ? nf_container_open(&made->container, err) : nf_fail_memory(err);
    if (rc >= 0)
        rc = nf_output_follow_directory(made, err);
    if (rc >= 0)
        rc = nf_results_open(&made->results, options, err);
    if (made->results != NULL)
        made->is_ungrouped = made->is_by_line = 0;
    if (rc < 0) {
        nf_container_close(made->container, NULL);
        free(made->scratch);
        free(made);
        return rc;
    }
    nf_outlet_open(&made->outlet[0], STDOUT_FILENO);
    nf_outlet_open(&made->outlet[1], STDERR_FILENO);
    *output = made;
    return 0;
}

int nf_output_names(struct nf_output *output, const char *const *names, unsigned count,
                    nfold_error *err)
{
    return output->results != NULL ? nf_results_names(output->results, names, count, err) : 0;
}

/* Prints what waits however slow the readers are. Places that were never filled (-k, and the run
 * stopped before their tasks) hold nothing up. */
static int flush(struct nf_output *output, nfold_error *err)
{
    for (;;) {
        int rc = pump(output, err);
        if (rc < 0)
            return rc;
        if (nf_output_blocked_fd(output) >= 0)
            nf_outlet_wait(&output->outlet[output->piece_stream]);
        else if (output->order.count > 0)
            nf_print_order_pop(&output->order);
        else
            return 0;
    }
}

int nf_output_close(struct nf_output *output, nfold_error *err)
{
    if (output == NULL)
        return 0;
    int rc = flush(output, err);
    if (rc >= 0)
        rc = nf_output_follow_directory(output, err);
    for (; output->order.count > 0; nf_print_order_pop(&output->order)) {
        uint64_t what = nf_print_order_peek(&output->order);
        if (what % 2 == 0 && what != 0)
            nf_output_group_free((struct nf_output_task *)(uintptr_t)what);
    }
    while (output->running != NULL) {
        struct nf_output_task *task = output->running;
        unlink_task(output, task);
        nf_output_group_free(task);
    }
    nf_print_order_clear(&output->order);
    nf_buffer_clear(&output->piece);
    nf_buffer_clear(&output->aside);
    nf_outlet_close(&output->outlet[0]);
    nf_outlet_close(&output->outlet[1]);
    free(output->scratch);
    int closed = nf_container_close(output->container, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    closed = nf_results_close(output->results, rc < 0 ? NULL : err);
    free(output);
    return rc < 0 ? rc : closed;
}
