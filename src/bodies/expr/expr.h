/* expr.h: an expression's text becomes a program of the IR. */
#ifndef NF_EXPR_H
#define NF_EXPR_H

#include "ir.h"

#define NF_EXPR_BYTES_MAX (1 << 20)
#define NF_EXPR_DEPTH_MAX 1000

/* A name with a value, from --set. */
struct nf_expr_binding {
    const char *name;
    double value;
};

struct nf_expr_names {
    const char *variable; /* "x" or "i": input 0 */
    const struct nf_expr_binding *set;
    size_t set_count;
};

/* Parses, checks and lowers text into *ir (initialised by the call; finished on success; to be
 * cleared in any case). On NFOLD_E_SYNTAX the message says what and at which column, the detail
 * shows the text (a window of it) with a caret. */
int nf_expr_compile(nf_ir *ir, const char *text, const struct nf_expr_names *names,
                    nfold_error *err);

#endif
