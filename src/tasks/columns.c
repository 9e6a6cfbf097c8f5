/* columns.c: a record becomes values. */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#define SPACES " \t\n\r\f\v"

/* GNU parallel takes Perl's regular expressions; what POSIX's extended ones have not is either
 * translated or refused. */
static int translate_escape(struct nfold_buffer *out, char c, nfold_error *err)
{
    static const struct {
        char letter;
        const char *text;
    } escapes[] = {{'t', "\t"},          {'n', "\n"},           {'r', "\r"},
                   {'s', "[[:space:]]"}, {'S', "[^[:space:]]"}, {'d', "[0-9]"},
                   {'D', "[^0-9]"},      {'w', "[[:alnum:]_]"}, {'W', "[^[:alnum:]_]"}};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (escapes[i].letter == c) {
            nf_buffer_string(out, escapes[i].text);
            return 0;
        }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '\0')
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'colsep': \\%c is Perl's; there are \\t \\n \\r \\s \\d \\w", c);
    nf_buffer_print(out, "\\%c", c);
    return 0;
}

static int translate(struct nfold_buffer *out, const char *regex, nfold_error *err)
{
    for (const char *at = regex; *at; at++) {
        if (*at == '\\') {
            int rc = translate_escape(out, at[1], err);
            if (rc < 0)
                return rc;
            at++;
            continue;
        }
        if ((*at == '(' || *at == '*' || *at == '+' || *at == '?') && at[1] == '?')
            return nf_fail(err, NFOLD_E_VALUE, "option 'colsep': %.2s is Perl's, not POSIX's", at);
        nf_buffer_bytes(out, at, 1);
    }
    return 0;
}

static int compile(struct nf_columns *columns, const char *text, nfold_error *err)
{
    struct nfold_buffer posix = {0};
    regmatch_t match;
    int rc = translate(&posix, text, err);
    if (rc >= 0 && posix.failed)
        rc = nf_fail_memory(err);
    int code = rc < 0 ? 0 : regcomp(&columns->regex, nf_buffer_text(&posix), REG_EXTENDED);
    nf_buffer_clear(&posix);
    if (rc < 0)
        return rc;
    if (code != 0) {
        char why[128];
        regerror(code, &columns->regex, why, sizeof why);
        return nf_fail(err, NFOLD_E_VALUE, "option 'colsep': '%s' is no regular expression: %s",
                       text, why);
    }
    columns->has_regex = 1;
    if (regexec(&columns->regex, "", 1, &match, 0) == 0)
        return nf_fail(err, NFOLD_E_VALUE, "option 'colsep': '%s' matches nothing at all", text);
    return 0;
}

int nf_columns_read(struct nf_columns *columns, const nfold_options *options, nfold_error *err)
{
    const char *colsep = nf_options_text(options, "colsep");
    const char *trim = nf_options_text(options, "trim");
    *columns = (struct nf_columns){.is_csv = nf_options_flag(options, "csv"), .separator = ','};
    if (!trim)
        trim = colsep && !columns->is_csv ? "lr" : "n";
    columns->trims_left = strchr(trim, 'l') != NULL;
    columns->trims_right = strchr(trim, 'r') != NULL;
    columns->is_split = colsep || columns->is_csv || nf_options_is_set(options, "header");
    if (!columns->is_csv)
        return columns->is_split ? compile(columns, colsep ? colsep : "\t", err) : 0;
    if (colsep && strcmp(colsep, "\\t") == 0)
        colsep = "\t";
    if (colsep && strlen(colsep) != 1)
        return nf_fail(err, NFOLD_E_VALUE, "option 'colsep': with --csv it is one character");
    if (colsep)
        columns->separator = *colsep;
    return 0;
}

void nf_columns_clear(struct nf_columns *columns)
{
    if (columns->has_regex)
        regfree(&columns->regex);
    columns->has_regex = 0;
}

/* ---- values ---- */

int nf_values_append(struct nf_values *values, char *value, nfold_error *err)
{
    if (value && values->count == values->capacity) {
        unsigned capacity = values->capacity ? 2 * values->capacity : 1;
        char **grown = reallocarray(values->value, capacity, sizeof *grown);
        if (grown) {
            values->value = grown;
            values->capacity = capacity;
        }
    }
    if (!value || values->count == values->capacity) {
        free(value);
        return nf_fail_memory(err);
    }
    values->value[values->count++] = value;
    return 0;
}

void nf_values_clear(struct nf_values *values)
{
    for (unsigned i = 0; i < values->count; i++)
        free(values->value[i]);
    free(values->value);
    *values = (struct nf_values){0};
}

static int append_trimmed(const struct nf_columns *columns, const char *text, size_t length,
                          struct nf_values *values, nfold_error *err)
{
    while (columns->trims_left && length > 0 && strchr(SPACES, *text)) {
        text++;
        length--;
    }
    while (columns->trims_right && length > 0 && strchr(SPACES, text[length - 1]))
        length--;
    return nf_values_append(values, strndup(text, length), err);
}

static int split_regex(const struct nf_columns *columns, const char *record,
                       struct nf_values *values, nfold_error *err)
{
    regmatch_t match;
    int flags = 0, rc = 0;
    while (rc >= 0 && regexec(&columns->regex, record, 1, &match, flags) == 0 &&
           match.rm_eo > match.rm_so) {
        rc = append_trimmed(columns, record, (size_t)match.rm_so, values, err);
        record += match.rm_eo;
        flags = REG_NOTBOL;
    }
    return rc < 0 ? rc : append_trimmed(columns, record, strlen(record), values, err);
}

/* One field of CSV at *at, which is then at its separator or the end. */
static int take_field(const struct nf_columns *columns, const char **at, struct nfold_buffer *field)
{
    const char *c = *at;
    if (*c != '"') {
        size_t length = 0;
        while (c[length] && c[length] != columns->separator)
            length++;
        nf_buffer_bytes(field, c, length);
        *at = c + length;
        return 0;
    }
    for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
        c += *c == '"';
        nf_buffer_bytes(field, c, 1);
    }
    if (*c == '"')
        c++;
    *at = c;
    return *c && *c != columns->separator ? -1 : 0;
}

static int split_csv(const struct nf_columns *columns, const char *record, struct nf_values *values,
                     nfold_error *err)
{
    const char *at = record;
    for (;;) {
        struct nfold_buffer field = {0};
        int rc = take_field(columns, &at, &field);
        if (rc < 0)
            rc = nf_fail(err, NFOLD_E_VALUE, "this is not CSV, something follows a \": %.60s",
                         record);
        else
            rc = append_trimmed(columns, nf_buffer_text(&field), field.size, values, err);
        nf_buffer_clear(&field);
        if (rc < 0 || !*at)
            return rc;
        at++;
    }
}

int nf_columns_split(const struct nf_columns *columns, const char *record, struct nf_values *values,
                     nfold_error *err)
{
    if (!columns->is_split || !*record)
        return append_trimmed(columns, record, strlen(record), values, err);
    return columns->is_csv ? split_csv(columns, record, values, err)
                           : split_regex(columns, record, values, err);
}
