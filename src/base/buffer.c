/* buffer.c: bytes that grow. */
#include "buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c_locale.h"

void nf_buffer_clear(struct nfold_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct nfold_buffer){0};
}

/* Room for size more bytes and the final zero; 0 and .failed if there is none. */
static int buffer_reserve(struct nfold_buffer *buffer, size_t size)
{
    if (buffer->failed)
        return 0;
    if (size < buffer->capacity - buffer->size)
        return 1;
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 64;
    while (capacity - buffer->size <= size && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *data = capacity - buffer->size > size ? realloc(buffer->data, capacity) : NULL;
    if (!data) {
        buffer->failed = 1;
        return 0;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 1;
}

void nf_buffer_bytes(struct nfold_buffer *buffer, const void *data, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return;
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void nf_buffer_string(struct nfold_buffer *buffer, const char *text)
{
    nf_buffer_bytes(buffer, text, strlen(text));
}

/* Formats into what room there is; returns the length that the whole text has. */
static int buffer_format(struct nfold_buffer *buffer, const char *format, va_list args)
{
    struct nf_c_locale locale = nf_c_locale_enter();
    int length =
        vsnprintf(buffer->data + buffer->size, buffer->capacity - buffer->size, format, args);
    nf_c_locale_leave(locale);
    return length;
}

void nf_buffer_print(struct nfold_buffer *buffer, const char *format, ...)
{
    if (!buffer_reserve(buffer, 1))
        return;
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = buffer_format(buffer, format, args);
    if (length >= 0 && (size_t)length >= buffer->capacity - buffer->size) {
        buffer->data[buffer->size] = '\0';
        length = buffer_reserve(buffer, (size_t)length) ? buffer_format(buffer, format, again) : 0;
    }
    va_end(again);
    va_end(args);
    if (length < 0)
        buffer->failed = 1;
    else
        buffer->size += (size_t)length;
}

const char *nf_buffer_text(const struct nfold_buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}
