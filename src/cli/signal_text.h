/* signal_text.h: words to stderr from a signal handler: no allocation, no stdio, one write. */
#ifndef NF_SIGNAL_TEXT_H
#define NF_SIGNAL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define NF_SIGNAL_TEXT_SIZE 512

/* Zero it first; what does not fit is cut off. All calls are async-signal-safe. */
struct nf_signal_text {
    size_t size;
    char data[NF_SIGNAL_TEXT_SIZE];
};

void nf_signal_text_add(struct nf_signal_text *text, const char *words);
void nf_signal_text_number(struct nf_signal_text *text, uint64_t number);
/* Writes it to stderr; where that fails nobody can be told. */
void nf_signal_text_write(const struct nf_signal_text *text);

#endif
