/* known_answers.h: three small works whose bits are known; a machine that gets one wrong is not to
 * be trusted. */
#ifndef NF_KNOWN_ANSWERS_H
#define NF_KNOWN_ANSWERS_H

#include "error.h"

struct nf_known_answer {
    const char *title; /* as one would type it */
    const char *body, *variable;
    nfold_work work; /* its body is opened by nf_known_answer_check */
    double value, hi, lo;
};

/* Ended by a zero row. */
extern const struct nf_known_answer nf_known_answers[];

/* Runs it with options' defaults. 0: the bits are right; NFOLD_E_MISMATCH: they are not. */
int nf_known_answer_check(const struct nf_known_answer *known, nfold_error *err);

#endif
