/* option_check.c: one value of an option, read against its row. */
#include "option_check.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "number.h"

#define TIME_UNITS "smhd"

static int is_one_of(const char *value, const char *choices)
{
    size_t length = strlen(value);
    while (length > 0 && choices) {
        size_t choice = strcspn(choices, "|");
        if (choice == length && memcmp(choices, value, length) == 0)
            return 1;
        choices = choices[choice] ? choices + choice + 1 : NULL;
    }
    return 0;
}

double nf_option_read_number(const char *text, size_t length)
{
    double value;
    int is_negative = length > 0 && *text == '-';
    size_t sign = is_negative || (length > 0 && *text == '+');
    size_t used = nf_number_read(text + sign, &value);
    if (used == 0 || used + sign != length)
        return NAN;
    return is_negative ? -value : value;
}

double nf_option_read_seconds(const char *text)
{
    static const double factors[] = {1, 60, 3600, 86400};
    size_t length = strlen(text);
    double factor = 1;
    const char *unit = length > 0 ? strchr(TIME_UNITS, text[length - 1]) : NULL;
    if (unit) {
        factor = factors[unit - TIME_UNITS];
        length--;
    }
    return factor * nf_option_read_number(text, length);
}

double nf_option_read_size(const char *text)
{
    static const char units[] = "kmgtpKMGTP";
    size_t length = strlen(text);
    int is_binary = length > 1 && text[length - 1] == 'i';
    length -= (size_t)is_binary;
    const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;
    if (!unit)
        return is_binary ? NAN : nf_option_read_number(text, length);
    ptrdiff_t place = unit - units;
    double base = is_binary || place >= 5 ? 1024 : 1000;
    return pow(base, (double)(place % 5 + 1)) * nf_option_read_number(text, length - 1);
}

static int check_choice(const struct nf_option *row, const char *value, nfold_error *err)
{
    if (is_one_of(value, row->choices))
        return 0;
    struct nfold_buffer words = {0};
    for (const char *c = row->choices; *c; c++) {
        const char *last = strrchr(row->choices, '|');
        if (*c == '|')
            nf_buffer_string(&words, c == last ? " or " : ", ");
        else
            nf_buffer_bytes(&words, c, 1);
    }
    nf_fail(err, NFOLD_E_VALUE, "'%s' is not %s", value, nf_buffer_text(&words));
    nf_buffer_clear(&words);
    return NFOLD_E_VALUE;
}

static int check_count(const struct nf_option *row, const char *value, nfold_error *err)
{
    double count = nf_option_read_number(value, strlen(value));
    double high = row->high > 0 ? row->high : 9007199254740992.0;
    if (count >= row->low && count <= high && count == floor(count))
        return 0;
    return nf_fail(err, NFOLD_E_VALUE, "'%s' is not a whole number from %.0f to %.0f", value,
                   row->low, high);
}

static int check_seconds(const char *value, nfold_error *err)
{
    double seconds = nf_option_read_seconds(value);
    if (seconds >= 0 && isfinite(seconds))
        return 0;
    return nf_fail(err, NFOLD_E_VALUE, "'%s' is not a time such as 0.5, 10s, 5m or 2h", value);
}

static int check_size(const char *value, nfold_error *err)
{
    double size = nf_option_read_size(value);
    if (size >= 0 && isfinite(size))
        return 0;
    return nf_fail(err, NFOLD_E_VALUE, "'%s' is not a size in bytes such as 500M or 4G", value);
}

static int is_name(const char *text, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return length > 0 && strchr(letters, text[0]) && strspn(text, all) >= length;
}

int nf_option_read_assignment(const char *text, size_t length, double *value, nfold_error *err)
{
    size_t name = strcspn(text, "=");
    if (name + 1 < length && is_name(text, name)) {
        *value = nf_option_read_number(text + name + 1, length - name - 1);
        if (isfinite(*value))
            return 0;
    }
    return nf_fail(err, NFOLD_E_VALUE, "'%.*s' is not NAME=NUMBER", (int)length, text);
}

static int check_assignments(const char *value, nfold_error *err)
{
    for (;;) {
        double number;
        size_t length = strcspn(value, ",");
        if (nf_option_read_assignment(value, length, &number, err) < 0)
            return NFOLD_E_VALUE;
        if (!value[length])
            return 0;
        value += length + 1;
    }
}

int nf_option_check(const struct nf_option *row, const char *value, nfold_error *err)
{
    switch (row->type) {
    case NF_OPTION_FLAG:
        if (is_one_of(value, "on|off"))
            return 0;
        return nf_fail(err, NFOLD_E_VALUE, "'%s' is not on or off", value);
    case NF_OPTION_CHOICE:
        return check_choice(row, value, err);
    case NF_OPTION_COUNT:
        return check_count(row, value, err);
    case NF_OPTION_SECONDS:
        return check_seconds(value, err);
    case NF_OPTION_ASSIGN:
        return check_assignments(value, err);
    case NF_OPTION_SIZE:
        return check_size(value, err);
    case NF_OPTION_TEXT:
    case NF_OPTION_LIST:
    case NF_OPTION_END:
        break;
    }
    return 0;
}
