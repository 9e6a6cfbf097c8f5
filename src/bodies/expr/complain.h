/* complain.h: an error in an expression: a sentence with the column, and the text with a caret. */
#ifndef NF_COMPLAIN_H
#define NF_COMPLAIN_H

#include <stddef.h>

#include <nfold/nfold.h>

#define NF_COMPLAIN_COLUMNS 72 /* of the text, at most, are shown */
#define NF_COMPLAIN_QUOTE   40 /* bytes of a quoted word, at most */

/* A part of the text that a complaint is about; length 0: the place where something is missing. */
struct nf_place {
    const char *text;
    size_t size; /* of the whole text */
    size_t offset, length;
};

/* Fills err with "<format> at column N; <hint>" (hint may be NULL or "") and the caret lines;
 * returns NFOLD_E_SYNTAX. */
int nf_complain(nfold_error *err, const struct nf_place *place, const char *hint,
                const char *format, ...) __attribute__((format(printf, 4, 5), nonnull(4)));

/* The word in quotes, cut if it is long, and by number what cannot be shown; returns its text. */
struct nf_quoted {
    char text[NF_COMPLAIN_QUOTE + 16];
};
const char *nf_quote(const char *word, size_t length, struct nf_quoted *quoted);

#endif
