/* foreign_source.h: files that functions are written in, or compiled to, and that are not compiled
 * here: what to do with them instead. */
#ifndef NF_FOREIGN_SOURCE_H
#define NF_FOREIGN_SOURCE_H

#include "error.h"

/* Is "f.cpp:f" a function in such a file? */
int nf_foreign_source_is(const char *operand);
/* NFOLD_E_USAGE, saying how a library is made of it. */
int nf_foreign_source_refuse(const char *operand, nfold_error *err);

#endif
