/* suggest.h: the nearest of some known words, for "did you mean". */
#ifndef NF_SUGGEST_H
#define NF_SUGGEST_H

#include <stddef.h>

/* Of two candidates the one nearer to word (edit distance with transpositions; ties: the shorter,
 * then the first); NULL unless one is near enough to be meant (distance <= 1 + length/4). best may
 * be NULL. Fold it over a list. */
const char *nf_suggest_nearer(const char *word, size_t length, const char *best,
                              const char *candidate);

#endif
