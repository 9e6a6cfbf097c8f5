/* number_argument.c: the seam to the expression room; a plain number does not pass through it. */
#include "number_argument.h"

#include <string.h>

#include "expr.h"
#include "number.h"

static int read_plain(const char *text, double *value)
{
    int is_negative = text[0] == '-';
    const char *digits = text + (is_negative || text[0] == '+');
    size_t size = nf_number_read(digits, value);
    if (size == 0 || digits[size] != '\0')
        return 0;
    if (is_negative)
        *value = -*value;
    return 1;
}

int nf_number_argument(const char *name, const char *text, double *value, nfold_error *err)
{
    static const struct nf_expr_names no_names = {0};
    nf_ir ir;
    int rc;

    if (read_plain(text, value))
        return 0;
    nf_ir_init(&ir);
    rc = nf_expr_compile(&ir, text, &no_names, err);
    if (rc >= 0)
        *value = nf_ir_evaluate(&ir, NULL);
    else
        nf_error_context(err, "%s must be a number or a constant expression: ", name);
    nf_ir_clear(&ir);
    return rc;
}
