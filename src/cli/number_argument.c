/* number_argument.c: the seam to the expression room; a plain number does not pass through it. */
#include "number_argument.h"

#include <stdlib.h>

#include "expr.h"
#include "lexer.h"
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

/* The names of --set; free bindings. */
static int read_bindings(const nfold_options *options, struct nf_expr_binding **bindings,
                         size_t *count, nfold_error *err)
{
    *count = nf_options_find(options, "set") != NULL ? nf_options_assign_count(options, "set") : 0;
    *bindings = calloc(*count + 1, sizeof **bindings);
    if (*bindings == NULL)
        return nf_fail_memory(err);
    for (size_t i = 0; i < *count; i++)
        (*bindings)[i].name = nf_options_assign(options, "set", (unsigned)i, &(*bindings)[i].value);
    return 0;
}

static int evaluate(const char *name, const char *text, const struct nf_expr_names *names,
                    double *value, nfold_error *err)
{
    nf_ir ir;
    int rc;
    nf_ir_init(&ir);
    rc = nf_expr_compile(&ir, text, names, err);
    if (rc >= 0)
        *value = nf_ir_evaluate(&ir, NULL);
    else
        nf_error_context(err, "%s must be a number or a constant expression: ", name);
    nf_ir_clear(&ir);
    return rc;
}

/* The body need not know the names that this text has. */
static void take_names(const char *text, const struct nf_expr_names *names, nfold_options *options)
{
    for (unsigned i = 0; i < names->set_count; i++)
        if (nf_lexer_mentions(text, names->set[i].name))
            nf_options_assign_take(options, "set", i);
}

int nf_number_argument(const char *name, const char *text, nfold_options *options, double *value,
                       nfold_error *err)
{
    struct nf_expr_binding *bindings;
    struct nf_expr_names names = {0};
    size_t count;
    int rc;
    if (read_plain(text, value))
        return 0;
    rc = read_bindings(options, &bindings, &count, err);
    if (rc < 0)
        return rc;
    names.set = bindings;
    names.set_count = count;
    rc = evaluate(name, text, &names, value, err);
    if (rc >= 0)
        take_names(text, &names, options);
    free(bindings);
    return rc;
}

int nf_number_argument_is_rounded(const char *text)
{
    double value;
    return read_plain(text, &value) &&
           !nf_number_is_exact(text + (text[0] == '-' || text[0] == '+'));
}
