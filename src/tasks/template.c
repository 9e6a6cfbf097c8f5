/* template.c: a command line is read as text and replacements. */
#include "template_pieces.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "suggest.h"

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

/* The shell sees letters where a replacement stands, whatever -I calls it. */
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
            memset(masked + at, 'x', length);
        at += length ? length : 1;
    }
    int rc = nf_shell_places(masked, pattern->size, pattern->bytes, &fault);
    free(masked);
    if (rc == -2)
        return nf_fail_memory(err);
    return rc < 0 ? fail_place(pattern, fault.at, 1, fault.what, err) : 0;
}

static int append_piece(struct nf_template *pattern, const struct nf_piece *piece, nfold_error *err)
{
    size_t count = pattern->piece_count;
    if ((count & (count - 1)) == 0) {
        struct nf_piece *grown =
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
        enum nf_piece_kind kind = length > 0                     ? PIECE_TEXT
                                  : pattern->text[begin] == '\t' ? PIECE_TAB
                                                                 : PIECE_BLANK;
        length += length == 0;
        rc = append_piece(
            pattern, &(struct nf_piece){.kind = kind, .begin = begin, .end = begin + length}, err);
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
    struct nf_piece piece = {.kind = PIECE_REPLACEMENT,
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
            rc = append_piece(pattern, &(struct nf_piece){.kind = PIECE_WORD}, err);
        size_t begin = pattern->word_begin[i], end = pattern->word_begin[i + 1] - 1;
        if (rc >= 0)
            rc = begin == end
                     ? append_piece(pattern, &(struct nf_piece){.begin = begin, .end = end}, err)
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

/* Without any replacement the value comes last: " {}" is part of the text then, so that it is seen
 * where it stands, perhaps in a comment. */
static void append_default(struct nf_template *pattern)
{
    char *end = pattern->text + pattern->size;
    if (pattern->size > 0 || pattern->word_count > 0)
        end = stpcpy(end, " ");
    pattern->word_begin[pattern->word_count] = (size_t)(end - pattern->text);
    end = stpcpy(end, pattern->all);
    pattern->size = (size_t)(end - pattern->text);
    pattern->word_begin[++pattern->word_count] = pattern->size + 1;
}

/* `nfold tasks {}`, as without any template: the first word is a value, so it is a command line. */
static void find_command_line(struct nf_template *pattern)
{
    const struct nf_piece *first = pattern->pieces;
    pattern->is_command_line =
        !pattern->is_argv && pattern->piece_count > 0 && first->kind == PIECE_REPLACEMENT &&
        first->replacement.what == NF_REPLACE_VALUE && first->where.place == NF_SHELL_BARE &&
        (pattern->piece_count == 1 || first[1].kind == PIECE_BLANK);
}

static int read_text(struct nf_template *pattern, nfold_error *err)
{
    int rc = 0;
    pattern->piece_count = 0;
    if (!pattern->is_text && !pattern->is_argv)
        rc = read_places(pattern, err);
    if (rc < 0)
        return rc;
    return pattern->is_argv ? read_words(pattern, err)
                            : read_pieces(pattern, 0, pattern->size, err);
}

static int read_template(struct nf_template *pattern, nfold_error *err)
{
    pattern->size = pattern->given_size;
    pattern->word_count = pattern->given_words;
    pattern->text[pattern->size] = '\0';
    pattern->word_begin[pattern->word_count] = pattern->size + 1;
    int rc = read_text(pattern, err);
    if (rc >= 0 && !pattern->is_text && !has_replacement(pattern)) {
        append_default(pattern);
        rc = read_text(pattern, err);
    }
    if (rc >= 0 && !pattern->is_text)
        find_command_line(pattern);
    return rc;
}

/* ---- opening ---- */

/* Joined by one blank, with room for the {} that may be added. */
static int join_words(struct nf_template *pattern, const char *const *words, size_t count,
                      nfold_error *err)
{
    size_t size = strlen(pattern->all) + 2;
    for (size_t i = 0; i < count; i++)
        size += strlen(words[i]) + 1;
    pattern->text = malloc(size);
    pattern->word_begin = calloc(count + 2, sizeof *pattern->word_begin);
    if (!pattern->text || !pattern->word_begin)
        return nf_fail_memory(err);
    char *at = pattern->text;
    for (size_t i = 0; i < count; i++) {
        pattern->word_begin[i] = (size_t)(at - pattern->text);
        at = stpcpy(at, words[i]);
        *at++ = ' ';
    }
    at -= count > 0;
    pattern->given_size = (size_t)(at - pattern->text);
    pattern->given_words = count;
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

int nf_template_check_columns(const struct nf_template *pattern, uint64_t most, nfold_error *err)
{
    for (size_t i = 0; i < pattern->piece_count; i++) {
        const struct nf_piece *piece = &pattern->pieces[i];
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
