/* identity.c: writes down what defines a result. */
#include "identity.h"

#include <inttypes.h>
#include <string.h>

#include "checksum.h"
#include "error.h"
#include "number.h"

#define OPERAND_MAX 200 /* more of it is not shown */

static const char *kind_of(const struct nf_plan *plan)
{
    return plan->kind == NFOLD_INTEGRATE ? "integrate" : "reduce";
}

static const char *how_of(const struct nf_plan *plan)
{
    static const char *const rules[] = {[NFOLD_TRAPEZOID] = "trapezoid",
                                        [NFOLD_SIMPSON] = "simpson",
                                        [NFOLD_MIDPOINT] = "midpoint"};
    static const char *const ops[] = {
        [NFOLD_SUM] = "sum", [NFOLD_PROD] = "prod", [NFOLD_MIN] = "min",
        [NFOLD_MAX] = "max", [NFOLD_MEAN] = "mean", [NFOLD_COUNT] = "count"};
    return plan->kind == NFOLD_INTEGRATE ? rules[plan->rule] : ops[plan->op];
}

/* On one line, whatever is in it. */
static void print_operand(struct nfold_buffer *lines, const char *operand)
{
    nf_buffer_string(lines, "operand ");
    for (size_t i = 0; operand[i] != '\0' && i < OPERAND_MAX; i++) {
        int is_plain = (unsigned char)operand[i] >= ' ' && operand[i] != 0x7f;
        nf_buffer_bytes(lines, is_plain ? operand + i : " ", 1);
    }
    nf_buffer_string(lines, "\n");
}

static void print_plan(struct nfold_buffer *lines, const struct nf_plan *plan)
{
    char a[NF_NUMBER_SIZE], b[NF_NUMBER_SIZE];
    nf_buffer_print(lines, "order v1\nkind %s\n%s %s\nn %" PRIu64 "\n", kind_of(plan),
                    plan->kind == NFOLD_INTEGRATE ? "rule" : "operation", how_of(plan),
                    plan->items - (uint64_t)plan->has_ends);
    if (plan->kind == NFOLD_INTEGRATE)
        nf_buffer_print(lines, "a %s\nb %s\n",
                        nf_number_print(plan->is_negated ? plan->last : plan->first, a),
                        nf_number_print(plan->is_negated ? plan->first : plan->last, b));
    nf_buffer_print(lines, "nonfinite %s\n", plan->allow_nonfinite ? "allow" : "error");
}

int nf_identity(const struct nf_order_job *job, struct nfold_buffer *lines, nfold_error *err)
{
    const struct nfold_body *body = job->body;
    struct nfold_buffer bytes = {0};
    uint64_t hash;
    int rc;
    if (job->plan->kind == NFOLD_FOR)
        return nf_fail(err, NFOLD_E_USAGE,
                       "nfold_for gives no values that a checkpoint could keep");
    if (!body->type->identify)
        return nf_fail(err, NFOLD_E_USAGE,
                       "a %s body is known to this process only: no checkpoint can tell it from "
                       "another",
                       body->type->name);
    rc = body->type->identify(body->self, &bytes, err);
    if (rc >= 0 && bytes.failed)
        rc = nf_fail_memory(err);
    hash = nf_checksum_hash(NF_CHECKSUM_HASH, nf_buffer_text(&bytes), bytes.size);
    nf_buffer_clear(&bytes);
    if (rc < 0)
        return rc;
    print_operand(lines, body->operand ? body->operand : "");
    print_plan(lines, job->plan);
    nf_buffer_print(lines, "function %s %016" PRIx64 "\n", body->type->name, hash);
    return lines->failed ? nf_fail_memory(err) : 0;
}
