/* output_group.c: the bytes of an attempt in memory, in the container, and back. */
#include "output_group.h"

#include <stdlib.h>
#include <string.h>

#include "run_directory.h"

#define KEEP_MOST ((size_t)4 << 20) /* of the container in memory */

void nf_output_group_free(struct nf_output_task *task)
{
    for (int which = 0; which < 2; which++)
        nf_output_stream_clear(&task->stream[which]);
    free(task->tag);
    free(task->place);
    free(task);
}

size_t nf_output_group_memory(const struct nf_output_task *task)
{
    return sizeof *task + task->stream[0].tail.capacity + task->stream[1].tail.capacity +
           sizeof(struct nf_output_extent) *
               (task->stream[0].extent_count + task->stream[1].extent_count);
}

int nf_output_follow_directory(struct nf_output *output, nfold_error *err)
{
    const char *directory = nf_record_directory(output->record);
    if (directory == NULL || nf_container_has_file(output->container))
        return 0;
    char *path = nf_run_directory_file(directory, "output");
    int rc = path != NULL ? nf_container_attach(output->container, path, err) : nf_fail_memory(err);
    free(path);
    return rc;
}

/* Makes sure that size more bytes may be kept: 1; 0: there is no place for them; or < 0. */
static int make_place(struct nf_output *output, size_t size, nfold_error *err)
{
    int rc = nf_output_follow_directory(output, err);
    if (rc < 0 || nf_container_has_file(output->container))
        return rc < 0 ? rc : 1;
    if (output->keeps_nothing)
        return 0;
    if (nf_container_memory(output->container) + size <= KEEP_MOST)
        return 1;
    rc = nf_record_make_directory(output->record, err);
    if (rc < 0) {
        output->keeps_nothing = 1;
        return 0;
    }
    rc = nf_output_follow_directory(output, err);
    return rc < 0 ? rc : 1;
}

static int add_frame(struct nf_output_task *task, enum nf_container_stream stream, const char *data,
                     size_t size, uint64_t *at, nfold_error *err)
{
    struct nf_container_frame frame = {.stream = stream,
                                       .sequence = task->sequence,
                                       .attempt = task->attempt,
                                       .identity = task->identity,
                                       .previous = task->last_frame,
                                       .size = (uint32_t)size};
    int rc = nf_container_add(task->output->container, &frame, data, at, err);
    if (rc >= 0)
        task->last_frame = *at;
    return rc;
}

int nf_output_group_copy_tail(struct nf_output_task *task, int which, nfold_error *err)
{
    struct nf_output_stream *stream = &task->stream[which];
    uint64_t at;
    if (stream->tail.size == 0 || stream->tail_at != 0)
        return 1;
    int rc = make_place(task->output, stream->tail.size, err);
    if (rc > 0)
        rc = add_frame(task, which == 0 ? NF_CONTAINER_OUT : NF_CONTAINER_ERR, stream->tail.data,
                       stream->tail.size, &at, err);
    else
        return rc;
    stream->tail_at = rc < 0 ? 0 : at + NF_CONTAINER_FRONT;
    return rc < 0 ? rc : 1;
}

int nf_output_group_move_tail(struct nf_output_task *task, int which, nfold_error *err)
{
    struct nf_output_stream *stream = &task->stream[which];
    int rc = nf_output_group_copy_tail(task, which, err);
    if (rc > 0)
        return nf_output_stream_stored(stream, err);
    nf_output_stream_forget(stream);
    if (rc < 0 || stream->tail.size < KEEP_MOST)
        return rc;
    return nf_fail(err, NFOLD_E_SYSTEM,
                   "a task prints more than memory may hold, and no folder for the rest can be "
                   "made; name one: --run-dir FOLDER");
}

/* Its tag goes there too. */
int nf_output_group_pack(struct nf_output_task *task, uint64_t *what, nfold_error *err)
{
    uint64_t at;
    int rc = 0;
    if (task->stream[0].shown > 0 || task->stream[1].shown > 0 || task->output->keeps_nothing)
        return 0;
    for (int which = 0; rc >= 0 && which < 2; which++)
        rc = nf_output_group_move_tail(task, which, err);
    if (rc >= 0 && task->tag != NULL && task->last_frame != 0)
        rc = add_frame(task, NF_CONTAINER_TAG, task->tag, strlen(task->tag), &at, err);
    if (rc < 0 || task->output->keeps_nothing)
        return rc;
    *what = task->last_frame << 1 | 1;
    return 1;
}

static int unpack_tag(struct nf_output *output, struct nf_output_task *task, uint64_t at,
                      const struct nf_container_frame *frame, nfold_error *err)
{
    task->tag = calloc(1, (size_t)frame->size + 1);
    if (task->tag == NULL)
        return nf_fail_memory(err);
    return nf_container_bytes(output->container, at + NF_CONTAINER_FRONT, task->tag, frame->size,
                              err);
}

/* Frames point backwards: the later ones are seen first, so those of a stream are turned round. */
static int unpack_frames(struct nf_output *output, struct nf_output_task *task, uint64_t last,
                         nfold_error *err)
{
    struct nf_container_frame frame;
    int rc = 0;
    for (uint64_t at = last; rc >= 0 && at != 0; at = frame.previous) {
        rc = nf_container_frame(output->container, at, &frame, err);
        if (rc >= 0 && frame.stream == NF_CONTAINER_TAG)
            rc = unpack_tag(output, task, at, &frame, err);
        else if (rc >= 0)
            rc = nf_output_stream_found(&task->stream[frame.stream], at + NF_CONTAINER_FRONT,
                                        frame.size, err);
    }
    for (int which = 0; which < 2; which++)
        nf_output_stream_reverse(&task->stream[which]);
    return rc;
}

int nf_output_group_unpack(struct nf_output *output, uint64_t last, struct nf_output_task **group,
                           nfold_error *err)
{
    struct nf_output_task *task = calloc(1, sizeof *task);
    if (task == NULL)
        return nf_fail_memory(err);
    task->output = output;
    task->has_ended = 1;
    task->stream[0].fd = task->stream[1].fd = -1;
    int rc = unpack_frames(output, task, last, err);
    if (rc < 0) {
        nf_output_group_free(task);
        return rc;
    }
    output->waiting += nf_output_group_memory(task);
    *group = task;
    return 0;
}
