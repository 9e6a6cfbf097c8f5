/* source.c: records from words and files. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

#define READ_BYTES 65536

struct nf_source {
    const struct nf_record_rules *rules;
    char *name;
    const char *const *words; /* a list */
    size_t word_count, next_word;
    int fd;          /* a file, or -1 */
    off_t opened_at; /* of a regular file: where it was when it was opened; -1: no such file */
    off_t at;        /* of a twin: where it reads on; -1: where the file is */
    int is_at_end;
    struct nfold_buffer bytes; /* read, and from .begin on not yet taken */
    size_t begin, searched;
    struct nfold_buffer joined; /* what the next record goes on from */
    int has_joined;
    uint64_t number;   /* of the record, for messages */
    uint64_t left_out; /* of those: a header */
};

/* ---- rules ---- */

/* \t \n \r \0 \101 as GNU parallel reads them; other backslashes stand for themselves. */
static size_t unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from;) {
        const char *letters = "tnr", *bytes = "\t\n\r";
        const char *found = *from == '\\' && from[1] ? strchr(letters, from[1]) : NULL;
        if (found) {
            *to++ = bytes[found - letters];
            from += 2;
        } else if (*from == '\\' && from[1] >= '0' && from[1] <= '7') {
            int value = 0, digits = 0;
            for (from++; digits < 3 && *from >= '0' && *from <= '7'; digits++)
                value = 8 * value + (*from++ - '0');
            *to++ = (char)value;
        } else {
            *to++ = *from++;
        }
    }
    return (size_t)(to - text);
}

int nf_record_rules_read(struct nf_record_rules *rules, const nfold_options *options,
                         nfold_error *err)
{
    const char *delimiter = nf_options_text(options, "delimiter");
    *rules = (struct nf_record_rules){
        .end = nf_options_text(options, "eof"),
        .is_csv = nf_options_flag(options, "csv"),
        .joins_lines = nf_options_is_set(options, "max-lines"),
        .skips_empty = nf_options_flag(options, "no-run-if-empty"),
    };
    if (nf_options_flag(options, "null"))
        delimiter = "\\0";
    rules->delimiter = strdup(delimiter ? delimiter : "\\n");
    if (!rules->delimiter)
        return nf_fail_memory(err);
    rules->delimiter_size = unescape(rules->delimiter);
    if (rules->delimiter_size == 0)
        return nf_fail(err, NFOLD_E_VALUE, "option 'delimiter': it cannot be empty");
    return 0;
}

void nf_record_rules_clear(struct nf_record_rules *rules)
{
    free(rules->delimiter);
    rules->delimiter = NULL;
}

/* ---- opening ---- */

static int source_new(struct nf_source **source, const char *name,
                      const struct nf_record_rules *rules, nfold_error *err)
{
    *source = calloc(1, sizeof **source);
    if (!*source)
        return nf_fail_memory(err);
    (*source)->rules = rules;
    (*source)->fd = -1;
    (*source)->opened_at = (*source)->at = -1;
    (*source)->name = strdup(name);
    if ((*source)->name)
        return 0;
    nf_source_close(*source);
    *source = NULL;
    return nf_fail_memory(err);
}

int nf_source_open_list(struct nf_source **source, const char *name, const char *const *words,
                        size_t count, const struct nf_record_rules *rules, nfold_error *err)
{
    int rc = source_new(source, name, rules, err);
    if (rc < 0)
        return rc;
    (*source)->words = words;
    (*source)->word_count = count;
    return 0;
}

int nf_source_open_file(struct nf_source **source, const char *path,
                        const struct nf_record_rules *rules, nfold_error *err)
{
    int is_stdin = strcmp(path, "-") == 0;
    int rc = source_new(source, is_stdin ? "standard input" : path, rules, err);
    if (rc < 0)
        return rc;
    struct stat status;
    (*source)->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if ((*source)->fd >= 0 && fstat((*source)->fd, &status) == 0 && S_ISREG(status.st_mode))
        (*source)->opened_at = lseek((*source)->fd, 0, SEEK_CUR);
    if ((*source)->fd >= 0)
        return 0;
    nf_fail_errno(err, "cannot read the inputs in %s", path);
    nf_source_close(*source);
    *source = NULL;
    return NFOLD_E_SYSTEM;
}

int nf_source_is_bounded(const struct nf_source *source)
{
    return source->fd < 0 || source->opened_at >= 0;
}

int nf_source_open_twin(struct nf_source **twin, const struct nf_source *source, nfold_error *err)
{
    int rc = source_new(twin, source->name, source->rules, err);
    if (rc < 0)
        return rc;
    (*twin)->words = source->words;
    (*twin)->word_count = source->word_count;
    (*twin)->fd = source->fd;
    (*twin)->at = source->opened_at;
    for (uint64_t i = 0; rc >= 0 && i < source->left_out; i++) {
        char *record = NULL;
        rc = nf_source_next(*twin, 1, &record, err);
        free(record);
    }
    if (rc >= 0)
        return 0;
    nf_source_close(*twin);
    *twin = NULL;
    return rc;
}

static int is_twin(const struct nf_source *source)
{
    return source->at >= 0;
}

void nf_source_close(struct nf_source *source)
{
    if (!source)
        return;
    if (source->fd > STDERR_FILENO && !is_twin(source))
        close(source->fd);
    free(source->name);
    nf_buffer_clear(&source->bytes);
    nf_buffer_clear(&source->joined);
    free(source);
}

int nf_source_fd(const struct nf_source *source)
{
    return source->fd;
}

const char *nf_source_name(const struct nf_source *source)
{
    return source->name;
}

uint64_t nf_source_total(const struct nf_source *source)
{
    const struct nf_record_rules *rules = source->rules;
    int is_plain = !rules->end && !rules->is_csv && !rules->joins_lines && !rules->skips_empty;
    return source->fd < 0 && is_plain ? source->word_count - source->left_out : UINT64_MAX;
}

/* ---- pieces between delimiters ---- */

static int is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) != 0;
}

/* Room for one more read behind what is not yet taken. */
static int make_room(struct nf_source *source, nfold_error *err)
{
    struct nfold_buffer *bytes = &source->bytes;
    if (source->begin > 0) {
        memmove(bytes->data, bytes->data + source->begin, bytes->size - source->begin);
        bytes->size -= source->begin;
        source->searched -= source->begin;
        source->begin = 0;
    }
    if (bytes->capacity >= bytes->size + READ_BYTES + 1)
        return 0;
    size_t capacity = 2 * bytes->capacity + READ_BYTES + 1;
    char *grown = realloc(bytes->data, capacity);
    if (!grown)
        return nf_fail_memory(err);
    bytes->data = grown;
    bytes->capacity = capacity;
    return 0;
}

/* Standard input cannot be read again: it is kept for the one who resumes. */
static int keep_input(const struct nf_source *source, const char *data, size_t size,
                      nfold_error *err)
{
    struct nf_source_watch *watch = source->rules->watch;
    if (source->fd != STDIN_FILENO || is_twin(source) || !watch || size == 0)
        return 0;
    if (watch->keep)
        return watch->keep(watch->user, data, size, err);
    if (watch->waits)
        nf_buffer_bytes(&watch->early, data, size);
    return watch->early.failed ? nf_fail_memory(err) : 0;
}

static ssize_t read_bytes(struct nf_source *source, char *data)
{
    if (!is_twin(source))
        return read(source->fd, data, READ_BYTES);
    ssize_t got = pread(source->fd, data, READ_BYTES, source->at);
    source->at += got > 0 ? got : 0;
    return got;
}

/* 1 some bytes came or the end was seen, NF_INPUT_WAIT, or < 0. */
static int read_more(struct nf_source *source, int waits, nfold_error *err)
{
    int rc = make_room(source, err);
    if (rc < 0)
        return rc;
    for (;;) {
        if (!waits && !is_readable(source->fd))
            return NF_INPUT_WAIT;
        ssize_t got = read_bytes(source, source->bytes.data + source->bytes.size);
        if (got >= 0) {
            rc = keep_input(source, source->bytes.data + source->bytes.size, (size_t)got, err);
            source->bytes.size += (size_t)got;
            source->is_at_end = got == 0;
            return rc < 0 ? rc : 1;
        }
        if (errno == EAGAIN && waits)
            poll(&(struct pollfd){.fd = source->fd, .events = POLLIN}, 1, -1);
        else if (errno == EAGAIN)
            return NF_INPUT_WAIT;
        else if (errno != EINTR)
            return nf_fail_errno(err, "cannot read the inputs in %s", source->name);
    }
}

/* The next bytes of a file up to a delimiter: 1, 0, NF_INPUT_WAIT or < 0. */
static int file_piece(struct nf_source *source, int waits, const char **piece, size_t *length,
                      nfold_error *err)
{
    const struct nf_record_rules *rules = source->rules;
    for (;;) {
        size_t left = source->bytes.size - source->searched;
        const char *from = source->bytes.data + source->searched;
        const char *found =
            left ? memmem(from, left, rules->delimiter, rules->delimiter_size) : NULL;
        *piece = source->bytes.data + source->begin;
        if (found) {
            *length = (size_t)(found - *piece);
            source->begin += *length + rules->delimiter_size;
            source->searched = source->begin;
            return 1;
        }
        if (left >= rules->delimiter_size)
            source->searched = source->bytes.size - rules->delimiter_size + 1;
        if (source->is_at_end) {
            *length = source->bytes.size - source->begin;
            source->begin = source->searched = source->bytes.size;
            return *length > 0;
        }
        int rc = read_more(source, waits, err);
        if (rc != 1)
            return rc;
    }
}

static int next_piece(struct nf_source *source, int waits, const char **piece, size_t *length,
                      nfold_error *err)
{
    if (source->fd >= 0)
        return file_piece(source, waits, piece, length, err);
    if (source->is_at_end || source->next_word == source->word_count)
        return 0;
    *piece = source->words[source->next_word++];
    *length = strlen(*piece);
    return 1;
}

/* ---- records ---- */

static int is_space(char c)
{
    return c && strchr(" \t\n\r\f\v", c);
}

static int is_blank_text(const char *text, size_t length)
{
    while (length > 0 && is_space(*text)) {
        text++;
        length--;
    }
    return length == 0;
}

static size_t count_quotes(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '"';
    return count;
}

static int give(struct nf_source *source, const char *text, size_t length, char **record,
                nfold_error *err)
{
    source->number++;
    if (memchr(text, '\0', length))
        return nf_fail(err, NFOLD_E_VALUE,
                       "input %llu of %s holds a zero byte; -0 reads inputs that end with one",
                       (unsigned long long)source->number, source->name);
    *record = strndup(text, length);
    return *record ? 1 : nf_fail_memory(err);
}

/* What was joined so far, as a record of its own: the source ended. */
static int give_joined(struct nf_source *source, char **record, nfold_error *err)
{
    if (!source->has_joined)
        return 0;
    source->has_joined = 0;
    int rc = give(source, nf_buffer_text(&source->joined), source->joined.size, record, err);
    nf_buffer_clear(&source->joined);
    return rc;
}

/* Puts the piece behind what was joined; piece is then all of it. */
static int join_piece(struct nf_source *source, const char **piece, size_t *length,
                      nfold_error *err)
{
    nf_buffer_bytes(&source->joined, *piece, *length);
    source->has_joined = 1;
    *piece = nf_buffer_text(&source->joined);
    *length = source->joined.size;
    return source->joined.failed ? nf_fail_memory(err) : 0;
}

/* Is the record whole, or does it go on in the next piece? */
static int goes_on(struct nf_source *source, const char *piece, size_t length)
{
    const struct nf_record_rules *rules = source->rules;
    if (rules->is_csv && count_quotes(piece, length) % 2)
        return 2; /* with the delimiter */
    return rules->joins_lines && length > 0 && is_space(piece[length - 1]);
}

static int is_end(const struct nf_source *source, const char *piece, size_t length)
{
    const char *end = source->rules->end;
    return end && strlen(end) == length && memcmp(end, piece, length) == 0;
}

static void keep_for_next(struct nf_source *source, int how, const char *piece, size_t length)
{
    if (!source->has_joined)
        nf_buffer_bytes(&source->joined, piece, length);
    source->has_joined = 1;
    if (how == 2)
        nf_buffer_bytes(&source->joined, source->rules->delimiter, source->rules->delimiter_size);
}

int nf_source_next(struct nf_source *source, int waits, char **record, nfold_error *err)
{
    for (;;) {
        const char *piece;
        size_t length;
        int rc = next_piece(source, waits, &piece, &length, err);
        if (rc == 0)
            return give_joined(source, record, err);
        if (rc != 1)
            return rc;
        if (is_end(source, piece, length)) {
            source->is_at_end = 1;
            source->begin = source->searched = source->bytes.size;
            source->next_word = source->word_count;
            return give_joined(source, record, err);
        }
        if (source->has_joined && (rc = join_piece(source, &piece, &length, err)) < 0)
            return rc;
        if (source->rules->skips_empty && is_blank_text(piece, length)) {
            source->has_joined = 0;
            nf_buffer_clear(&source->joined);
            continue;
        }
        int how = goes_on(source, piece, length);
        if (how) {
            keep_for_next(source, how, piece, length);
            continue;
        }
        rc = give(source, piece, length, record, err);
        source->has_joined = 0;
        nf_buffer_clear(&source->joined);
        return rc;
    }
}

int nf_source_leave_out(struct nf_source *source, char **record, nfold_error *err)
{
    int rc = nf_source_next(source, 1, record, err);
    source->left_out += rc == 1;
    return rc;
}
