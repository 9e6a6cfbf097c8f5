/* results.c: where each task's output goes, and the rows of tables. */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_directory.h"
#include "template.h"

#define NAME_MOST 255 /* bytes of a file's name */

enum shape { SHAPE_TREE, SHAPE_NAMED, SHAPE_CSV, SHAPE_TSV, SHAPE_JSON };

struct nf_results {
    enum shape shape;
    char *where;                 /* the option's value */
    struct nf_template *pattern; /* SHAPE_NAMED */
    char **names;                /* of columns; NULL: their numbers */
    unsigned name_count;
    int fd;           /* of a table; -1: stdout, or a tree */
    int is_made;      /* the tree's folder was not there before */
    unsigned columns; /* of a task */
    char scratch[NF_OUTPUT_PIECE];
};

/* ---- opening ---- */

static int ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcasecmp(text + size - length, end) == 0;
}

static enum shape shape_of(const char *where)
{
    return ends_with(where, ".csv")    ? SHAPE_CSV
           : ends_with(where, ".tsv")  ? SHAPE_TSV
           : ends_with(where, ".json") ? SHAPE_JSON
                                       : SHAPE_TREE;
}

static int is_table(const struct nf_results *results)
{
    return results->shape >= SHAPE_CSV;
}

/* Before anything runs; if nothing comes into it, it goes again. */
static int make_root(struct nf_results *results, nfold_error *err)
{
    struct stat status;
    if (stat(results->where, &status) == 0)
        return S_ISDIR(status.st_mode)
                   ? 0
                   : nf_fail(err, NFOLD_E_VALUE, "the folder %s for results is a file",
                             results->where);
    if (nf_run_directory_make(results->where, NULL) < 0)
        return nf_fail_errno(err, "cannot make the folder %s for results", results->where);
    results->is_made = 1;
    return 0;
}

static int open_place(struct nf_results *results, const nfold_options *options, nfold_error *err)
{
    if (is_table(results)) {
        if (strncmp(results->where, "-.", 2) == 0)
            return 0;
        results->fd = open(results->where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        return results->fd >= 0 ? 0 : nf_fail_errno(err, "cannot write to %s", results->where);
    }
    if (strchr(results->where, '{') == NULL)
        return make_root(results, err);
    results->shape = SHAPE_NAMED;
    return nf_template_open_text(&results->pattern, options, results->where, err);
}

int nf_results_open(struct nf_results **results, const nfold_options *options, nfold_error *err)
{
    const char *where = nf_options_text(options, "results");
    *results = NULL;
    if (where == NULL || where[0] == '\0')
        return 0;
    struct nf_results *made = calloc(1, sizeof *made);
    if (made == NULL)
        return nf_fail_memory(err);
    made->fd = -1;
    made->shape = shape_of(where);
    made->where = strdup(where);
    int rc = made->where != NULL ? open_place(made, options, err) : nf_fail_memory(err);
    if (rc < 0)
        nf_results_close(made, NULL);
    else
        *results = made;
    return rc;
}

int nf_results_names(struct nf_results *results, const char *const *names, unsigned count,
                     nfold_error *err)
{
    results->names = calloc((size_t)count + 1, sizeof *results->names);
    if (results->names == NULL)
        return nf_fail_memory(err);
    for (; results->name_count < count; results->name_count++) {
        results->names[results->name_count] = strdup(names[results->name_count]);
        if (results->names[results->name_count] == NULL)
            return nf_fail_memory(err);
    }
    return results->pattern != NULL ? nf_template_names(results->pattern, names, count, err) : 0;
}

int nf_results_are_rows(const struct nf_results *results)
{
    return is_table(results);
}

int nf_results_have_file(const struct nf_results *results)
{
    return results->fd >= 0;
}

int nf_results_close(struct nf_results *results, nfold_error *err)
{
    int rc = 0;
    if (results == NULL)
        return 0;
    if (results->fd >= 0 && close(results->fd) < 0 && errno != EINTR)
        rc = nf_fail_errno(err, "cannot write to %s", results->where);
    if (results->is_made)
        (void)rmdir(results->where); /* not if there is anything in it */
    for (unsigned i = 0; i < results->name_count; i++)
        free(results->names[i]);
    free(results->names);
    nf_template_close(results->pattern);
    free(results->where);
    free(results);
    return rc;
}

/* ---- columns ---- */

static void add_name(struct nfold_buffer *out, const struct nf_results *results, unsigned column)
{
    if (column < results->name_count)
        nf_buffer_string(out, results->names[column]);
    else
        nf_buffer_print(out, "%u", column + 1);
}

/* Columns are in the order of their names, numbers before texts. */
static int is_before(const struct nf_results *results, unsigned a, unsigned b)
{
    struct nfold_buffer name[2] = {{0}, {0}};
    add_name(&name[0], results, a);
    add_name(&name[1], results, b);
    double x = strtod(nf_buffer_text(&name[0]), NULL), y = strtod(nf_buffer_text(&name[1]), NULL);
    int order = strcmp(nf_buffer_text(&name[0]), nf_buffer_text(&name[1]));
    nf_buffer_clear(&name[0]);
    nf_buffer_clear(&name[1]);
    return x < y || (!(y < x) && (order < 0 || (order == 0 && a < b)));
}

/* The column that stands at a place of that order. */
static unsigned column_at(const struct nf_results *results, unsigned place, unsigned count)
{
    for (unsigned column = 0; column < count; column++) {
        unsigned before = 0;
        for (unsigned other = 0; other < count; other++)
            before += other != column && is_before(results, other, column);
        if (before == place)
            return column;
    }
    return place;
}

/* A value as the name of a folder. */
static void add_folder(struct nfold_buffer *out, const char *value)
{
    size_t start = out->size;
    for (; *value != '\0'; value++) {
        if (*value == '\\')
            nf_buffer_string(out, "\\\\");
        else if (*value == '\t')
            nf_buffer_string(out, "\\t");
        else if (*value == '/')
            nf_buffer_string(out, "\\_");
        else
            nf_buffer_bytes(out, value, 1);
    }
    if (!out->failed && out->size - start > NAME_MOST)
        out->size = start + NAME_MOST;
}

/* where/name/value/name/value, the records of a packed task one after the other. */
static void add_tree(struct nfold_buffer *out, const struct nf_results *results,
                     const struct nf_task *task)
{
    unsigned records = task->record_count > 0 ? task->record_count : 1;
    unsigned columns = task->value_count / records;
    nf_buffer_string(out, results->where);
    for (unsigned record = 0; record < records; record++) {
        for (unsigned place = 0; place < columns; place++) {
            unsigned column = column_at(results, place, columns);
            nf_buffer_string(out, "/");
            add_name(out, results, column);
            nf_buffer_string(out, "/");
            add_folder(out, task->values[record * columns + column]);
        }
    }
    nf_buffer_string(out, "/");
}

/* ---- fields of tables ---- */

static void add_quoted(struct nfold_buffer *out, enum shape shape, const char *text, size_t size)
{
    const char *special = shape == SHAPE_CSV ? "\", \t\r\n\f\v" : "\" \t\r\n\f\v";
    int is_quoted = 0;
    for (size_t i = 0; i < size && !is_quoted; i++)
        is_quoted = text[i] == '\0' || strchr(special, text[i]) != NULL;
    if (!is_quoted) {
        nf_buffer_bytes(out, text, size);
        return;
    }
    nf_buffer_string(out, "\"");
    for (size_t i = 0; i < size; i++)
        nf_buffer_bytes(out, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
    nf_buffer_string(out, "\"");
}

static void add_json(struct nfold_buffer *out, const char *text, size_t size)
{
    nf_buffer_string(out, "\"");
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            nf_buffer_print(out, "\\%c", text[i]);
        else if ((unsigned char)text[i] < ' ')
            nf_buffer_print(out, "\\u%04x", (unsigned)(unsigned char)text[i]);
        else
            nf_buffer_bytes(out, text + i, 1);
    }
    nf_buffer_string(out, "\"");
}

static const char *separator(const struct nf_results *results)
{
    return results->shape == SHAPE_CSV ? "," : "\t";
}

static void add_values(struct nfold_buffer *out, const struct nf_results *results,
                       const struct nf_task *task)
{
    for (unsigned i = 0; i < task->value_count; i++) {
        size_t size = strlen(task->values[i]);
        if (results->shape == SHAPE_JSON) {
            nf_buffer_string(out, i > 0 ? "," : "");
            add_json(out, task->values[i], size);
        } else {
            nf_buffer_string(out, separator(results));
            add_quoted(out, results->shape, task->values[i], size);
        }
    }
}

/* GNU parallel counts as Perl does: V1 … V9, W0 … */
static void add_variable(struct nfold_buffer *out, unsigned column)
{
    nf_buffer_print(out, "%c%u", 'V' + (int)((column + 1) / 10 % 5), (column + 1) % 10);
}

static void add_header(struct nfold_buffer *out, const struct nf_results *results, unsigned columns)
{
    static const char *const first[] = {"Seq",     "Host",    "Starttime", "JobRuntime", "Send",
                                        "Receive", "Exitval", "Signal",    "Command"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        nf_buffer_print(out, "%s%s", i > 0 ? separator(results) : "", first[i]);
    for (unsigned i = 0; i < columns; i++) {
        nf_buffer_string(out, separator(results));
        if (i < results->name_count)
            add_quoted(out, results->shape, results->names[i], strlen(results->names[i]));
        else
            add_variable(out, i);
    }
    nf_buffer_print(out, "%sStdout%sStderr\n", separator(results), separator(results));
}

/* ---- a task ---- */

int nf_results_place(struct nf_results *results, const struct nf_task *task, unsigned slot,
                     char **place, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = 0;
    nf_buffer_string(&text, "");
    if (results->shape == SHAPE_TREE)
        add_tree(&text, results, task);
    else if (results->shape == SHAPE_NAMED)
        rc = nf_template_render_text(results->pattern, task, slot, &text, err);
    else
        add_values(&text, results, task);
    results->columns = task->value_count;
    if (rc >= 0 && text.failed)
        rc = nf_fail_memory(err);
    if (rc < 0)
        nf_buffer_clear(&text);
    *place = text.data;
    return rc;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int write_stream(struct nf_results *results, const char *path,
                        struct nf_output_stream *stream, const struct nf_container *container,
                        nfold_error *err)
{
    const char *data;
    long size = 0;
    int rc = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return nf_fail_errno(err, "cannot write the results %s", path);
    while (rc >= 0 && (size = nf_output_stream_peek(stream, container, stream->total,
                                                    results->scratch, &data, err)) > 0) {
        if (write_all(fd, data, (size_t)size) < 0)
            rc = nf_fail_errno(err, "cannot write the results %s", path);
        nf_output_stream_shown(stream, (size_t)size);
    }
    if (close(fd) < 0 && errno != EINTR && rc >= 0)
        rc = nf_fail_errno(err, "cannot write the results %s", path);
    return size < 0 ? (int)size : rc;
}

static int write_number(const char *path, uint64_t number, nfold_error *err)
{
    struct nfold_buffer text = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), rc = 0;
    nf_buffer_print(&text, "%" PRIu64, number);
    if (fd < 0 || write_all(fd, nf_buffer_text(&text), text.size) < 0)
        rc = nf_fail_errno(err, "cannot write the results %s", path);
    if (fd >= 0 && close(fd) < 0 && errno != EINTR && rc >= 0)
        rc = nf_fail_errno(err, "cannot write the results %s", path);
    nf_buffer_clear(&text);
    return rc;
}

static int make_folders(const char *path, nfold_error *err)
{
    char *folder = strdup(path), *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    int rc = folder != NULL ? 0 : nf_fail_memory(err);
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        rc = nf_run_directory_make(folder, err) < 0 ? NFOLD_E_SYSTEM : 0;
        if (rc < 0)
            nf_fail_errno(err, "cannot make the folder %s for results", folder);
    }
    free(folder);
    return rc;
}

static int write_files(struct nf_results *results, const char *place, uint64_t sequence,
                       struct nf_output_stream stream[2], const struct nf_container *container,
                       nfold_error *err)
{
    size_t size = strlen(place);
    int is_folder = size > 0 && place[size - 1] == '/';
    const char *const ends[] = {is_folder ? "stdout" : "", is_folder ? "stderr" : ".err",
                                is_folder ? "seq" : ".seq"};
    struct nfold_buffer path = {0};
    int rc = make_folders(place, err);
    for (int i = 0; rc >= 0 && i < 3; i++) {
        path.size = 0;
        nf_buffer_print(&path, "%s%s", place, ends[i]);
        if (path.failed)
            rc = nf_fail_memory(err);
        else if (i < 2)
            rc = write_stream(results, path.data, &stream[i], container, err);
        else
            rc = write_number(path.data, sequence, err);
    }
    nf_buffer_clear(&path);
    return rc;
}

/* All of a stream as a field. */
static int add_stream(struct nfold_buffer *out, struct nf_results *results,
                      struct nf_output_stream *stream, const struct nf_container *container,
                      nfold_error *err)
{
    struct nfold_buffer text = {0};
    const char *data;
    long size;
    while ((size = nf_output_stream_peek(stream, container, stream->total, results->scratch, &data,
                                         err)) > 0) {
        nf_buffer_bytes(&text, data, (size_t)size);
        nf_output_stream_shown(stream, (size_t)size);
    }
    if (results->shape == SHAPE_JSON)
        add_json(out, nf_buffer_text(&text), text.size);
    else
        add_quoted(out, results->shape, nf_buffer_text(&text), text.size);
    out->failed |= text.failed;
    nf_buffer_clear(&text);
    return size < 0 ? (int)size : 0;
}

static int add_row(struct nfold_buffer *out, struct nf_results *results, const char *values,
                   uint64_t sequence, const char *command, const struct nf_task_result *result,
                   struct nf_output_stream stream[2], const struct nf_container *container,
                   nfold_error *err)
{
    int is_json = results->shape == SHAPE_JSON;
    const char *comma = is_json ? "" : separator(results);
    if (is_json)
        nf_buffer_print(out,
                        "{ \"Seq\": %" PRIu64 ", \"Host\": \":\", \"Starttime\": %.3f, "
                        "\"JobRuntime\": %.3f, \"Send\": 0, \"Receive\": %" PRIu64
                        ", \"Exitval\": %d, \"Signal\": %d, \"Command\": ",
                        sequence, result->began, result->seconds, result->out_bytes,
                        result->exit_code, result->signal);
    else
        nf_buffer_print(out, "%" PRIu64 "%s:%s%.3f%s%.3f%s0%s%" PRIu64 "%s%d%s%d%s", sequence,
                        comma, comma, result->began, comma, result->seconds, comma, comma,
                        result->out_bytes, comma, result->exit_code, comma, result->signal, comma);
    if (is_json)
        add_json(out, command, strlen(command));
    else
        add_quoted(out, results->shape, command, strlen(command));
    nf_buffer_print(out, is_json ? ", \"V\": [ %s ], \"Stdout\": " : "%s", values);
    nf_buffer_string(out, comma);
    int rc = add_stream(out, results, &stream[0], container, err);
    nf_buffer_string(out, is_json ? ", \"Stderr\": " : comma);
    if (rc >= 0)
        rc = add_stream(out, results, &stream[1], container, err);
    nf_buffer_string(out, is_json ? " }\n" : "\n");
    return rc;
}

int nf_results_add(struct nf_results *results, const char *place, uint64_t sequence,
                   const char *command, const struct nf_task_result *result,
                   struct nf_output_stream stream[2], const struct nf_container *container,
                   struct nfold_buffer *row, nfold_error *err)
{
    if (!is_table(results))
        return write_files(results, place, sequence, stream, container, err);
    int rc = add_row(row, results, place, sequence, command, result, stream, container, err);
    return rc >= 0 && row->failed ? nf_fail_memory(err) : rc;
}

void nf_results_header(struct nfold_buffer *out, const struct nf_results *results)
{
    if (results->shape != SHAPE_JSON)
        add_header(out, results, results->columns);
}

int nf_results_write(struct nf_results *results, const char *data, size_t size, nfold_error *err)
{
    if (write_all(results->fd, data, size) < 0)
        return nf_fail_errno(err, "cannot write to %s", results->where);
    return 0;
}
