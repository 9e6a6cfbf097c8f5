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
};

struct frame {
    enum kind kind;
    size_t begin;
    int is_strict;    /* arithmetic, or too deep to be sure */
    int is_expansion; /* the word goes on after it */
    int has_quotes;   /* BRACE: ' opens a quote in it */
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
    int is_command;  /* the next word is one that names a command */
    int is_redirect; /* the next word belongs to < or > */
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

static void mark(struct reader *reader, size_t count)
{
    mark_as(reader, count, place_of(top(reader)), 0);
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
    };
    return fail(reader, frame->begin, texts[frame->kind]);
}

/* A backslash and what it escapes. Inside `…`, \` begins or ends an inner `…`, where one would have
 * to count backslashes: strict. */
static int take_pair(struct reader *reader)
{
    int is_inner = reader->backticks > 0 && peek(reader, 1) == '`';
    mark(reader, 1);
    mark_as(reader, 1, place_of(top(reader)), NF_SHELL_ESCAPED);
    for (unsigned i = reader->depth + 1; is_inner && i-- > 0;) {
        reader->stack[i].is_strict = 1;
        if (reader->stack[i].kind == BACKTICK)
            break;
    }
    reader->is_word_start = 0;
    return 0;
}

/* The first ` that is not escaped ends it, whatever quotes seem to be open. */
static int close_backtick(struct reader *reader)
{
    if (top(reader)->kind != BACKTICK)
        return fail_open(reader, top(reader));
    pop(reader);
    return 0;
}

/* ${name…}: whether ' is a quote in the rest depends on the operator if "…" is around it. */
static int take_brace(struct reader *reader)
{
    int is_in_double = top(reader)->kind == DOUBLE;
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
    int has_quotes = top(reader)->kind != DOUBLE;
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

/* Marks the line up to length; from the first expansion on the rest of the body is strict. */
static void mark_here_line(struct reader *reader, size_t length, enum nf_shell_place *place)
{
    for (size_t end = reader->at + length; reader->at < end;) {
        char c = peek(reader, 0), next = peek(reader, 1);
        if (*place == NF_SHELL_HERE && (c == '`' || (c == '$' && next && strchr("({[", next))))
            *place = NF_SHELL_STRICT;
        int is_pair = *place == NF_SHELL_HERE && c == '\\' && reader->at + 1 < end;
        mark_as(reader, 1, *place, 0);
        if (is_pair)
            mark_as(reader, 1, *place, NF_SHELL_ESCAPED);
    }
}

static void take_here_body(struct reader *reader, const struct here *here)
{
    enum nf_shell_place place = here->is_raw ? NF_SHELL_HERE_RAW : NF_SHELL_HERE;
    if (reader->backticks || top(reader)->is_strict)
        place = NF_SHELL_STRICT;
    while (reader->at < reader->size) {
        const char *line = reader->text + reader->at;
        const char *newline = memchr(line, '\n', reader->size - reader->at);
        size_t length = newline ? (size_t)(newline - line) : reader->size - reader->at;
        size_t tabs = 0;
        while (here->strips_tabs && tabs < length && line[tabs] == '\t')
            tabs++;
        if (strlen(here->word) == length - tabs &&
            memcmp(line + tabs, here->word, length - tabs) == 0) {
            mark_as(reader, length + 1, NF_SHELL_STRICT, 0);
            return;
        }
        mark_here_line(reader, length + 1, &place);
    }
}

static void take_newline(struct reader *reader)
{
    mark(reader, 1);
    for (unsigned i = 0; i < reader->here_count; i++) {
        take_here_body(reader, &reader->here[i]);
        free(reader->here[i].word);
    }
    reader->here_count = 0;
    reader->is_word_start = reader->is_command = 1;
    reader->is_redirect = 0;
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
    int is_arithmetic = reader->is_command && reader->is_word_start && peek(reader, 1) == '(';
    int rc = push(reader, PAREN, 1, is_arithmetic);
    if (rc == 0)
        top(reader)->is_expansion = 0;
    return rc;
}

static int take_close_paren(struct reader *reader)
{
    if (top(reader)->kind == PAREN && top(reader)->cases == 0) {
        pop(reader);
        return 0;
    }
    mark(reader, 1);
    reader->is_word_start = reader->is_command = 1;
    return 0;
}

static int take_operator(struct reader *reader, char c)
{
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
        take_newline(reader);
        return 0;
    case ' ':
    case '\t':
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
                                   [BRACE] = '}',  [BRACKET] = ']'};
    return closers[kind];
}

static int has_expansions(enum kind kind)
{
    return kind != SINGLE && kind != DOLLAR_SINGLE;
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
    if (c == '"' && has_expansions(kind))
        return push(reader, DOUBLE, 1, 0);
    if (c == '\'' && (is_bare || kind == BRACKET || (kind == BRACE && frame->has_quotes)))
        return push(reader, SINGLE, 1, 0);
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
    for (unsigned i = 0; i < reader->here_count; i++)
        free(reader->here[i].word);
    free(reader);
    return rc;
}
