/* template.c: a command line as text and replacements, and the command that values make of it. */
#include "template.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"
#include "plain_words.h"
#include "quote.h"
#include "replacement.h"
#include "suggest.h"

#define MOST_DIGITS 20 /* of {#} and {%} */

enum piece_kind {
    PIECE_TEXT,
    PIECE_BLANK, /* ends a context group */
    PIECE_TAB,   /* begins one, and is repeated with it, as GNU parallel has it */
    PIECE_WORD,  /* -q: a new word begins */
    PIECE_REPLACEMENT,
};

struct piece {
    enum piece_kind kind;
    size_t begin, end; /* in text */
    struct nf_replacement replacement;
    struct nf_shell_byte where;
    int is_before_redirect; /* 2 in {}>file would be the number of a stream */
};

struct nf_template {
    char *text; /* words joined by blanks */
    size_t size;
    size_t *word_begin; /* in text, of each word of -q; the last one is size + 1 */
    size_t word_count;
    char *all;           /* what stands for {} */
    int is_text;         /* no command: nothing is quoted */
    int is_argv;         /* -q */
    int is_command_line; /* the values are the command */
    int repeats_context; /* -X -N -L: the word around {} is repeated for each value */
    int awaits_names;    /* --header: names come later */
    char *shown;         /* nf_template_text */
    struct piece *pieces;
    size_t piece_count;
    struct nf_shell_byte *bytes;
    const char *const *names;
    unsigned name_count;
    size_t limit;
};

/* ---- complaints ---- */

/* The line with what is wrong in it underlined. */
static int complain(const struct nf_template *pattern, size_t at, size_t length, nfold_error *err)
{
    size_t begin = at, end = at;
    while (begin > 0 && pattern->text[begin - 1] != '\n' && at - begin < 60)
        begin--;
    while (end < pattern->size && pattern->text[end] != '\n' && end - begin < 76)
        end++;
    struct nfold_buffer caret = {0};
    for (size_t i = begin; i < at + length && i < end; i++)
        if (((unsigned char)pattern->text[i] & 0xC0) != 0x80)
            nf_buffer_string(&caret, i < at ? " " : "^");
    nf_error_detail(err, "  %.*s\n  %s\n", (int)(end - begin), pattern->text + begin,
                    nf_buffer_text(&caret));
    nf_buffer_clear(&caret);
    return NFOLD_E_USAGE;
}

static int fail_unknown(const struct nf_template *pattern, size_t at, size_t length,
                        nfold_error *err)
{
    const char *text = pattern->text + at, *near = NULL;
    for (unsigned i = 0; i < pattern->name_count; i++)
        near = nf_suggest_nearer(text + 1, length - 2, near, pattern->names[i]);
    if (near)
        nf_fail(err, NFOLD_E_USAGE, "unknown replacement %.*s; did you mean {%s}?", (int)length,
                text, near);
    else
        nf_fail(err, NFOLD_E_USAGE, "unknown replacement %.*s", (int)length, text);
    complain(pattern, at, length, err);
    if (!near && pattern->name_count > 0)
        nf_error_detail(err, "the columns of --header are {%s} …\n", pattern->names[0]);
    else if (!near)
        nf_error_detail(err, "there are {} {.} {/} {//} {/.} {#} {%%} {1} {2} …, and {name} with "
                             "--header\n");
    nf_error_detail(err, "put it in quotes to keep it as it is\n");
    return NFOLD_E_USAGE;
}

static int fail_place(const struct nf_template *pattern, size_t at, size_t length, const char *what,
                      nfold_error *err)
{
    nf_fail(err, NFOLD_E_USAGE, "%s", what);
    return complain(pattern, at, length, err);
}

/* ---- reading the template ---- */

static struct nf_replacement_names names_of(const struct nf_template *pattern)
{
    return (struct nf_replacement_names){pattern->all, pattern->names, pattern->name_count};
}

/* $ before it makes it a parameter of the shell, where $ is active. */
static int is_after_dollar(const struct nf_template *pattern, size_t at)
{
    if (at == 0 || pattern->text[at - 1] != '$' || !pattern->bytes)
        return 0;
    struct nf_shell_byte dollar = pattern->bytes[at - 1];
    int is_inert = dollar.place == NF_SHELL_SINGLE || dollar.place == NF_SHELL_HERE_RAW ||
                   dollar.place == NF_SHELL_COMMENT;
    return !is_inert && !(dollar.flags & NF_SHELL_ESCAPED);
}

static size_t match_at(const struct nf_template *pattern, size_t at,
                       struct nf_replacement *replacement)
{
    struct nf_replacement_names names = names_of(pattern);
    return nf_replacement_match(pattern->text + at, pattern->size - at, &names, replacement);
}

/* The shell sees an ordinary byte where a replacement stands, whatever -I calls it. */
static int read_places(struct nf_template *pattern, nfold_error *err)
{
    struct nf_shell_fault fault = {0};
    char *masked = malloc(pattern->size + 1);
    free(pattern->bytes);
    pattern->bytes = calloc(pattern->size + 1, sizeof *pattern->bytes);
    if (!masked || !pattern->bytes) {
        free(masked);
        return nf_fail_memory(err);
    }
    memcpy(masked, pattern->text, pattern->size + 1);
    for (size_t at = 0; at < pattern->size;) {
        struct nf_replacement replacement;
        size_t length = match_at(pattern, at, &replacement);
        if (length > 0 && (at == 0 || pattern->text[at - 1] != '$'))
            memset(masked + at, '@', length);
        at += length ? length : 1;
    }
    int rc = nf_shell_places(masked, pattern->size, pattern->bytes, &fault);
    free(masked);
    if (rc == -2)
        return nf_fail_memory(err);
    return rc < 0 ? fail_place(pattern, fault.at, 1, fault.what, err) : 0;
}

static int append_piece(struct nf_template *pattern, const struct piece *piece, nfold_error *err)
{
    size_t count = pattern->piece_count;
    if ((count & (count - 1)) == 0) {
        struct piece *grown =
            reallocarray(pattern->pieces, count ? 2 * count : 1, sizeof *pattern->pieces);
        if (!grown)
            return nf_fail_memory(err);
        pattern->pieces = grown;
    }
    pattern->pieces[pattern->piece_count++] = *piece;
    return 0;
}

/* Text, with the blanks that end context groups by themselves. */
static int append_text(struct nf_template *pattern, size_t begin, size_t end, nfold_error *err)
{
    int rc = 0;
    while (rc >= 0 && begin < end) {
        size_t length = 0;
        while (begin + length < end && !strchr(" \t", pattern->text[begin + length]))
            length++;
        enum piece_kind kind = length > 0                     ? PIECE_TEXT
                               : pattern->text[begin] == '\t' ? PIECE_TAB
                                                              : PIECE_BLANK;
        length += length == 0;
        rc = append_piece(
            pattern, &(struct piece){.kind = kind, .begin = begin, .end = begin + length}, err);
        begin += length;
    }
    return rc;
}

static int check_replacement(const struct nf_template *pattern, size_t at, size_t length,
                             nfold_error *err)
{
    if (!pattern->bytes)
        return 0;
    if (pattern->bytes[at].flags & NF_SHELL_ESCAPED)
        return fail_place(pattern, at - 1, length + 1,
                          "a backslash stands before a replacement: it would escape the value",
                          err);
    return 0;
}

static int append_replacement(struct nf_template *pattern, size_t at, size_t length,
                              const struct nf_replacement *replacement, nfold_error *err)
{
    int rc = check_replacement(pattern, at, length, err);
    if (rc < 0)
        return rc;
    char after = pattern->text[at + length]; /* at the end: the zero byte */
    struct piece piece = {.kind = PIECE_REPLACEMENT,
                          .begin = at,
                          .end = at + length,
                          .replacement = *replacement,
                          .is_before_redirect = after == '<' || after == '>'};
    if (pattern->bytes)
        piece.where = pattern->bytes[at];
    return append_piece(pattern, &piece, err);
}

/* What to do with the bytes at: *length of them are a replacement (1), or text (0). */
static int look_at(struct nf_template *pattern, size_t at, size_t end,
                   struct nf_replacement *replacement, size_t *length, nfold_error *err)
{
    const char *text = pattern->text + at;
    struct nf_replacement_names names = names_of(pattern);
    if (end - at > 3 && text[0] == '{' && text[1] == '=' && strstr(text, "=}"))
        return fail_place(pattern, at, 2,
                          "{= … =} would run Perl, which nfold tasks does not; compute in the "
                          "command",
                          err);
    *length = nf_replacement_match(text, end - at, &names, replacement);
    if (*length > 0 && is_after_dollar(pattern, at)) {
        if (replacement->column == 0 && replacement->what == NF_REPLACE_VALUE)
            return fail_place(pattern, at - 1, *length + 1,
                              "$ stands before a replacement: the shell would expand the value",
                              err);
        *length = 1; /* ${1}, ${name}: the shell's */
        return 0;
    }
    if (*length > 0)
        return 1;
    *length = 1;
    size_t unknown = nf_replacement_unknown(text, end - at);
    int is_default = strcmp(pattern->all, "{}") == 0; /* -I is there to keep braces */
    int is_bare = is_default && pattern->bytes && pattern->bytes[at].place == NF_SHELL_BARE &&
                  !(pattern->bytes[at].flags & NF_SHELL_ESCAPED) && !is_after_dollar(pattern, at);
    if (unknown > 0 && is_bare && !pattern->awaits_names)
        return fail_unknown(pattern, at, unknown, err);
    return 0;
}

static int read_pieces(struct nf_template *pattern, size_t begin, size_t end, nfold_error *err)
{
    size_t at = begin, text = begin;
    int rc = 0;
    while (rc >= 0 && at < end) {
        struct nf_replacement replacement;
        size_t length = 1;
        rc = look_at(pattern, at, end, &replacement, &length, err);
        if (rc == 1) {
            rc = append_text(pattern, text, at, err);
            if (rc >= 0)
                rc = append_replacement(pattern, at, length, &replacement, err);
            text = at + length;
        }
        at += length;
    }
    return rc < 0 ? rc : append_text(pattern, text, end, err);
}

static int read_words(struct nf_template *pattern, nfold_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < pattern->word_count; i++) {
        if (i > 0)
            rc = append_piece(pattern, &(struct piece){.kind = PIECE_WORD}, err);
        size_t begin = pattern->word_begin[i], end = pattern->word_begin[i + 1] - 1;
        if (rc >= 0)
            rc = begin == end
                     ? append_piece(pattern, &(struct piece){.begin = begin, .end = end}, err)
                     : read_pieces(pattern, begin, end, err);
    }
    return rc;
}

static int has_replacement(const struct nf_template *pattern)
{
    for (size_t i = 0; i < pattern->piece_count; i++)
        if (pattern->pieces[i].kind == PIECE_REPLACEMENT)
            return 1;
    return 0;
}

/* Without any replacement the value comes last. */
static int append_default(struct nf_template *pattern, nfold_error *err)
{
    struct piece blank = {.kind = pattern->is_argv ? PIECE_WORD : PIECE_BLANK,
                          .begin = pattern->size + 1,
                          .end = pattern->size + 2};
    struct piece value = {.kind = PIECE_REPLACEMENT};
    int rc = 0;
    if (pattern->size > 0 || pattern->word_count > 0)
        rc = append_piece(pattern, &blank, err);
    return rc < 0 ? rc : append_piece(pattern, &value, err);
}

/* `nfold tasks {}`, as without any template: the first word is a value, so it is a command line. */
static void find_command_line(struct nf_template *pattern)
{
    const struct piece *first = pattern->pieces;
    pattern->is_command_line =
        !pattern->is_argv && pattern->piece_count > 0 && first->kind == PIECE_REPLACEMENT &&
        first->replacement.what == NF_REPLACE_VALUE && first->where.place == NF_SHELL_BARE &&
        (pattern->piece_count == 1 || first[1].kind == PIECE_BLANK);
}

static int read_template(struct nf_template *pattern, nfold_error *err)
{
    int rc = 0;
    pattern->piece_count = 0;
    if (!pattern->is_text && !pattern->is_argv)
        rc = read_places(pattern, err);
    if (rc >= 0)
        rc = pattern->is_argv ? read_words(pattern, err)
                              : read_pieces(pattern, 0, pattern->size, err);
    if (rc >= 0 && !pattern->is_text && !has_replacement(pattern))
        rc = append_default(pattern, err);
    if (rc >= 0 && !pattern->is_text)
        find_command_line(pattern);
    return rc;
}

/* ---- opening ---- */

/* Joined by one blank; behind its zero byte stands one more, for the {} that is added. */
static int join_words(struct nf_template *pattern, const char *const *words, size_t count,
                      nfold_error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(words[i]) + 1;
    pattern->text = malloc(size + 3);
    pattern->word_begin = calloc(count + 1, sizeof *pattern->word_begin);
    if (!pattern->text || !pattern->word_begin)
        return nf_fail_memory(err);
    char *at = pattern->text;
    for (size_t i = 0; i < count; i++) {
        pattern->word_begin[i] = (size_t)(at - pattern->text);
        at = stpcpy(at, words[i]);
        *at++ = ' ';
    }
    at -= count > 0;
    pattern->size = (size_t)(at - pattern->text);
    pattern->word_begin[count] = pattern->size + 1;
    pattern->word_count = count;
    memcpy(at, "\0 ", 3);
    return 0;
}

/* -q's words are told apart by quotes. */
static int make_shown(struct nf_template *pattern, const char *const *words, size_t count,
                      nfold_error *err)
{
    struct nfold_buffer shown = {0};
    for (size_t i = 0; i < count; i++) {
        nf_buffer_string(&shown, i > 0 ? " " : "");
        if (pattern->is_argv)
            nf_quote_word(&shown, words[i], strlen(words[i]));
        else
            nf_buffer_string(&shown, words[i]);
    }
    if (count == 0)
        nf_buffer_string(&shown, pattern->all);
    if (shown.failed) {
        nf_buffer_clear(&shown);
        return nf_fail_memory(err);
    }
    pattern->shown = shown.data;
    return 0;
}

static int has_option(const nfold_options *options, const char *name)
{
    return nf_options_is_set(options, name);
}

static void take_options(struct nf_template *pattern, const nfold_options *options)
{
    int packs = nf_options_flag(options, "multiple") || nf_options_flag(options, "xargs");
    pattern->is_argv = !pattern->is_text && nf_options_flag(options, "quote");
    pattern->awaits_names = has_option(options, "header");
    pattern->repeats_context = !pattern->is_text && (nf_options_flag(options, "context") ||
                                                     has_option(options, "max-replace-args") ||
                                                     (has_option(options, "max-lines") && !packs));
    pattern->limit = SIZE_MAX;
}

static int open_words(struct nf_template **pattern, const nfold_options *options,
                      const char *const *words, size_t count, int is_text, nfold_error *err)
{
    struct nf_template *opened = calloc(1, sizeof *opened);
    *pattern = NULL;
    if (!opened)
        return nf_fail_memory(err);
    opened->is_text = is_text;
    take_options(opened, options);
    opened->all = strdup(nf_options_text(options, "replacement"));
    int rc = opened->all ? join_words(opened, words, count, err) : nf_fail_memory(err);
    if (rc >= 0 && !opened->all[0])
        rc = nf_fail(err, NFOLD_E_VALUE, "option 'replacement': it cannot be empty");
    if (rc >= 0)
        rc = make_shown(opened, words, count, err);
    if (rc >= 0)
        rc = read_template(opened, err);
    if (rc < 0) {
        nf_template_close(opened);
        return rc;
    }
    *pattern = opened;
    return 0;
}

int nf_template_open(struct nf_template **pattern, const nfold_options *options,
                     const char *const *words, size_t count, nfold_error *err)
{
    return open_words(pattern, options, words, count, 0, err);
}

int nf_template_open_text(struct nf_template **pattern, const nfold_options *options,
                          const char *text, nfold_error *err)
{
    return open_words(pattern, options, &text, 1, 1, err);
}

void nf_template_close(struct nf_template *pattern)
{
    if (!pattern)
        return;
    free(pattern->text);
    free(pattern->word_begin);
    free(pattern->all);
    free(pattern->shown);
    free(pattern->pieces);
    free(pattern->bytes);
    free(pattern);
}

const char *nf_template_text(const struct nf_template *pattern)
{
    return pattern->shown;
}

int nf_template_names(struct nf_template *pattern, const char *const *names, unsigned count,
                      nfold_error *err)
{
    pattern->names = names;
    pattern->name_count = count;
    pattern->awaits_names = 0;
    return read_template(pattern, err);
}

void nf_template_limit(struct nf_template *pattern, size_t bytes)
{
    pattern->limit = bytes;
}

/* ---- rendering ---- */

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

static int put_value(struct renderer *renderer, const struct piece *piece, const char *value)
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

static int put_all(struct renderer *renderer, const struct piece *piece)
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
static int put_replacement(struct renderer *renderer, const struct piece *piece, const char *each)
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

static int put_piece(struct renderer *renderer, const struct piece *piece, const char *each)
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

static int is_for_each(const struct piece *piece)
{
    return piece->kind == PIECE_REPLACEMENT && piece->replacement.what == NF_REPLACE_VALUE &&
           piece->replacement.column == 0;
}

/* A group that opens a quote and does not close it cannot be repeated. */
static int can_repeat(const struct nf_template *pattern, size_t begin, size_t end)
{
    int for_each = 0;
    for (size_t i = begin; i < end; i++)
        for_each |= is_for_each(&pattern->pieces[i]);
    if (!for_each || !pattern->bytes)
        return for_each;
    const struct piece *first = &pattern->pieces[begin], *last = &pattern->pieces[end - 1];
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

static int ends_group(enum piece_kind kind)
{
    return kind == PIECE_BLANK || kind == PIECE_TAB || kind == PIECE_WORD;
}

static int put_pieces(struct renderer *renderer)
{
    const struct nf_template *pattern = renderer->pattern;
    int rc = 0;
    for (size_t begin = 0; rc >= 0 && begin < pattern->piece_count;) {
        size_t end = begin + 1;
        while (end < pattern->piece_count && !ends_group(pattern->pieces[end].kind))
            end++;
        enum piece_kind kind = pattern->pieces[begin].kind;
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
        rc = nf_fail(err, NFOLD_E_VALUE,
                     "task %llu: its command line has %zu bytes, and %zu are allowed",
                     (unsigned long long)task->sequence, out->size - before, pattern->limit);
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

/* ---- what it takes ---- */

int nf_template_check_columns(const struct nf_template *pattern, uint64_t most, nfold_error *err)
{
    for (size_t i = 0; i < pattern->piece_count; i++) {
        const struct piece *piece = &pattern->pieces[i];
        int column = piece->kind == PIECE_REPLACEMENT ? piece->replacement.column : 0;
        if (column <= 0 || (uint64_t)column <= most)
            continue;
        nf_fail(err, NFOLD_E_USAGE, "%.*s: a task has %llu input%s here",
                (int)(piece->end - piece->begin), pattern->text + piece->begin,
                (unsigned long long)most, most == 1 ? "" : "s");
        return complain(pattern, piece->begin, piece->end - piece->begin, err);
    }
    return 0;
}

/* Where the first word ends, if no replacement is in it; otherwise 0. */
static size_t first_word_length(const struct nf_template *pattern)
{
    size_t i = 0, length = 0;
    for (; i < pattern->piece_count && !ends_group(pattern->pieces[i].kind); i++) {
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
    int count = line ? nf_shell_plain_words(line, &words) : -1;
    free(line);
    if (count > 0 && !words.failed)
        return words.data;
    nf_buffer_clear(&words);
    return NULL;
}

/* Groups as put_pieces has them, each with the blank before it. */
static size_t group_end(const struct nf_template *pattern, size_t begin)
{
    size_t end = begin + 1;
    while (end < pattern->piece_count && !ends_group(pattern->pieces[end].kind))
        end++;
    return end;
}

static size_t count_for_each(const struct nf_template *pattern, size_t begin, size_t end)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++)
        count += is_for_each(&pattern->pieces[i]) != 0;
    return count;
}

/* Bytes of the group that are there whatever the values are. */
static long text_bytes(const struct nf_template *pattern, size_t begin, size_t end)
{
    long bytes = 0;
    for (size_t i = begin; i < end; i++) {
        const struct piece *piece = &pattern->pieces[i];
        if (piece->kind != PIECE_REPLACEMENT)
            bytes += piece->kind == PIECE_WORD ? 1 : (long)(piece->end - piece->begin);
        else if (piece->replacement.what != NF_REPLACE_VALUE)
            bytes += MOST_DIGITS;
    }
    return bytes;
}

long nf_template_fixed_bytes(const struct nf_template *pattern)
{
    long bytes = 0;
    for (size_t begin = 0, end; begin < pattern->piece_count; begin = end) {
        end = group_end(pattern, begin);
        size_t values = count_for_each(pattern, begin, end);
        int is_blank = pattern->pieces[begin].kind == PIECE_BLANK;
        if (values > 0 && pattern->repeats_context)
            bytes += is_blank - 1L;
        else
            bytes += text_bytes(pattern, begin, end) - (long)values;
    }
    return bytes;
}

static long piece_bytes(const struct piece *piece, const char *value)
{
    struct nfold_buffer quoted = {0};
    size_t length = strlen(value);
    if (piece->kind != PIECE_REPLACEMENT || piece->replacement.what != NF_REPLACE_VALUE)
        return 0;
    value = nf_replacement_take(piece->replacement.form, value, &length);
    nf_quote_word(&quoted, value, length);
    length = quoted.size;
    nf_buffer_clear(&quoted);
    return (long)length;
}

long nf_template_value_bytes(const struct nf_template *pattern, const char *value)
{
    long bytes = 0;
    for (size_t begin = 0, end; begin < pattern->piece_count; begin = end) {
        end = group_end(pattern, begin);
        size_t values = count_for_each(pattern, begin, end);
        for (size_t i = begin; i < end; i++)
            bytes += piece_bytes(&pattern->pieces[i], value);
        if (values > 0 && pattern->repeats_context)
            bytes +=
                text_bytes(pattern, begin, end) + 1 - (pattern->pieces[begin].kind == PIECE_BLANK);
        else
            bytes += (long)values;
    }
    return pattern->is_argv ? 3 * bytes : bytes;
}
