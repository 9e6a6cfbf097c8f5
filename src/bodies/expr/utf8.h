/* utf8.h: the characters of a text that may be anything. */
#ifndef NF_UTF8_H
#define NF_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define NF_UTF8_INVALID UINT32_MAX

/* The character at text, which has size >= 1 bytes; *length is the bytes that it takes. A byte that
 * begins no valid character is NF_UTF8_INVALID, of length 1. */
uint32_t nf_utf8_read(const char *text, size_t size, size_t *length);
/* Can it be shown in a line as it is? Not controls, line separators or marks that turn the text. */
int nf_utf8_is_shown(uint32_t character);
/* Characters in the first size bytes of text: a column is one of them. */
size_t nf_utf8_count(const char *text, size_t size);

#endif
