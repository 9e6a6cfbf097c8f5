/* api.c: bodies from operands, and the one-call functions. */
#include <stdlib.h>
#include <string.h>

#include "deferred.h"
#include "error.h"
#include "registry.h"
#include "settings.h"
#include "upgrade.h"

const char *nfold_version(void)
{
    return NF_VERSION_TEXT;
}

/* The first type that claims the operand; else the last that can be opened at all. */
static const struct nfold_body_type *find_type(const char *operand)
{
    const struct nfold_body_type *rest = NULL;
    for (unsigned k = 0; nf_body_types[k]; k++) {
        const struct nfold_body_type *type = nf_body_types[k];
        if (type->claims && type->claims(operand))
            return type;
        if (type->open)
            rest = type;
    }
    return rest;
}

static int open_body(nfold_body *body, const char *operand, const char *variable,
                     const nfold_options *options, nfold_error *err)
{
    body->type = find_type(operand);
    if (!body->type)
        return nf_fail(err, NFOLD_E_MISSING, "this build has no body for '%.100s'", operand);
    body->operand = strdup(operand);
    if (!body->operand)
        return nf_fail_memory(err);
    if (body->type->compile) {
        body->kernels = nf_kernels_create();
        if (!body->kernels)
            return nf_fail_memory(err);
    }
    if (nf_deferred_is_meant(body->type, options))
        return nf_deferred_keep(body, variable, options, err);
    return body->type->open(&body->self, operand, variable, options, err);
}

int nfold_body_open(nfold_body **body, const char *operand, const char *variable,
                    const nfold_options *options, nfold_error *err)
{
    nfold_options *defaults = NULL;
    int rc = 0;
    if (!body)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_body_open: body, where it is put, is missing");
    *body = NULL;
    if (!operand || !variable)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_body_open: %s is missing",
                       operand ? "the name of the variable" : "the operand");
    *body = calloc(1, sizeof **body);
    if (!*body)
        return nf_fail_memory(err);
    if (!options)
        rc = nfold_options_create(&defaults, err);
    if (rc == 0)
        rc = open_body(*body, operand, variable, options ? options : defaults, err);
    nfold_options_destroy(defaults);
    if (rc < 0) {
        nf_kernels_destroy((*body)->kernels, (*body)->type);
        nf_deferred_clear(*body);
        free((*body)->operand);
        free(*body);
        *body = NULL;
    }
    return rc;
}

void nfold_body_close(nfold_body *body)
{
    if (!body)
        return;
    nf_kernels_destroy(body->kernels, body->type);
    if (body->type->close)
        body->type->close(body->self);
    nf_deferred_clear(body);
    free(body->operand);
    free(body);
}

/* Opens a context for one work. */
static int run_once(nfold_work *work, double *value, nfold_error *err)
{
    nfold_context *context;
    nfold_report *report;
    int rc = nfold_open(&context, NULL, err);
    if (rc < 0)
        return rc;
    work->size = sizeof *work;
    rc = nfold_run(context, work, &report, err);
    if (rc == 0 && value)
        *value = report->value;
    nfold_report_free(report);
    nfold_close(context);
    return rc;
}

int nfold_integrate(const char *body, double a, double b, double steps, double *value,
                    nfold_error *err)
{
    nfold_work work = {.kind = NFOLD_INTEGRATE, .a = a, .b = b, .n = steps};
    int rc;
    if (!body || !value)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_integrate: %s is missing",
                       body ? "value, where the answer is put," : "the body");
    rc = nfold_body_open(&work.body, body, "x", NULL, err);
    if (rc == 0)
        rc = run_once(&work, value, err);
    nfold_body_close(work.body);
    return rc;
}

static int find_op(const char *name, enum nfold_op *op, nfold_error *err)
{
    static const char *const names[] = {
        [NFOLD_SUM] = "sum", [NFOLD_PROD] = "prod", [NFOLD_MIN] = "min",
        [NFOLD_MAX] = "max", [NFOLD_MEAN] = "mean", [NFOLD_COUNT] = "count"};
    for (int k = NFOLD_SUM; k <= NFOLD_COUNT; k++) {
        if (strcmp(names[k], name) == 0) {
            *op = (enum nfold_op)k;
            return 0;
        }
    }
    return nf_fail(err, NFOLD_E_VALUE,
                   "there is no reduction '%.40s': sum, prod, min, max, mean or count", name);
}

int nfold_reduce(const char *op, const char *body, double items, double *value, nfold_error *err)
{
    nfold_work work = {.kind = NFOLD_REDUCE, .n = items};
    int rc;
    if (!op || !body || !value)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_reduce: %s is missing",
                       !op     ? "the name of the reduction"
                       : !body ? "the body"
                               : "value, where the answer is put,");
    rc = find_op(op, &work.op, err);
    if (rc == 0)
        rc = nfold_body_open(&work.body, body, "i", NULL, err);
    if (rc == 0)
        rc = run_once(&work, value, err);
    nfold_body_close(work.body);
    return rc;
}

int nfold_for(nfold_range_fn *f, void *user, uint64_t items, nfold_error *err)
{
    nfold_work work = {.kind = NFOLD_FOR, .n = (double)items};
    int rc;
    if (!f)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_for: the function is missing");
    if (items == 0)
        return 0;
    if (items > UINT64_C(1) << 53)
        return nf_fail(err, NFOLD_E_VALUE, "at most 2^53 items can be done, not %llu",
                       (unsigned long long)items);
    rc = nfold_body_range(&work.body, f, user, err);
    if (rc == 0)
        rc = run_once(&work, NULL, err);
    nfold_body_close(work.body);
    return rc;
}
