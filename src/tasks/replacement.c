/* replacement.c: finding replacements in text, and taking parts of a value. */
#include "replacement.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    enum nf_replacement_form form;
} forms[] = {
    {"", NF_FORM_WHOLE},    {".", NF_FORM_NO_EXTENSION},       {"/", NF_FORM_BASE},
    {"//", NF_FORM_FOLDER}, {"/.", NF_FORM_BASE_NO_EXTENSION},
};

#define FORM_COUNT (sizeof forms / sizeof forms[0])

static int read_form(const char *text, size_t length, enum nf_replacement_form *form)
{
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (strlen(forms[i].text) == length && memcmp(forms[i].text, text, length) == 0) {
            *form = forms[i].form;
            return 1;
        }
    return 0;
}

/* 3, -1; the bytes of it, 0 if text does not begin with a column. */
static size_t read_column(const char *text, size_t length, int *column)
{
    size_t sign = length > 0 && text[0] == '-', at = sign;
    int number = 0;
    while (at < length && text[at] >= '0' && text[at] <= '9' && at - sign < 6)
        number = number * 10 + (text[at++] - '0');
    *column = sign ? -number : number;
    return number == 0 ? 0 : at;
}

/* The longest of --header's names that content begins with and a form ends. */
static int read_name(const char *content, size_t length, const struct nf_replacement_names *names,
                     struct nf_replacement *replacement)
{
    for (unsigned i = 0; i < names->count; i++) {
        size_t size = strlen(names->name[i]);
        if (size == 0 || size > length || memcmp(names->name[i], content, size) != 0)
            continue;
        if (read_form(content + size, length - size, &replacement->form)) {
            replacement->column = (int)i + 1;
            return 1;
        }
    }
    return 0;
}

/* content: what stands between the braces. */
static int read_content(const char *content, size_t length,
                        const struct nf_replacement_names *names,
                        struct nf_replacement *replacement)
{
    int is_default = strcmp(names->all, "{}") == 0;
    *replacement = (struct nf_replacement){.what = NF_REPLACE_VALUE};
    if (length == 1 && (*content == '#' || *content == '%')) {
        replacement->what = *content == '#' ? NF_REPLACE_SEQUENCE : NF_REPLACE_SLOT;
        return 1;
    }
    if (read_name(content, length, names, replacement))
        return 1;
    size_t used = read_column(content, length, &replacement->column);
    if (!read_form(content + used, length - used, &replacement->form))
        return 0;
    return is_default || replacement->form != NF_FORM_WHOLE; /* -I takes {} and {1} away */
}

size_t nf_replacement_match(const char *text, size_t size, const struct nf_replacement_names *names,
                            struct nf_replacement *replacement)
{
    size_t all = strlen(names->all);
    if (size >= all && memcmp(text, names->all, all) == 0) {
        *replacement = (struct nf_replacement){.what = NF_REPLACE_VALUE};
        return all;
    }
    if (size == 0 || text[0] != '{')
        return 0;
    const char *end = memchr(text, '}', size);
    if (!end || !read_content(text + 1, (size_t)(end - text) - 1, names, replacement))
        return 0;
    return (size_t)(end - text) + 1;
}

static int is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.#/%+", c));
}

/* Not {a,b} and {1..3}, which bash expands, and not { list; }. */
size_t nf_replacement_unknown(const char *text, size_t size)
{
    size_t length = 1;
    if (size < 3 || text[0] != '{')
        return 0;
    while (length < size && is_word_byte(text[length]))
        length++;
    if (length == 1 || length == size || text[length] != '}')
        return 0;
    for (size_t i = 2; i + 2 < length; i++)
        if (text[i] == '.' && text[i + 1] == '.')
            return 0;
    return length + 1;
}

/* ---- parts of a value ---- */

static const char *base_of(const char *value, size_t *length)
{
    const char *slash = memrchr(value, '/', *length);
    if (!slash)
        return value;
    *length -= (size_t)(slash + 1 - value);
    return slash + 1;
}

/* Without the last . and what follows it, unless a / does. */
static size_t without_extension(const char *value, size_t length)
{
    const char *dot = memrchr(value, '.', length);
    if (!dot || memchr(dot, '/', length - (size_t)(dot - value)))
        return length;
    return (size_t)(dot - value);
}

static size_t without_slashes(const char *value, size_t length)
{
    while (length > 1 && value[length - 1] == '/')
        length--;
    return length;
}

/* As dirname(1). */
static const char *folder_of(const char *value, size_t *length)
{
    size_t size = without_slashes(value, *length);
    const char *slash = memrchr(value, '/', size);
    *length = 1;
    if (!slash)
        return ".";
    *length = without_slashes(value, (size_t)(slash - value) + 1);
    return value;
}

const char *nf_replacement_take(enum nf_replacement_form form, const char *value, size_t *length)
{
    switch (form) {
    case NF_FORM_NO_EXTENSION:
        *length = without_extension(value, *length);
        break;
    case NF_FORM_BASE:
        return base_of(value, length);
    case NF_FORM_FOLDER:
        return folder_of(value, length);
    case NF_FORM_BASE_NO_EXTENSION:
        value = base_of(value, length);
        *length = without_extension(value, *length);
        break;
    case NF_FORM_WHOLE:
        break;
    }
    return value;
}
