/* names.h: what a word in an expression stands for, and what may have been meant by an unknown one.
 */
#ifndef NF_NAMES_H
#define NF_NAMES_H

#include "complain.h"
#include "expr.h"
#include "math.h"

enum nf_name_kind { NF_NAME_UNKNOWN, NF_NAME_VARIABLE, NF_NAME_VALUE };

/* A word of the text; its end is known by length. */
struct nf_word {
    const char *text;
    size_t length;
};

/* The variable, then --set names (the last of equal ones), then pi, e, inf and nan. value is set
 * for NF_NAME_VALUE only. */
enum nf_name_kind nf_names_find(const struct nf_expr_names *names, struct nf_word word,
                                double *value);
/* NULL: there is no such function. */
const struct nf_math_function *nf_names_function(struct nf_word word);

/* A hint, "" if there is none: room for one sentence. */
struct nf_hint {
    char text[200];
};
#define NF_HINT_FILE "a function in C is written file.c:f or ./library.so:f"
void nf_names_hint_value(const struct nf_expr_names *names, struct nf_word word,
                         struct nf_hint *hint);
void nf_names_hint_function(struct nf_word word, struct nf_hint *hint);
/* Appends lines with the names of all functions to the detail. */
void nf_names_list_functions(nfold_error *err);

/* "if", "else": the words of a choice in other languages. */
int nf_names_is_choice(struct nf_word word);

/* NFOLD_E_USAGE: a variable, NFOLD_E_VALUE: a --set name that no expression could use. */
int nf_names_check(const struct nf_expr_names *names, nfold_error *err);

#endif
