/* suggest.c: the nearest of some known words. */
#include "suggest.h"

#include <string.h>

#define LONGEST 48 /* words beyond this are not typing mistakes of known ones */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap two neighbours; each costs 1. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = smaller(smaller(last[j], now[j - 1]) + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_length];
}

const char *nf_suggest_nearer(const char *word, size_t length, const char *best,
                              const char *candidate)
{
    size_t candidate_length = strlen(candidate);
    if (length == 0 || length > LONGEST || candidate_length == 0 || candidate_length > LONGEST)
        return best;
    size_t off = distance(word, length, candidate, candidate_length);
    /* Replacing every letter is no likeness: "x" is not a mistyped "e". */
    if (off > 1 + length / 4 || off >= candidate_length || off >= length)
        return best;
    if (!best)
        return candidate;
    size_t best_length = strlen(best);
    size_t best_off = distance(word, length, best, best_length);
    int is_nearer = off < best_off || (off == best_off && candidate_length < best_length);
    return is_nearer ? candidate : best;
}
