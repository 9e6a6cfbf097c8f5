/* places.c: one pass over shell text with a stack of what is open. It need not accept only what a
 * shell accepts, but where it accepts, its places must be the shell's. */
#include "places.h"

#include <stdlib.h>
#include <string.h>

enum kind {
    TOP,
    PAREN, /* (…), $(…), <(…), and as strict ones $((…)) and ((…)) */
    BACKTICK,
    DOUBLE,
    SINGLE,
    DOLLAR_SINGLE,
    BRACE,   /* ${…} */
    BRACKET, /* $[…] and a[…]= */
    HERE,    /* the body of a here-document in which $ is active */
};

struct frame {
    enum kind kind;
    size_t begin;
    int is_strict;    /* arithmetic, or too deep to be sure */
    int is_expansion; /* the word goes on after it */
    int has_quotes;   /* BRACE: ' opens a quote in it; in "${x:-…}" shells do not agree */
    unsigned cases;   /* of case … esac open: then ) ends a pattern */
};

#define DEPTH_LIMIT 200
#define HERE_LIMIT  16

struct here {
    char *word;
    int is_raw, strips_tabs;
};

struct reader {
    const char *text;
    size_t size, at;
    struct nf_shell_byte *bytes;
    struct nf_shell_fault *fault;
    struct frame stack[DEPTH_LIMIT];
    unsigned depth; /* the top frame is stack[depth] */
    unsigned backticks;
    struct here here[HERE_LIMIT]; /* bodies that begin after the next newline */
    unsigned here_count;
    int is_word_start;
    int is_command;       /* the next word is one that names a command */
    int is_redirect;      /* the next word belongs to < or > */
    unsigned strict_word; /* the word after >&, at this depth + 1: bash expands it twice; 0: none */
};

static int fail(struct reader *reader, size_t at, const char *what)
{
    *reader->fault = (struct nf_shell_fault){at, what};
    return -1;
}

static struct frame *top(struct reader *reader)
{
    return &reader->stack[reader->depth];
}

static char peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->size ? reader->text[reader->at + ahead] : '\0';
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static enum nf_shell_place place_of(const struct frame *frame)
{
    if (frame->is_strict)
        return NF_SHELL_STRICT;
    switch (frame->kind) {
    case DOUBLE:
        return NF_SHELL_DOUBLE;
    case SINGLE:
        return NF_SHELL_SINGLE;
    case DOLLAR_SINGLE:
        return NF_SHELL_DOLLAR_SINGLE;
    case HERE:
        return NF_SHELL_HERE;
    case BRACE:
    case BRACKET:
        return NF_SHELL_STRICT;
    case TOP:
    case PAREN:
    case BACKTICK:
        break;
    }
    return NF_SHELL_BARE;
}

static void mark_as(struct reader *reader, size_t count, enum nf_shell_place place, unsigned flags)
{
    flags |= reader->backticks ? NF_SHELL_BACKTICK : 0;
    flags |= reader->depth ? NF_SHELL_NESTED : 0;
    for (; count > 0 && reader->at < reader->size; count--)
        reader->bytes[reader->at++] =
            (struct nf_shell_byte){(unsigned char)place, (unsigned char)flags};
}

static enum nf_shell_place place_here(struct reader *reader)
{
    return reader->strict_word ? NF_SHELL_STRICT : place_of(top(reader));
}

static void mark(struct reader *reader, size_t count)
{
    mark_as(reader, count, place_here(reader), 0);
}

/* Opens a frame with the next count bytes. */
static int push(struct reader *reader, enum kind kind, size_t count, int is_strict)
{
    if (reader->depth + 1 == DEPTH_LIMIT)
        return fail(reader, reader->at, "this is nested too deeply");
    int inherited = top(reader)->is_strict;
    reader->depth++;
    *top(reader) = (struct frame){
        .kind = kind, .begin = reader->at, .is_strict = is_strict || inherited, .is_expansion = 1};
    reader->backticks += kind == BACKTICK;
    mark(reader, count);
    reader->is_word_start = reader->is_command = kind == PAREN || kind == BACKTICK;
    return 0;
}

/* Closes the top frame with the next byte. */
static void pop(struct reader *reader)
{
    struct frame closed = *top(reader);
    mark(reader, 1);
    reader->backticks -= closed.kind == BACKTICK;
    reader->depth--;
    reader->is_word_start = !closed.is_expansion;
    reader->is_command = 0;
}

static int fail_open(struct reader *reader, const struct frame *frame)
{
    static const char *const texts[] = {
        [TOP] = "",
        [PAREN] = "this ( is not closed",
        [BACKTICK] = "this ` is not closed",
        [DOUBLE] = "this \" is not closed",
        [SINGLE] = "this ' is not closed",
        [DOLLAR_SINGLE] = "this ' is not closed",
        [BRACE] = "this ${ is not closed",
        [BRACKET] = "this [ is not closed",
        [HERE] = "this here-document is not closed",
    };
    return fail(reader, frame->begin, texts[frame->kind]);
}

/* A backslash and what it escapes. Inside `…`, \` begins or ends an inner `…`, where one would have
 * to count backslashes: strict. */
static int take_pair(struct reader *reader)
{
    int is_inner = reader->backticks > 0 && peek(reader, 1) == '`';
    mark(reader, 1);
    mark_as(reader, 1, place_here(reader), NF_SHELL_ESCAPED);
    for (unsigned i = reader->depth + 1; is_inner && i-- > 0;) {
        reader->stack[i].is_strict = 1;
        if (reader->stack[i].kind == BACKTICK)
            break;
    }
    reader->is_word_start = 0;
    return 0;
}

static void end_word(struct reader *reader)
{
    if (reader->strict_word == reader->depth + 1)
        reader->strict_word = 0;
}

/* The first ` that is not escaped ends it, whatever quotes seem to be open. */
static int close_backtick(struct reader *reader)
{
    if (top(reader)->kind != BACKTICK)
        return fail_open(reader, top(reader));
    end_word(reader);
    pop(reader);
    return 0;
}

static int knows_quotes(enum kind kind)
{
    return kind != DOUBLE && kind != HERE;
}

/* ${name…}: whether ' is a quote in the rest depends on the operator if "…" is around it. */
static int take_brace(struct reader *reader)
{
    int is_in_double = !knows_quotes(top(reader)->kind);
    int rc = push(reader, BRACE, 2, 0);
    size_t ahead = 0;
    while (peek(reader, ahead) == '!' || peek(reader, ahead) == '#')
        ahead++;
    while (is_name(peek(reader, ahead)))
        ahead++;
    char operator= peek(reader, ahead);
    if (rc == 0)
        top(reader)->has_quotes = !is_in_double || (operator&& strchr("#%/^,@[", operator));
    return rc;
}

static int take_dollar(struct reader *reader)
{
    int has_quotes = knows_quotes(top(reader)->kind);
    switch (peek(reader, 1)) {
    case '(':
        return push(reader, PAREN, 2, peek(reader, 2) == '(');
    case '{':
        return take_brace(reader);
    case '[':
        return push(reader, BRACKET, 2, 1);
    case '\'':
        if (has_quotes)
            return push(reader, DOLLAR_SINGLE, 2, 0);
        break;
    case '"':
        if (has_quotes)
            return push(reader, DOUBLE, 2, 0);
        break;
    default:
        break;
    }
    mark(reader, 1);
    reader->is_word_start = 0;
    return 0;
}

/* ---- here-documents ---- */

static int step(struct reader *reader);

/* The word after <<, without its quotes. */
static int take_here_word(struct reader *reader, struct here *here)
{
    char *word = malloc(reader->size - reader->at + 1);
    size_t length = 0;
    char quote = '\0';
    if (!word)
        return -2;
    for (; reader->at < reader->size; mark_as(reader, 1, NF_SHELL_STRICT, 0)) {
        char c = peek(reader, 0);
        if (!quote && strchr(" \t\n;&|<>()", c))
            break;
        if (c == quote) {
            quote = '\0';
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
            here->is_raw = 1;
        } else {
            if (c == '\\' && quote != '\'' && reader->at + 1 < reader->size) {
                here->is_raw = 1;
                mark_as(reader, 1, NF_SHELL_STRICT, 0);
                c = peek(reader, 0);
            }
            word[length++] = c;
        }
    }
    word[length] = '\0';
    here->word = word;
    return 0;
}

static int take_here(struct reader *reader)
{
    if (reader->here_count == HERE_LIMIT)
        return fail(reader, reader->at, "too many here-documents on one line");
    struct here here = {.strips_tabs = peek(reader, 2) == '-'};
    mark(reader, here.strips_tabs ? 3 : 2);
    while (is_blank(peek(reader, 0)))
        mark(reader, 1);
    int rc = take_here_word(reader, &here);
    if (rc == 0)
        reader->here[reader->here_count++] = here;
    reader->is_word_start = 1;
    return rc;
}

/* Bytes up to the line that is the word, or all that are left; *line is that line's length. */
static size_t here_length(const struct reader *reader, const struct here *here, size_t *line)
{
    const char *begin = reader->text + reader->at, *at = begin;
    const char *end = reader->text + reader->size;
    size_t word = strlen(here->word);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at), tabs = 0;
        while (here->strips_tabs && tabs < length && at[tabs] == '\t')
            tabs++;
        *line = length + (newline != NULL);
        if (word == length - tabs && memcmp(at + tabs, here->word, word) == 0)
            return (size_t)(at - begin);
        at += *line;
    }
    *line = 0;
    return (size_t)(end - begin);
}

/* An expansion that the body does not close: bash ends it at the WORD, dash goes on behind it. */
static int take_here_body(struct reader *reader, const struct here *here)
{
    size_t line, length = here_length(reader, here, &line), size = reader->size;
    int rc = 0;
    if (here->is_raw && !reader->backticks && !top(reader)->is_strict) {
        mark_as(reader, length, NF_SHELL_HERE_RAW, 0);
    } else {
        unsigned depth = reader->depth + 1;
        rc = push(reader, HERE, 0, here->is_raw);
        reader->size = reader->at + length;
        while (rc == 0 && reader->at < reader->size)
            rc = step(reader);
        reader->size = size;
        if (rc == 0 && reader->depth != depth)
            rc = fail_open(reader, top(reader));
        if (rc == 0)
            reader->depth--;
    }
    if (rc == 0)
        mark_as(reader, line, NF_SHELL_STRICT, 0);
    return rc;
}

static void forget_here(struct here *here, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(here[i].word);
}

static int take_newline(struct reader *reader)
{
    struct here here[HERE_LIMIT];
    unsigned count = reader->here_count;
    int rc = 0;
    end_word(reader);
    mark(reader, 1);
    memcpy(here, reader->here, sizeof here);
    reader->here_count = 0;
    for (unsigned i = 0; rc == 0 && i < count; i++)
        rc = take_here_body(reader, &here[i]);
    forget_here(here, count);
    reader->is_word_start = reader->is_command = 1;
    reader->is_redirect = 0;
    return rc;
}

/* ---- outside of quotes ---- */

static int is_word(const char *word, size_t length, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == length && memcmp(*list, word, length) == 0)
            return 1;
    return 0;
}

/* The first byte of a word: does it matter for what follows? */
static int begin_word(struct reader *reader)
{
    static const char *const before_command[] = {"if", "then", "else",  "elif", "do", "while",
                                                 "in", "!",    "until", "time", "{",  NULL};
    static const char *const opens_case[] = {"case", NULL}, *const ends_case[] = {"esac", NULL};
    const char *word = reader->text + reader->at;
    size_t length = 0;
    int is_command = reader->is_command && !reader->is_redirect;
    while (is_name(peek(reader, length)))
        length++;
    char after = peek(reader, length);
    int is_whole = after == '\0' || strchr(" \t\n;&|<>()", after);
    reader->is_redirect = 0;
    reader->is_word_start = 0;
    if (is_command && length > 0 && after == '[') {
        mark(reader, length);
        return push(reader, BRACKET, 1, 1);
    }
    if (is_command && is_whole && is_word(word, length, opens_case))
        top(reader)->cases++;
    if (is_command && is_whole && top(reader)->cases > 0 && is_word(word, length, ends_case))
        top(reader)->cases--;
    int is_assignment = length > 0 && (after == '=' || after == '+');
    if (length == 0 && (*word == '!' || *word == '{'))
        length = 1;
    if (!is_assignment && !is_word(word, length, before_command))
        reader->is_command = 0;
    else if (is_whole && top(reader)->cases > 0 && is_word(word, length, before_command))
        reader->is_command = 1;
    mark(reader, length ? length : 1);
    return 0;
}

static void take_comment(struct reader *reader)
{
    while (reader->at < reader->size && peek(reader, 0) != '\n' &&
           !(reader->backticks && peek(reader, 0) == '`'))
        mark_as(reader, 1, NF_SHELL_COMMENT, 0);
}

static int take_open_paren(struct reader *reader)
{
    end_word(reader);
    int is_arithmetic = reader->is_command && reader->is_word_start && peek(reader, 1) == '(';
    int rc = push(reader, PAREN, 1, is_arithmetic);
    if (rc == 0)
        top(reader)->is_expansion = 0;
    return rc;
}

static int take_close_paren(struct reader *reader)
{
    end_word(reader);
    if (top(reader)->kind == PAREN && top(reader)->cases == 0) {
        pop(reader);
        return 0;
    }
    mark(reader, 1);
    reader->is_word_start = reader->is_command = 1;
    return 0;
}

/* The & of >& and <&. */
static int is_duplication(const struct reader *reader, char c)
{
    return c == '&' && reader->at > 0 && strchr("<>", reader->text[reader->at - 1]) &&
           reader->bytes[reader->at - 1].place == NF_SHELL_BARE && reader->is_redirect;
}

static int take_operator(struct reader *reader, char c)
{
    end_word(reader);
    if (is_duplication(reader, c)) {
        reader->strict_word = reader->depth + 1;
        mark(reader, 1);
        reader->is_word_start = 1;
        return 0;
    }
    if (c == '<' && peek(reader, 1) == '<' && !top(reader)->is_strict) {
        if (peek(reader, 2) != '<')
            return take_here(reader);
        mark(reader, 2);
    }
    mark(reader, 1);
    reader->is_redirect = c == '<' || c == '>';
    if (!reader->is_redirect)
        reader->is_command = 1;
    reader->is_word_start = 1;
    return 0;
}

static int take_bare(struct reader *reader, char c)
{
    switch (c) {
    case '#':
        if (!reader->is_word_start || top(reader)->is_strict)
            break;
        take_comment(reader);
        return 0;
    case '\n':
        return take_newline(reader);
    case ' ':
    case '\t':
        if (!reader->is_word_start)
            end_word(reader);
        mark(reader, 1);
        reader->is_word_start = 1;
        return 0;
    case '(':
        return take_open_paren(reader);
    case ')':
        return take_close_paren(reader);
    case ';':
    case '&':
    case '|':
    case '<':
    case '>':
        return take_operator(reader, c);
    default:
        break;
    }
    if (reader->is_word_start)
        return begin_word(reader);
    mark(reader, 1);
    return 0;
}

/* ---- all frames ---- */

static char closer_of(enum kind kind)
{
    static const char closers[] = {[TOP] = 0,      [PAREN] = 0,     [BACKTICK] = '`',
                                   [DOUBLE] = '"', [SINGLE] = '\'', [DOLLAR_SINGLE] = '\'',
                                   [BRACE] = '}',  [BRACKET] = ']', [HERE] = 0};
    return closers[kind];
}

static int has_expansions(enum kind kind)
{
    return kind != SINGLE && kind != DOLLAR_SINGLE;
}

/* "${x:-it's}": bash looks for a second ', dash does not. Where there is one before anything else
 * that matters, both find the same end. */
static int take_doubtful_quote(struct reader *reader)
{
    size_t length = 1;
    while (peek(reader, length) && !strchr("'\"}$`\\", peek(reader, length)))
        length++;
    if (peek(reader, length) != '\'')
        return fail(reader, reader->at, "shells do not agree what this ' means inside \"${…}\"");
    mark(reader, length + 1);
    return 0;
}

static int step(struct reader *reader)
{
    const struct frame *frame = top(reader);
    enum kind kind = frame->kind;
    char c = peek(reader, 0);
    int is_bare = kind == TOP || kind == PAREN || kind == BACKTICK;
    if (c == '\\' && (kind != SINGLE || reader->backticks))
        return take_pair(reader);
    if (c == '`' && reader->backticks)
        return close_backtick(reader);
    if (c == closer_of(kind) && c) {
        pop(reader);
        return 0;
    }
    if (c == '$' && has_expansions(kind))
        return take_dollar(reader);
    if (c == '`' && has_expansions(kind))
        return push(reader, BACKTICK, 1, 0);
    if (c == '"' && has_expansions(kind) && kind != HERE)
        return push(reader, DOUBLE, 1, 0);
    if (c == '\'' && (is_bare || kind == BRACKET || (kind == BRACE && frame->has_quotes)))
        return push(reader, SINGLE, 1, 0);
    if (c == '\'' && kind == BRACE)
        return take_doubtful_quote(reader);
    if (kind == BRACKET && c == '[')
        return push(reader, BRACKET, 1, 1);
    if (is_bare)
        return take_bare(reader, c);
    mark(reader, 1);
    return 0;
}

int nf_shell_places(const char *text, size_t size, struct nf_shell_byte *bytes,
                    struct nf_shell_fault *fault)
{
    struct reader *reader = calloc(1, sizeof *reader);
    int rc = 0;
    if (!reader)
        return -2;
    reader->text = text;
    reader->size = size;
    reader->bytes = bytes;
    reader->fault = fault;
    reader->is_word_start = reader->is_command = 1;
    while (rc == 0 && reader->at < size)
        rc = step(reader);
    if (rc == 0 && reader->depth > 0)
        rc = fail_open(reader, top(reader));
    forget_here(reader->here, reader->here_count);
    free(reader);
    return rc;
}
