/* template_render.c: the command that a task's values make of a template. */
#include "template_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "plain_words.h"
#include "quote.h"

struct renderer {
    const struct nf_template *pattern;
    const struct nf_task *task;
    unsigned slot;
    int is_quoted;
    struct nfold_buffer *out;
    struct nfold_buffer word; /* -q: the one that is being made */
    int has_word, has_words;
    nfold_error *err;
};

static struct nfold_buffer *sink_of(struct renderer *renderer)
{
    if (!renderer->pattern->is_argv || !renderer->is_quoted)
        return renderer->out;
    renderer->has_word = 1;
    return &renderer->word;
}

/* Between two words, and between two values of one {}. */
static void end_word(struct renderer *renderer)
{
    if (!renderer->pattern->is_argv || !renderer->is_quoted) {
        nf_buffer_string(renderer->out, " ");
        return;
    }
    if (renderer->has_word) {
        nf_buffer_string(renderer->out, renderer->has_words ? " " : "");
        nf_quote_word(renderer->out, nf_buffer_text(&renderer->word), renderer->word.size);
        renderer->has_words = 1;
    }
    renderer->has_word = 0;
    renderer->out->failed |= renderer->word.failed;
    nf_buffer_clear(&renderer->word);
}

static int fail_value(struct renderer *renderer, const char *value, const char *why)
{
    nf_fail(renderer->err, NFOLD_E_VALUE, "input %llu, '%.40s': %s",
            (unsigned long long)renderer->task->sequence, value, why);
    return NFOLD_E_VALUE;
}

static int is_number(const char *value, size_t length)
{
    return length > 0 && strspn(value, "0123456789") >= length;
}

static int put_value(struct renderer *renderer, const struct nf_piece *piece, const char *value)
{
    const char *why, *whole = value;
    size_t length = strlen(value);
    value = nf_replacement_take(piece->replacement.form, value, &length);
    struct nfold_buffer *sink = sink_of(renderer);
    int is_raw = !renderer->is_quoted || renderer->pattern->is_argv ||
                 (renderer->pattern->is_command_line && piece == renderer->pattern->pieces);
    if (is_raw) {
        nf_buffer_bytes(sink, value, length);
        return 0;
    }
    if (piece->is_before_redirect && piece->where.place == NF_SHELL_BARE &&
        is_number(value, length)) {
        nf_buffer_print(sink, "'%.*s'", (int)length, value);
        return 0;
    }
    if (nf_quote_value(sink, value, length, piece->where.place, piece->where.flags, &why) < 0)
        return fail_value(renderer, whole, why);
    return 0;
}

/* The value of {n}, or NULL: there is no such column. */
static const char *column_of(const struct renderer *renderer, int column)
{
    unsigned count = renderer->task->value_count;
    long index = column > 0 ? column - 1L : (long)count + column;
    return index >= 0 && index < (long)count ? renderer->task->values[index] : NULL;
}

static int put_all(struct renderer *renderer, const struct nf_piece *piece)
{
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && i < renderer->task->value_count; i++) {
        if (i > 0)
            end_word(renderer);
        rc = put_value(renderer, piece, renderer->task->values[i]);
    }
    return rc;
}

/* each: the value of {} in a repeated context; NULL: all of them. */
static int put_replacement(struct renderer *renderer, const struct nf_piece *piece,
                           const char *each)
{
    const char *value;
    switch (piece->replacement.what) {
    case NF_REPLACE_SEQUENCE:
        nf_buffer_print(sink_of(renderer), "%llu", (unsigned long long)renderer->task->sequence);
        return 0;
    case NF_REPLACE_SLOT:
        nf_buffer_print(sink_of(renderer), "%u", renderer->slot);
        return 0;
    case NF_REPLACE_VALUE:
        break;
    }
    if (piece->replacement.column == 0)
        return each ? put_value(renderer, piece, each) : put_all(renderer, piece);
    value = column_of(renderer, piece->replacement.column);
    if (value)
        return put_value(renderer, piece, value);
    sink_of(renderer); /* a word that is empty is one */
    return 0;
}

static int put_piece(struct renderer *renderer, const struct nf_piece *piece, const char *each)
{
    const struct nf_template *pattern = renderer->pattern;
    if (piece->kind == PIECE_REPLACEMENT)
        return put_replacement(renderer, piece, each);
    if (piece->kind == PIECE_WORD)
        end_word(renderer);
    else
        nf_buffer_bytes(sink_of(renderer), pattern->text + piece->begin, piece->end - piece->begin);
    return 0;
}

/* A group that opens a quote and does not close it cannot be repeated. */
static int can_repeat(const struct nf_template *pattern, size_t begin, size_t end)
{
    int for_each = 0;
    for (size_t i = begin; i < end; i++)
        for_each |= nf_piece_is_for_each(&pattern->pieces[i]);
    if (!for_each || !pattern->bytes)
        return for_each;
    const struct nf_piece *first = &pattern->pieces[begin], *last = &pattern->pieces[end - 1];
    if (last->end >= pattern->size)
        return begin == 0 || pattern->bytes[first->begin - 1].place == NF_SHELL_BARE;
    struct nf_shell_byte before = {0}, after = pattern->bytes[last->end];
    if (first->begin > 0)
        before = pattern->bytes[first->begin - 1];
    return before.place == after.place && before.flags == after.flags;
}

static int put_group(struct renderer *renderer, size_t begin, size_t end)
{
    const struct nf_template *pattern = renderer->pattern;
    const struct nf_task *task = renderer->task;
    /* -N0: {} is nothing, and the word around it stays. */
    int is_repeated =
        pattern->repeats_context && task->value_count > 0 && can_repeat(pattern, begin, end);
    unsigned times = is_repeated ? task->value_count : 1;
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && i < times; i++) {
        if (i > 0)
            end_word(renderer);
        for (size_t j = begin; rc >= 0 && j < end; j++)
            rc = put_piece(renderer, &pattern->pieces[j], is_repeated ? task->values[i] : NULL);
    }
    return rc;
}

static int put_pieces(struct renderer *renderer)
{
    const struct nf_template *pattern = renderer->pattern;
    int rc = 0;
    for (size_t begin = 0; rc >= 0 && begin < pattern->piece_count;) {
        size_t end = begin + 1;
        while (end < pattern->piece_count && !nf_piece_ends_group(pattern->pieces[end].kind))
            end++;
        enum nf_piece_kind kind = pattern->pieces[begin].kind;
        if (kind == PIECE_BLANK || kind == PIECE_WORD)
            rc = put_piece(renderer, &pattern->pieces[begin++], NULL);
        if (rc >= 0 && end > begin)
            rc = put_group(renderer, begin, end);
        begin = end;
    }
    if (rc >= 0 && pattern->is_argv && renderer->is_quoted)
        end_word(renderer);
    return rc;
}

static int fail_long(const struct nf_template *pattern, const struct nf_task *task, size_t bytes,
                     nfold_error *err)
{
    const char *value = task->value_count > 0 ? task->values[0] : "";
    nf_fail(err, NFOLD_E_VALUE, "input %llu, '%.20s%s': its command line is too long",
            (unsigned long long)task->sequence, value, strlen(value) > 20 ? "…" : "");
    nf_error_detail(err,
                    "it has %zu bytes, and there is room for %zu: give the data in a file, and\n"
                    "the name of the file as the input\n",
                    bytes, pattern->limit);
    return NFOLD_E_VALUE;
}

static int render(const struct nf_template *pattern, const struct nf_task *task, unsigned slot,
                  int is_quoted, struct nfold_buffer *out, nfold_error *err)
{
    size_t before = out->size;
    struct renderer renderer = {.pattern = pattern,
                                .task = task,
                                .slot = slot,
                                .is_quoted = is_quoted,
                                .out = out,
                                .err = err};
    int rc = put_pieces(&renderer);
    nf_buffer_clear(&renderer.word);
    if (out->failed)
        return nf_fail_memory(err);
    if (rc >= 0 && is_quoted && out->size - before > pattern->limit)
        rc = fail_long(pattern, task, out->size - before, err);
    if (rc < 0 && out->size > before) {
        out->size = before;
        out->data[before] = '\0';
    }
    return rc;
}

int nf_template_render(const struct nf_template *pattern, const struct nf_task *task, unsigned slot,
                       struct nfold_buffer *line, nfold_error *err)
{
    return render(pattern, task, slot, 1, line, err);
}

int nf_template_render_text(const struct nf_template *pattern, const struct nf_task *task,
                            unsigned slot, struct nfold_buffer *text, nfold_error *err)
{
    return render(pattern, task, slot, 0, text, err);
}

/* ---- its program ---- */

/* Where the first word ends, if no replacement is in it; otherwise 0. */
static size_t first_word_length(const struct nf_template *pattern)
{
    size_t i = 0, length = 0;
    for (; i < pattern->piece_count && !nf_piece_ends_group(pattern->pieces[i].kind); i++) {
        if (pattern->pieces[i].kind == PIECE_REPLACEMENT)
            return 0;
        length = pattern->pieces[i].end;
    }
    return length;
}

/* The line as a shell would see it for a harmless value. */
static char *render_sample(const struct nf_template *pattern)
{
    struct nfold_buffer line = {0};
    char value[] = "x", *values[] = {value};
    struct nf_task task = {.sequence = 1, .value_count = 1, .values = values};
    int rc = nf_template_render(pattern, &task, 1, &line, NULL);
    if (rc >= 0 && !line.failed && line.data)
        return line.data;
    nf_buffer_clear(&line);
    return NULL;
}

char *nf_template_program(const struct nf_template *pattern)
{
    struct nfold_buffer words = {0};
    char *line = first_word_length(pattern) > 0 ? render_sample(pattern) : NULL;
    int is_needed = line && nf_shell_needed_word(line, &words);
    free(line);
    if (is_needed && !words.failed)
        return words.data;
    nf_buffer_clear(&words);
    return NULL;
}
