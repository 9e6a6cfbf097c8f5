/* complain.c: a line of at most 72 columns that has the mistake in sight, and a caret below it. */
#include "complain.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "utf8.h"

#define ELLIPSIS         "..."
#define ELLIPSIS_COLUMNS 3
#define BYTES_PER_COLUMN 4

/* Columns of the text, counted from 0, that are shown; last is exclusive. */
struct window {
    size_t first, last;
};

/* A line that is being written; has room for all columns of the window. */
struct line {
    char text[NF_COMPLAIN_COLUMNS * BYTES_PER_COLUMN + 1];
    size_t size;
};

static void line_append(struct line *line, const char *text, size_t size)
{
    if (size > sizeof(line->text) - 1 - line->size)
        return;
    memcpy(line->text + line->size, text, size);
    line->size += size;
    line->text[line->size] = '\0';
}

/* The mistake is near the middle of the window, or as near as the ends of the text allow. */
static struct window window_of(size_t column, size_t columns)
{
    struct window window = {0, columns};

    if (columns <= NF_COMPLAIN_COLUMNS)
        return window;
    if (column > NF_COMPLAIN_COLUMNS / 2)
        window.first = column - NF_COMPLAIN_COLUMNS / 2;
    if (window.first > columns - NF_COMPLAIN_COLUMNS)
        window.first = columns - NF_COMPLAIN_COLUMNS;
    window.last = window.first + NF_COMPLAIN_COLUMNS;
    return window;
}

static void append_character(struct line *line, const char *text, size_t size, size_t *length)
{
    uint32_t character = nf_utf8_read(text, size, length);

    if (character >= '\t' && character <= '\r')
        line_append(line, " ", 1);
    else if (nf_utf8_is_shown(character))
        line_append(line, text, *length);
    else
        line_append(line, "?", 1);
}

static void write_text(struct line *line, const struct nf_place *place, struct window window,
                       size_t columns)
{
    struct window whole = window;

    if (window.first > 0) {
        line_append(line, ELLIPSIS, ELLIPSIS_COLUMNS);
        whole.first += ELLIPSIS_COLUMNS;
    }
    if (window.last < columns)
        whole.last -= ELLIPSIS_COLUMNS;
    for (size_t at = 0, column = 0, length; at < place->size && column < whole.last; column++) {
        if (column >= whole.first)
            append_character(line, place->text + at, place->size - at, &length);
        else
            nf_utf8_read(place->text + at, place->size - at, &length);
        at += length;
    }
    if (window.last < columns)
        line_append(line, ELLIPSIS, ELLIPSIS_COLUMNS);
}

static void write_caret(struct line *line, size_t column, size_t width, struct window window)
{
    for (size_t i = window.first; i < column; i++)
        line_append(line, " ", 1);
    line_append(line, "^", 1);
    for (size_t i = column + 1; i < column + width && i < window.last; i++)
        line_append(line, "~", 1);
}

static void show_place(nfold_error *err, const struct nf_place *place, size_t column)
{
    size_t columns = nf_utf8_count(place->text, place->size);
    struct window window = window_of(column, columns);
    struct line text = {"", 0}, caret = {"", 0};

    write_text(&text, place, window, columns);
    write_caret(&caret, column, nf_utf8_count(place->text + place->offset, place->length), window);
    nf_error_detail(err, "  %s\n  %s\n", text.text, caret.text);
}

int nf_complain(nfold_error *err, const struct nf_place *place, const char *hint,
                const char *format, ...)
{
    char what[256];
    size_t column = nf_utf8_count(place->text, place->offset);
    int has_hint = hint != NULL && hint[0] != '\0';
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    nf_fail(err, NFOLD_E_SYNTAX, "%s at column %zu%s%s", what, column + 1, has_hint ? "; " : "",
            has_hint ? hint : "");
    show_place(err, place, column);
    return NFOLD_E_SYNTAX;
}

const char *nf_quote(const char *word, size_t length, struct nf_quoted *quoted)
{
    size_t bytes;
    uint32_t character = nf_utf8_read(word, length, &bytes);

    if (character == NF_UTF8_INVALID)
        snprintf(quoted->text, sizeof(quoted->text), "byte 0x%02x", (unsigned char)word[0]);
    else if (!nf_utf8_is_shown(character))
        snprintf(quoted->text, sizeof(quoted->text), "character U+%04X", (unsigned)character);
    else if (length == 1 && word[0] == '\'')
        snprintf(quoted->text, sizeof(quoted->text), "\"'\"");
    else if (length <= NF_COMPLAIN_QUOTE)
        snprintf(quoted->text, sizeof(quoted->text), "'%.*s'", (int)length, word);
    else
        snprintf(quoted->text, sizeof(quoted->text), "'%.*s...'", NF_COMPLAIN_QUOTE, word);
    return quoted->text;
}
