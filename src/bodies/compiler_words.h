/* compiler_words.h: what a compiler says about a user's file, without what it says about lines of
 * ours that the user never wrote. */
#ifndef NF_COMPILER_WORDS_H
#define NF_COMPILER_WORDS_H

#include "error.h"

#define NF_SYMBOL_MAX 256

/* A name as C has them. */
int nf_is_identifier(const char *name);

/* err holds a compiler's refusal of `double symbol(double)` in the file at path, as the user wrote
 * it: it becomes NFOLD_E_BODY, which is returned, with the user's part of the compiler's words, or
 * with what is wrong with the symbol and the name that may have been meant. */
int nf_compiler_words_explain(const char *path, const char *symbol, nfold_error *err);

/* err says why the object of that file cannot be loaded. The same about names that nobody has. */
int nf_compiler_words_loading(const char *path, nfold_error *err);

#endif
