/* quote.c: values as shell text. */
#include "quote.h"

#include <string.h>

/* Bytes that mean nothing to any shell wherever they stand. */
static int is_ordinary(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.+/", c));
}

static size_t ordinary_length(const char *value, size_t length)
{
    size_t i = 0;
    while (i < length && is_ordinary(value[i]))
        i++;
    return i;
}

/* Every ' as '"'"', all of it in '…', and no empty '' at either end. */
void nf_quote_word(struct nfold_buffer *out, const char *value, size_t length)
{
    if (length == 0) {
        nf_buffer_string(out, "''");
        return;
    }
    if (ordinary_length(value, length) == length) {
        nf_buffer_bytes(out, value, length);
        return;
    }
    if (value[0] != '\'')
        nf_buffer_string(out, "'");
    for (size_t i = 0; i < length;) {
        const char *quote = memchr(value + i, '\'', length - i);
        size_t run = quote ? (size_t)(quote - value) - i : length - i;
        nf_buffer_bytes(out, value + i, run);
        i += run;
        if (i == length)
            break;
        const char *before = i == 0 ? "" : "'", *after = i + 1 == length ? "" : "'";
        nf_buffer_print(out, "%s\"'\"%s", before, after);
        i++;
    }
    if (value[length - 1] != '\'')
        nf_buffer_string(out, "'");
}

static void escape(struct nfold_buffer *out, const char *value, size_t length, const char *special)
{
    for (size_t i = 0; i < length;) {
        size_t run = 0;
        while (i + run < length && !strchr(special, value[i + run]))
            run++;
        nf_buffer_bytes(out, value + i, run);
        i += run;
        if (i < length) {
            nf_buffer_string(out, "\\");
            nf_buffer_bytes(out, value + i, 1);
            i++;
        }
    }
}

static void quote_single(struct nfold_buffer *out, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (value[i] == '\'')
            nf_buffer_string(out, "'\\''");
        else
            nf_buffer_bytes(out, value + i, 1);
}

/* $'a{}b' becomes $'a''value'$'b': that is right even where a shell does not know $'…'. */
static void quote_dollar_single(struct nfold_buffer *out, const char *value, size_t length)
{
    if (ordinary_length(value, length) == length) {
        nf_buffer_bytes(out, value, length);
        return;
    }
    nf_buffer_string(out, "'");
    nf_quote_word(out, value, length);
    nf_buffer_string(out, "$'");
}

static void quote_comment(struct nfold_buffer *out, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        nf_buffer_bytes(out, value[i] == '\n' ? " " : value + i, 1);
}

static int quote_place(struct nfold_buffer *out, const char *value, size_t length, unsigned place,
                       const char **why)
{
    int is_here = place == NF_SHELL_HERE || place == NF_SHELL_HERE_RAW;
    *why = "only letters, digits and - _ . + / can stand in ${…}, $((…)), […] or after >&";
    if (place == NF_SHELL_STRICT && (length == 0 || ordinary_length(value, length) != length))
        return -1;
    *why = "a newline cannot stand in a here-document";
    if (is_here && memchr(value, '\n', length))
        return -1;
    switch ((enum nf_shell_place)place) {
    case NF_SHELL_BARE:
        nf_quote_word(out, value, length);
        break;
    case NF_SHELL_DOUBLE:
        escape(out, value, length, "\\$`\"");
        break;
    case NF_SHELL_SINGLE:
        quote_single(out, value, length);
        break;
    case NF_SHELL_DOLLAR_SINGLE:
        quote_dollar_single(out, value, length);
        break;
    case NF_SHELL_COMMENT:
        quote_comment(out, value, length);
        break;
    case NF_SHELL_HERE:
        escape(out, value, length, "\\$`");
        break;
    case NF_SHELL_HERE_RAW:
    case NF_SHELL_STRICT:
        nf_buffer_bytes(out, value, length);
        break;
    }
    return 0;
}

/* Inside $(…) a bare esac could end what the template began. */
static int is_case_word(const char *value, size_t length)
{
    return length == 4 && (memcmp(value, "case", 4) == 0 || memcmp(value, "esac", 4) == 0);
}

int nf_quote_value(struct nfold_buffer *out, const char *value, size_t length, unsigned place,
                   unsigned flags, const char **why)
{
    if (place == NF_SHELL_BARE && (flags & NF_SHELL_NESTED) && is_case_word(value, length)) {
        nf_buffer_print(out, "'%.4s'", value);
        return 0;
    }
    if (!(flags & NF_SHELL_BACKTICK))
        return quote_place(out, value, length, place, why);
    struct nfold_buffer inner = {0};
    int rc = quote_place(&inner, value, length, place, why);
    escape(out, nf_buffer_text(&inner), inner.size, "\\`");
    out->failed |= inner.failed;
    nf_buffer_clear(&inner);
    return rc;
}
