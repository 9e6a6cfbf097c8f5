/* describe.c: writes a work as text. */
#include "describe.h"

#include "error.h"

int nf_describe(const struct nf_plan *plan, const struct nfold_body *body,
                struct nfold_buffer *buffer, nfold_error *err)
{
    if (!body->type->describe)
        return nf_fail(err, NFOLD_E_USAGE,
                       "a %s body exists in this process only: use the backend threads",
                       body->type->name);
    nf_buffer_print(buffer, "nfold-work 1\norder v1\nkind %d\nrule %d\nop %d\nitems %llu\n",
                    (int)plan->kind, (int)plan->rule, (int)plan->op,
                    (unsigned long long)plan->items);
    nf_buffer_print(
        buffer, "a %a\nb %a\nnonfinite %d\nbody %s\n", plan->is_negated ? plan->last : plan->first,
        plan->is_negated ? plan->first : plan->last, plan->allow_nonfinite, body->type->name);
    if (buffer->failed)
        return nf_fail_memory(err);
    return body->type->describe(body->self, buffer, err);
}
