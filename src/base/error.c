/* error.c: the caller-owned error: filling it, putting context in front, naming its code. */
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "c_locale.h"

/* Cuts text, which was too long for its size bytes, before a broken UTF-8 character, and says so.
 */
static void text_cut(char *text, size_t size)
{
    size_t end = size - 1 - strlen("...");
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, "...", sizeof "...");
}

/* Formats into text; args may point into text itself. */
static void text_format(char *text, size_t size, const char *format, va_list args)
{
    char made[sizeof((nfold_error *)0)->detail];
    if (size > sizeof made)
        size = sizeof made;
    struct nf_c_locale locale = nf_c_locale_enter();
    int length = vsnprintf(made, size, format, args);
    nf_c_locale_leave(locale);
    if (length < 0)
        made[0] = '\0';
    else if ((size_t)length >= size)
        text_cut(made, size);
    memcpy(text, made, strlen(made) + 1);
}

int nf_vfail(nfold_error *err, int code, const char *format, va_list args)
{
    if (!err)
        return code;
    text_format(err->message, sizeof err->message, format, args);
    err->code = code;
    err->detail[0] = '\0';
    return code;
}

int nf_fail(nfold_error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    nf_vfail(err, code, format, args);
    va_end(args);
    return code;
}

int nf_fail_errno(nfold_error *err, const char *format, ...)
{
    int cause = errno;
    int code = cause == ENOMEM ? NFOLD_E_MEMORY : NFOLD_E_SYSTEM;
    va_list args;
    va_start(args, format);
    nf_vfail(err, code, format, args);
    va_end(args);
    if (err) {
        char text[128];
        nf_fail(err, code, "%s: %s", err->message, strerror_r(cause, text, sizeof text));
    }
    errno = cause;
    return code;
}

int nf_fail_memory(nfold_error *err)
{
    return nf_fail(err, NFOLD_E_MEMORY, "out of memory");
}

void nf_error_detail(nfold_error *err, const char *format, ...)
{
    if (!err)
        return;
    size_t used = strnlen(err->detail, sizeof err->detail - 1);
    size_t room = sizeof err->detail - used;
    struct nf_c_locale locale = nf_c_locale_enter();
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->detail + used, room, format, args);
    va_end(args);
    nf_c_locale_leave(locale);
    if (length < 0)
        err->detail[used] = '\0';
    else if ((size_t)length >= room) {
        text_cut(err->detail, sizeof err->detail - 1);
        memcpy(err->detail + strlen(err->detail), "\n", sizeof "\n");
    }
}

int nf_error_context(nfold_error *err, const char *format, ...)
{
    if (!err)
        return NFOLD_E_INTERNAL;
    char front[sizeof err->message];
    va_list args;
    va_start(args, format);
    text_format(front, sizeof front, format, args);
    va_end(args);
    char message[sizeof err->message];
    memcpy(message, err->message, sizeof message);
    size_t length = strlen(front);
    memcpy(err->message, front, length + 1);
    int whole = snprintf(err->message + length, sizeof err->message - length, "%s", message);
    if (whole < 0 || length + (size_t)whole >= sizeof err->message)
        text_cut(err->message, sizeof err->message);
    return err->code;
}

const char *nfold_error_name(int code)
{
    switch (code) {
    case NFOLD_OK:
        return "NFOLD_OK";
#define NAME_CASE(name, value, status, exception, meaning)                                         \
    case NFOLD_E_##name:                                                                           \
        return "NFOLD_E_" #name;
        NFOLD_ERRORS(NAME_CASE)
#undef NAME_CASE
    }
    return code > 0 ? "NFOLD_OK" : "NFOLD_E_INTERNAL";
}

int nfold_error_status(int code)
{
    switch (code) {
#define STATUS_CASE(name, value, status, exception, meaning)                                       \
    case NFOLD_E_##name:                                                                           \
        return status;
        NFOLD_ERRORS(STATUS_CASE)
#undef STATUS_CASE
    }
    return code >= 0 ? 0 : nfold_error_status(NFOLD_E_INTERNAL);
}
