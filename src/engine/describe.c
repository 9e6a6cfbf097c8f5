/* describe.c: writes a work as text, and reads it again. */
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "double_bits.h"
#include "error.h"

#define HEAD_SIZE 512 /* more than all lines before the body's own */

int nf_describe(const struct nf_order_job *job, const struct nf_known *known,
                struct nfold_buffer *buffer, nfold_error *err)
{
    const struct nf_plan *plan = job->plan;
    const struct nfold_body *body = job->body;
    if (!body->type->describe)
        return nf_fail(err, NFOLD_E_USAGE,
                       "a %s body exists in this process only: use the backend threads",
                       body->type->name);
    /* Bits, since a locale may write numbers its own way. */
    nf_buffer_print(
        buffer,
        "nfold-work 1\norder v1\nkind %d\nrule %d\nop %d\nn %" PRIu64 "\n"
        "a %" PRIx64 "\nb %" PRIx64 "\nnonfinite %d\nisa %s\ncrowd %u\nbody %s\nknown %u\n",
        (int)plan->kind, (int)plan->rule, (int)plan->op, plan->items - (uint64_t)plan->has_ends,
        nf_double_to_bits(plan->is_negated ? plan->last : plan->first),
        nf_double_to_bits(plan->is_negated ? plan->first : plan->last), plan->allow_nonfinite,
        job->isa, job->crowd, body->type->name, known->count);
    for (unsigned k = 0; k < known->count; k++)
        nf_buffer_print(buffer, "%" PRIx64 " %" PRIx64 "\n", known->range[k].first,
                        known->range[k].count);
    if (buffer->failed)
        return nf_fail_memory(err);
    return body->type->describe(body->self, buffer, err);
}

static int fail_to_read(nfold_error *err)
{
    return nf_fail(err, NFOLD_E_INTERNAL, "a worker cannot read the description of its work");
}

/* Moves the beginning of the body's text behind so many lines. */
static int skip_lines(struct nf_description *description, unsigned lines, nfold_error *err)
{
    for (; lines > 0; lines--) {
        const char *end = memchr(description->body_text, '\n', description->body_size);
        if (!end)
            return fail_to_read(err);
        description->body_size -= (size_t)(end + 1 - description->body_text);
        description->body_text = end + 1;
    }
    return 0;
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
               "\nb %" SCNx64 "\nnonfinite %d\nisa %15s\ncrowd %u\nbody %31s\nknown %u%n",
               &kind, &rule, &op, &n, &a, &b, &nonfinite, description->isa, &description->crowd,
               description->body, &description->known, &length) != 11 ||
        length == 0 || head[length] != '\n')
        return fail_to_read(err);
    *work = (nfold_work){.size = sizeof *work,
                         .kind = (enum nfold_kind)kind,
                         .rule = (enum nfold_rule)rule,
                         .op = (enum nfold_op)op,
                         .n = (double)n,
                         .a = nf_double_of_bits(a),
                         .b = nf_double_of_bits(b),
                         .allow_nonfinite = nonfinite};
    description->known_text = description->body_text = text + length + 1;
    description->body_size = size - (size_t)length - 1;
    return skip_lines(description, description->known, err);
}

/* "FIRST COUNT\n" in hexadecimal; returns where the next line begins, or NULL. */
static const char *read_range(const char *line, struct nfold_range *range)
{
    char *end;
    range->first = strtoull(line, &end, 16);
    if (end == line || *end != ' ')
        return NULL;
    line = end;
    range->count = strtoull(line, &end, 16);
    return end == line || *end != '\n' ? NULL : end + 1;
}

int nf_describe_known(const struct nf_description *description, struct nf_known *known,
                      nfold_error *err)
{
    struct nfold_range *range = calloc((size_t)description->known + 1, sizeof *range);
    const char *line = description->known_text;
    int rc = range ? 0 : nf_fail_memory(err);
    for (unsigned k = 0; rc == 0 && k < description->known; k++)
        if (!(line = read_range(line, &range[k])))
            rc = fail_to_read(err);
    if (rc == 0 && nf_known_set(known, range, description->known) < 0)
        rc = fail_to_read(err);
    free(range);
    return rc;
}
