/* signal_text.c: only what a signal handler may call. */
#include "signal_text.h"

#include <string.h>
#include <unistd.h>

void nf_signal_text_add(struct nf_signal_text *text, const char *words)
{
    size_t length = strlen(words);
    if (length > NF_SIGNAL_TEXT_SIZE - text->size)
        length = NF_SIGNAL_TEXT_SIZE - text->size;
    memcpy(text->data + text->size, words, length);
    text->size += length;
}

void nf_signal_text_number(struct nf_signal_text *text, uint64_t number)
{
    char digits[21];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    nf_signal_text_add(text, digits + at);
}

void nf_signal_text_write(const struct nf_signal_text *text)
{
    ssize_t ignored = write(STDERR_FILENO, text->data, text->size);
    (void)ignored;
}
