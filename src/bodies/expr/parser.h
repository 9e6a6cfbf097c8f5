/* parser.h: the grammar of expressions (docs/design/grammar.md). */
#ifndef NF_PARSER_H
#define NF_PARSER_H

#include "expr.h"

/* More instructions than any expression of people has; native code and the VM stay usable. */
#define NF_PARSER_INSTRUCTIONS_MAX (1 << 22)
#define NF_PARSER_RARE_MAX         (1 << 16)

/* Appends the program of text (size bytes and a zero byte) to ir; *result is its value. */
int nf_parse(nf_ir *ir, const char *text, size_t size, const struct nf_expr_names *names,
             nf_value *result, nfold_error *err);

#endif
