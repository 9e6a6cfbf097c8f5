/* callback.c: a function of the calling program as a body: its values (nfold_body_function), or the
 * items that it does (nfold_body_range). Never found by an operand. */
#include <nfold/body.h>

#include <stdlib.h>

#include "error.h"

struct callback {
    nfold_point_fn *point;
    nfold_range_fn *range;
    void *user;
};

static int callback_call(const void *self, void *scratch, const double *x, double *y, size_t count,
                         nfold_error *err)
{
    const struct callback *callback = self;
    (void)scratch;
    (void)err;
    for (size_t k = 0; k < count; k++)
        y[k] = callback->point(x[k], callback->user);
    return 0;
}

static int callback_range(const void *self, uint64_t first, uint64_t last, nfold_error *err)
{
    const struct callback *callback = self;
    int rc = callback->range(callback->user, first, last);
    if (rc == 0)
        return 0;
    return nf_fail(err, NFOLD_E_BODY, "the function returned %d for the items %llu to %llu", rc,
                   (unsigned long long)first, (unsigned long long)(last - 1));
}

static void callback_close(void *self)
{
    free(self);
}

static const struct nfold_body_type range_type = {
    .abi = NFOLD_BODY_ABI,
    .name = "range callback",
    .summary = "a C function of the calling program that does items",
    .forms = NFOLD_FORM_RANGE,
    .traits = NFOLD_BODY_WRITES | NFOLD_BODY_USER_CODE,
    .close = callback_close,
    .range = callback_range,
};

static const struct nfold_body_type shared_range_type = {
    .abi = NFOLD_BODY_ABI,
    .name = "range callback to shared memory",
    .summary = "a C function of the calling program that does items in memory of nfold's",
    .forms = NFOLD_FORM_RANGE,
    .traits = NFOLD_BODY_PURE | NFOLD_BODY_USER_CODE,
    .close = callback_close,
    .range = callback_range,
};

extern const struct nfold_body_type nf_body_callback;
const struct nfold_body_type nf_body_callback = {
    .abi = NFOLD_BODY_ABI,
    .name = "callback",
    .summary = "a C function of the calling program",
    .forms = NFOLD_FORM_CALL,
    .traits = NFOLD_BODY_PURE | NFOLD_BODY_USER_CODE,
    .close = callback_close,
    .call = callback_call,
};

static int make_body(nfold_body **body, const struct nfold_body_type *type,
                     struct callback callback, nfold_error *err)
{
    struct callback *self;
    if (!body)
        return nf_fail(err, NFOLD_E_USAGE, "body, where the body is put, is missing");
    *body = NULL;
    if (!callback.point && !callback.range)
        return nf_fail(err, NFOLD_E_USAGE, "the function of a %s is missing", type->name);
    self = malloc(sizeof *self);
    *body = calloc(1, sizeof **body);
    if (!self || !*body) {
        free(self);
        free(*body);
        *body = NULL;
        return nf_fail_memory(err);
    }
    *self = callback;
    (*body)->type = type;
    (*body)->self = self;
    return 0;
}

int nfold_body_function(nfold_body **body, nfold_point_fn *f, void *user, nfold_error *err)
{
    return make_body(body, &nf_body_callback, (struct callback){.point = f, .user = user}, err);
}

int nfold_body_range(nfold_body **body, nfold_range_fn *f, void *user, nfold_error *err)
{
    return make_body(body, &range_type, (struct callback){.range = f, .user = user}, err);
}

int nfold_body_range_shared(nfold_body **body, nfold_range_fn *f, void *user, nfold_error *err)
{
    return make_body(body, &shared_range_type, (struct callback){.range = f, .user = user}, err);
}
