/* number.c: numbers as text and back. The C library does the digits; the locale and the rounding
 * mode of the host program are put aside meanwhile. */
#include "number.h"

#include <errno.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c_locale.h"
#include "double_bits.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define INFINITY_BITS       (UINT64_C(0x7FF) << 52)
#define TIME_SIZE           (NF_NUMBER_SIZE - 1) /* a sign may stand before it */

struct number_env {
    struct nf_c_locale locale;
    int rounding;
    int saved_errno;
};

static struct number_env number_enter(void)
{
    struct number_env env = {nf_c_locale_enter(), fegetround(), errno};
    if (env.rounding != FE_TONEAREST)
        fesetround(FE_TONEAREST);
    return env;
}

static void number_leave(struct number_env env)
{
    if (env.rounding != FE_TONEAREST)
        fesetround(env.rounding);
    nf_c_locale_leave(env.locale);
    errno = env.saved_errno;
}

/* The significant digits of a finite positive value, as few as read back to it, and the power of
 * ten of the first one. */
struct decimal {
    char digits[18];
    int length, exponent;
};

/* Bits are compared, not values: under "denormals are zero" a subnormal equals zero. */
static int reads_back(const char *text, double value)
{
    return nf_double_to_bits(strtod(text, NULL)) == nf_double_to_bits(value);
}

/* The next larger decimal of as many digits, in place; 0 if all of them are nines. */
static int decimal_increment(char *text)
{
    for (char *digit = strchr(text, 'e') - 1; digit >= text; digit--) {
        if (*digit == '.')
            continue;
        if (*digit != '9') {
            ++*digit;
            return 1;
        }
        *digit = '0';
    }
    return 0;
}

/* Below a power of two its neighbour is only half as far as above: a decimal above it may read
 * back although the nearest one of that length, below it, does not. */
static int decimal_try(char *text, double value, int precision)
{
    int is_power = (nf_double_to_bits(value) & ((UINT64_C(1) << 52) - 1)) == 0;
    snprintf(text, NF_NUMBER_SIZE, "%.*e", precision - 1, value);
    return reads_back(text, value) ||
           (is_power && decimal_increment(text) && reads_back(text, value));
}

/* Any 15 digits survive a normal double, so 15, less trailing zeros, are the first that can fail.
 */
static void decimal_shortest(struct decimal *decimal, double value)
{
    char text[NF_NUMBER_SIZE];
    int is_subnormal = nf_double_to_bits(value) >> 52 == 0;
    int precision = is_subnormal ? 1 : 15;
    while (!decimal_try(text, value, precision) && precision < 17)
        precision++;
    char *mark = strchr(text, 'e');
    decimal->exponent = (int)strtol(mark + 1, NULL, 10);
    decimal->length = 0;
    for (const char *digit = text; digit < mark; digit++)
        if (*digit != '.')
            decimal->digits[decimal->length++] = *digit;
    while (decimal->length > 1 && decimal->digits[decimal->length - 1] == '0')
        decimal->length--;
}

static char *append_zeros(char *to, int count)
{
    for (int i = 0; i < count; i++)
        *to++ = '0';
    return to;
}

static char *append_digits(char *to, const struct decimal *decimal, int first, int last)
{
    memcpy(to, decimal->digits + first, (size_t)(last - first));
    return to + (last - first);
}

/* 1e+22, 1.5e-07 */
static void write_scientific(char *to, const struct decimal *decimal)
{
    to = append_digits(to, decimal, 0, 1);
    if (decimal->length > 1) {
        *to++ = '.';
        to = append_digits(to, decimal, 1, decimal->length);
    }
    snprintf(to, sizeof "e-324", "e%+03d", decimal->exponent);
}

/* 0.00015, 3.0, 1200.0, 333333.3333333334 */
static void write_positional(char *to, const struct decimal *decimal)
{
    int whole = decimal->exponent + 1; /* digits before the point */
    if (whole <= 0) {
        *to++ = '0';
        *to++ = '.';
        to = append_zeros(to, -whole);
        to = append_digits(to, decimal, 0, decimal->length);
    } else if (whole >= decimal->length) {
        to = append_digits(to, decimal, 0, decimal->length);
        to = append_zeros(to, whole - decimal->length);
        *to++ = '.';
        *to++ = '0';
    } else {
        to = append_digits(to, decimal, 0, whole);
        *to++ = '.';
        to = append_digits(to, decimal, whole, decimal->length);
    }
    *to = '\0';
}

/* Where Python's repr changes from one style to the other. */
static int is_scientific(const struct decimal *decimal)
{
    return decimal->exponent < -4 || decimal->exponent >= 16;
}

char *nf_number_print(double value, char *text)
{
    uint64_t magnitude = nf_double_to_bits(value) & ~(UINT64_C(1) << 63);
    char *to = text;
    if (magnitude > INFINITY_BITS)
        return memcpy(text, "nan", 4);
    if (magnitude != nf_double_to_bits(value))
        *to++ = '-';
    if (magnitude == INFINITY_BITS || magnitude == 0) {
        memcpy(to, magnitude ? "inf" : "0.0", 4);
        return text;
    }
    memcpy(&value, &magnitude, sizeof value);
    struct number_env env = number_enter();
    struct decimal decimal;
    decimal_shortest(&decimal, value);
    if (is_scientific(&decimal))
        write_scientific(to, &decimal);
    else
        write_positional(to, &decimal);
    number_leave(env);
    return text;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t nf_number_read(const char *text, double *value)
{
    if (!is_digit(text[0]) && !(text[0] == '.' && is_digit(text[1])))
        return 0;
    struct number_env env = number_enter();
    char *end;
    *value = strtod(text, &end);
    number_leave(env);
    return (size_t)(end - text);
}

int nf_number_is_exact(const char *text)
{
    struct number_env env = number_enter();
    fesetround(FE_DOWNWARD);
    double below = strtod(text, NULL);
    fesetround(FE_UPWARD);
    double above = strtod(text, NULL);
    fesetround(FE_TONEAREST);
    number_leave(env);
    return below == above;
}

char *nf_number_scaled(double value, char *text)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
    double scaled = value < 0 ? -value : value;
    size_t prefix = 0;
    /* 999.5 is the first that three digits would round up to 1000. */
    while (scaled >= 999.5 && prefix + 1 < ARRAY_LENGTH(prefixes)) {
        scaled /= 1000;
        prefix++;
    }
    struct number_env env = number_enter();
    if (scaled < 999.5)
        snprintf(text, NF_NUMBER_SIZE, "%s%.3g%s", value < 0 ? "-" : "", scaled, prefixes[prefix]);
    else
        snprintf(text, NF_NUMBER_SIZE, "%.3g", value);
    number_leave(env);
    return text;
}

/* From two minutes on: whole units, the smaller one beside the larger. */
static void write_long_time(double seconds, char *text)
{
    if (seconds >= 1e15)
        snprintf(text, TIME_SIZE, "%.3g s", seconds);
    else if (seconds >= 3600 - 0.5)
        snprintf(text, TIME_SIZE, "%.0f h %02d min", (double)(long long)((seconds + 30) / 3600),
                 (int)((long long)(seconds + 30) % 3600 / 60));
    else
        snprintf(text, TIME_SIZE, "%d min %02d s", (int)(seconds + 0.5) / 60,
                 (int)(seconds + 0.5) % 60);
}

static void write_short_time(double seconds, char *text)
{
    if (seconds >= 9.995)
        snprintf(text, TIME_SIZE, "%.1f s", seconds);
    else if (seconds >= 0.99995)
        snprintf(text, TIME_SIZE, "%.2f s", seconds);
    else if (seconds >= 0.99995e-3)
        snprintf(text, TIME_SIZE, "%.1f ms", seconds * 1e3);
    else if (seconds >= 0.9995e-6)
        snprintf(text, TIME_SIZE, "%.1f us", seconds * 1e6);
    else
        snprintf(text, TIME_SIZE, "%.0f ns", seconds * 1e9);
}

char *nf_number_seconds(double seconds, char *text)
{
    if (seconds == 0)
        return memcpy(text, "0 s", 4);
    if ((nf_double_to_bits(seconds) & INFINITY_BITS) == INFINITY_BITS)
        return nf_number_print(seconds, text);
    struct number_env env = number_enter();
    char *to = text;
    if (seconds < 0) {
        *to++ = '-';
        seconds = -seconds;
    }
    if (seconds >= 119.95)
        write_long_time(seconds, to);
    else
        write_short_time(seconds, to);
    number_leave(env);
    return text;
}
