/* buffer.h: bytes that grow; text and messages are built in it. Kept terminated by a zero byte.
 * A failed allocation sets .failed; later appends do nothing; check once at the end. */
#ifndef NF_BUFFER_H
#define NF_BUFFER_H

#include <stddef.h>

struct nfold_buffer {
    char *data; /* "" or NULL while empty: use nf_buffer_text */
    size_t size, capacity;
    int failed;
};

void nf_buffer_clear(struct nfold_buffer *buffer); /* frees; the buffer is empty again */
void nf_buffer_bytes(struct nfold_buffer *buffer, const void *data, size_t size);
void nf_buffer_string(struct nfold_buffer *buffer, const char *text);
void nf_buffer_print(struct nfold_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *nf_buffer_text(const struct nfold_buffer *buffer); /* never NULL */

#endif
