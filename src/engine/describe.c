/* describe.c: writes a work as text, and reads it again. */
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

#define HEAD_SIZE 512 /* more than all lines before the body's own */

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int nf_describe(const struct nf_order_job *job, struct nfold_buffer *buffer, nfold_error *err)
{
    const struct nf_plan *plan = job->plan;
    const struct nfold_body *body = job->body;
    if (!body->type->describe)
        return nf_fail(err, NFOLD_E_USAGE,
                       "a %s body exists in this process only: use the backend threads",
                       body->type->name);
    /* Bits, since a locale may write numbers its own way. */
    nf_buffer_print(buffer,
                    "nfold-work 1\norder v1\nkind %d\nrule %d\nop %d\nn %" PRIu64 "\n"
                    "a %" PRIx64 "\nb %" PRIx64 "\nnonfinite %d\nisa %s\ncrowd %u\nbody %s\n",
                    (int)plan->kind, (int)plan->rule, (int)plan->op,
                    plan->items - (uint64_t)plan->has_ends,
                    bits_of(plan->is_negated ? plan->last : plan->first),
                    bits_of(plan->is_negated ? plan->first : plan->last), plan->allow_nonfinite,
                    job->isa, job->crowd, body->type->name);
    if (buffer->failed)
        return nf_fail_memory(err);
    return body->type->describe(body->self, buffer, err);
}

int nf_describe_read(struct nf_description *description, const char *text, size_t size,
                     nfold_error *err)
{
    nfold_work *work = &description->work;
    char head[HEAD_SIZE];
    uint64_t n, a, b;
    int kind, rule, op, nonfinite, length = 0;
    snprintf(head, sizeof head, "%.*s", size < sizeof head ? (int)size : (int)sizeof head - 1,
             text);
    if (sscanf(head,
               "nfold-work 1\norder v1\nkind %d\nrule %d\nop %d\nn %" SCNu64 "\na %" SCNx64
               "\nb %" SCNx64 "\nnonfinite %d\nisa %15s\ncrowd %u\nbody %31s%n",
               &kind, &rule, &op, &n, &a, &b, &nonfinite, description->isa, &description->crowd,
               description->body, &length) != 10 ||
        length == 0 || head[length] != '\n')
        return nf_fail(err, NFOLD_E_INTERNAL, "a worker cannot read the description of its work");
    *work = (nfold_work){.size = sizeof *work,
                         .kind = (enum nfold_kind)kind,
                         .rule = (enum nfold_rule)rule,
                         .op = (enum nfold_op)op,
                         .n = (double)n,
                         .a = value_of(a),
                         .b = value_of(b),
                         .allow_nonfinite = nonfinite};
    description->body_text = text + length + 1;
    description->body_size = size - (size_t)length - 1;
    return 0;
}
