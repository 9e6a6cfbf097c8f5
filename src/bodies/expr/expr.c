/* expr.c: expr.h in terms of the parser. */
#include "expr.h"

#include <string.h>

#include "error.h"
#include "names.h"
#include "parser.h"

static int build(nf_ir *ir, const char *text, const struct nf_expr_names *names, nfold_error *err)
{
    size_t size = strnlen(text, NF_EXPR_BYTES_MAX + 1);
    nf_value result;
    int rc;

    if (size > NF_EXPR_BYTES_MAX)
        return nf_fail(err, NFOLD_E_SYNTAX, "the expression is longer than %d bytes",
                       NF_EXPR_BYTES_MAX);
    rc = nf_names_check(names, err);
    if (rc >= 0)
        rc = nf_parse(ir, text, size, names, &result, err);
    if (rc >= 0)
        rc = nf_ir_finish(ir, result, err);
    return rc;
}

int nf_expr_compile(nf_ir *ir, const char *text, const struct nf_expr_names *names,
                    nfold_error *err)
{
    nf_ir_init(ir);
    int rc = build(ir, text, names, err);
    if (rc < 0)
        nf_ir_clear(ir);
    return rc;
}
