/* deferred.c: keeps an operand until a run needs its body. */
#include "deferred.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "error.h"
#include "option.h"
#include "registry.h"
#include "upgrade.h"

/* Expressions cost nothing to read, and the command's other ranks open no body. */
int nf_deferred_is_meant(const struct nfold_body_type *type, const nfold_options *options)
{
    const nfold_backend *backend;
    if (!(type->traits & NFOLD_BODY_USER_CODE) || !type->rebuild || !type->compile ||
        nf_options_command_text(options) || !nf_options_find(options, "backend"))
        return 0;
    backend = nf_backend_find(nf_options_text(options, "backend"));
    return backend && backend->is_collective;
}

int nf_deferred_keep(struct nfold_body *body, const char *variable, const nfold_options *options,
                     nfold_error *err)
{
    body->variable = strdup(variable);
    return body->variable ? nf_options_copy(&body->options, options, err) : nf_fail_memory(err);
}

int nf_deferred_make(struct nfold_body *body, nfold_error *err)
{
    int rc = 0;
    if (!body->variable)
        return 0;
    nf_kernels_hold(body->kernels);
    if (!body->self)
        rc = body->type->open(&body->self, body->operand, body->variable, body->options, err);
    nf_kernels_release(body->kernels);
    return rc;
}

int nf_deferred_take(struct nfold_body *body, const void *text, size_t size, nfold_error *err)
{
    struct nf_description description;
    int rc = nf_describe_read(&description, text, size, err);
    if (rc == 0 && strcmp(description.body, body->type->name) != 0)
        rc = nf_fail(err, NFOLD_E_INTERNAL, "a body of type %s is described as one of type %s",
                     body->type->name, description.body);
    if (rc < 0)
        return rc;
    nf_kernels_hold(body->kernels);
    if (!body->self)
        rc = body->type->rebuild(&body->self, description.body_text, description.body_size, err);
    nf_kernels_release(body->kernels);
    return rc;
}

void nf_deferred_clear(struct nfold_body *body)
{
    free(body->variable);
    nfold_options_destroy(body->options);
}
