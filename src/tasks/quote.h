/* quote.h: a value becomes shell text that stands for exactly that value, wherever it is put. */
#ifndef NF_QUOTE_H
#define NF_QUOTE_H

#include "buffer.h"
#include "places.h"

/* As one bare word, byte for byte as GNU parallel does it: a b → 'a b', it's → 'it'"'"'s', → ''. */
void nf_quote_word(struct nfold_buffer *out, const char *value, size_t length);
/* For the place and flags of places.h. 0, or -1 where no quoting makes value safe there: *why says
 * it. */
int nf_quote_value(struct nfold_buffer *out, const char *value, size_t length, unsigned place,
                   unsigned flags, const char **why);

#endif
