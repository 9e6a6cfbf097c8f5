/* output.c: who may print when. An attempt's bytes wait in its streams; a group that has ended
 * waits at its place of the print order; one piece at a time is on its way out. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outlet.h"
#include "output_stream.h"
#include "print_order.h"
#include "record.h"

#define READ_MOST  ((size_t)256 << 10)
#define DRAIN_MOST ((size_t)4 << 20) /* a child that stayed behind may write for ever */
#define PIECE      ((size_t)64 << 10)
#define NOTHING    UINT64_C(1) /* a place of the order that prints nothing */

struct nf_output_task {
    struct nf_output *output;
    uint64_t sequence;
    unsigned attempt;
    struct nf_identity identity;
    char *tag; /* NULL: none */
    int has_ended;
    struct nf_output_stream stream[2];
    struct nf_output_task *previous, *next; /* of those that run */
};

struct nf_output {
    int is_ungrouped, is_by_line, is_ordered, is_tagged;
    struct nf_record *record;
    struct nf_outlet outlet[2];
    struct nf_print_order order;
    uint64_t next_place; /* without -k: the place of the next group that ends */
    struct nf_output_task *running;
    struct nf_output_task *unfinished; /* its line is printed in part: nobody else may print */
    int unfinished_stream;
    struct nfold_buffer piece; /* on its way out */
    size_t piece_done;
    int piece_stream;
};

/* ---- printing ---- */

static struct nf_output_task *group_at(uint64_t place)
{
    return place > NOTHING ? (struct nf_output_task *)(uintptr_t)place : NULL;
}

static void task_free(struct nf_output_task *task)
{
    for (int which = 0; which < 2; which++) {
        nf_output_stream_close(&task->stream[which]);
        nf_buffer_clear(&task->stream[which].tail);
    }
    free(task->tag);
    free(task);
}

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
    long size = nf_output_stream_peek(stream, limit_of(task, which), PIECE, &data, err);
    if (size <= 0)
        return (int)size;
    output->piece_stream = which;
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

/* From the groups that have ended, in their order. */
static int take_group(struct nf_output *output, nfold_error *err)
{
    uint64_t place;
    while ((place = nf_print_order_peek(&output->order)) != 0) {
        struct nf_output_task *group = group_at(place);
        int rc = group != NULL ? take_either(output, group, err) : 0;
        if (rc != 0)
            return rc;
        nf_print_order_pop(&output->order);
        if (group != NULL)
            task_free(group);
    }
    return 0;
}

static int take_next(struct nf_output *output, nfold_error *err)
{
    int rc = 0;
    if (output->unfinished != NULL)
        return take_piece(output, output->unfinished, output->unfinished_stream, err);
    rc = take_group(output, err);
    if (!output->is_by_line)
        return rc;
    for (struct nf_output_task *task = output->running; rc == 0 && task != NULL; task = task->next)
        rc = take_either(output, task, err);
    return rc;
}

/* 1: the piece is out; 0: its reader is slow. */
static int write_piece(struct nf_output *output, nfold_error *err)
{
    while (output->piece_done < output->piece.size) {
        long written = nf_outlet_write(&output->outlet[output->piece_stream],
                                       output->piece.data + output->piece_done,
                                       output->piece.size - output->piece_done, err);
        if (written <= 0)
            return (int)written;
        output->piece_done += (size_t)written;
    }
    output->piece.size = output->piece_done = 0;
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

int nf_output_begin(struct nf_output *output, const struct nf_task *task, unsigned slot,
                    const char *tag, int write_fd[2], int read_fd[2],
                    struct nf_output_task **stream, nfold_error *err)
{
    (void)slot;
    struct nf_output_task *made = calloc(1, sizeof *made);
    write_fd[0] = write_fd[1] = read_fd[0] = read_fd[1] = -1;
    if (made == NULL)
        return nf_fail_memory(err);
    made->output = output;
    made->sequence = task->sequence;
    made->attempt = task->attempt;
    made->identity = task->identity;
    made->stream[0].fd = made->stream[1].fd = -1;
    int rc = 0;
    if (output->is_tagged && (made->tag = strdup(tag)) == NULL)
        rc = nf_fail_memory(err);
    if (rc >= 0 && !output->is_ungrouped)
        rc = open_pipes(made, write_fd, read_fd, err);
    if (rc < 0) {
        for (int which = 0; which < 2; which++)
            if (write_fd[which] >= 0)
                close(write_fd[which]);
        task_free(made);
        return rc;
    }
    link_task(output, made);
    *stream = made;
    return 0;
}

int nf_output_readable(struct nf_output_task *stream, int which, nfold_error *err)
{
    struct nf_output *output = stream->output;
    int rc = nf_output_stream_read(&stream->stream[which], READ_MOST, err);
    if (rc < 0)
        return rc;
    int printed = output->is_by_line ? pump(output, err) : 0;
    return printed < 0 ? printed : rc;
}

static int drain(struct nf_output_task *task, nfold_error *err)
{
    for (int which = 0; which < 2; which++) {
        int rc = nf_output_stream_read(&task->stream[which], DRAIN_MOST, err);
        if (rc < 0)
            return rc;
        nf_output_stream_close(&task->stream[which]);
    }
    return 0;
}

/* Gives the ended group its place in the order; it is the order's from then on. */
static int queue_group(struct nf_output *output, struct nf_output_task *task, nfold_error *err)
{
    uint64_t place = output->is_ordered ? task->sequence : output->next_place;
    int rc = nf_print_order_fill(&output->order, place, (uint64_t)(uintptr_t)task, err);
    if (rc >= 0)
        output->next_place++;
    return rc;
}

int nf_output_end(struct nf_output_task *stream, struct nf_task_result *result, int is_dropped,
                  nfold_error *err)
{
    struct nf_output *output = stream->output;
    int rc = drain(stream, err);
    stream->has_ended = 1;
    result->out_bytes = stream->stream[0].total;
    result->err_bytes = stream->stream[1].total;
    unlink_task(output, stream);
    if (rc < 0 || is_dropped || output->is_ungrouped) {
        if (output->unfinished == stream)
            output->unfinished = NULL;
        task_free(stream);
        return rc;
    }
    rc = queue_group(output, stream, err);
    if (rc < 0) {
        task_free(stream);
        return rc;
    }
    return pump(output, err);
}

int nf_output_skip(struct nf_output *output, uint64_t sequence, nfold_error *err)
{
    if (!output->is_ordered || output->is_ungrouped)
        return 0;
    int rc = nf_print_order_fill(&output->order, sequence, NOTHING, err);
    return rc < 0 ? rc : pump(output, err);
}

int nf_output_blocked_fd(const struct nf_output *output)
{
    return output->piece_done < output->piece.size ? output->outlet[output->piece_stream].fd : -1;
}

int nf_output_writable(struct nf_output *output, nfold_error *err)
{
    return pump(output, err);
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
    made->record = record;
    made->order.first = made->next_place = 1;
    nf_outlet_open(&made->outlet[0], STDOUT_FILENO);
    nf_outlet_open(&made->outlet[1], STDERR_FILENO);
    *output = made;
    return 0;
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
    for (uint64_t place; output->order.count > 0; nf_print_order_pop(&output->order))
        if ((place = nf_print_order_peek(&output->order)) > NOTHING)
            task_free(group_at(place));
    while (output->running != NULL) {
        struct nf_output_task *task = output->running;
        unlink_task(output, task);
        task_free(task);
    }
    nf_print_order_clear(&output->order);
    nf_buffer_clear(&output->piece);
    nf_outlet_close(&output->outlet[0]);
    nf_outlet_close(&output->outlet[1]);
    free(output);
    return rc;
}
