/* known_answers.c: the bits below come from the reference in tests/reference, not from the engine.
 */
#include "known_answers.h"

#include <string.h>

#include "number.h"

const struct nf_known_answer nf_known_answers[] = {
    {
        .title = "integrate 'x*x' 0 100 1e6",
        .body = "x*x",
        .variable = "x",
        .work = {.kind = NFOLD_INTEGRATE, .b = 100, .n = 1e6, .rule = NFOLD_TRAPEZOID},
        .value = 0x1.4585555556085p+18,
        .hi = 0x1.8d5d42aaab852p+31,
        .lo = 0x1.5556aa49p-27,
    },
    {
        .title = "integrate 'sin(x)*exp(-x)' 0 10 1e4 --rule simpson",
        .body = "sin(x)*exp(-x)",
        .variable = "x",
        .work = {.kind = NFOLD_INTEGRATE, .b = 10, .n = 1e4, .rule = NFOLD_SIMPSON},
        .value = 0x1.00041d7ae9896p-1,
        .hi = 0x1.7706072f0c183p+10,
        .lo = 0x1.e8cce63p-46,
    },
    {
        .title = "reduce sum '1/(i+1)^2' 1e5",
        .body = "1/(i+1)^2",
        .variable = "i",
        .work = {.kind = NFOLD_REDUCE, .n = 1e5, .op = NFOLD_SUM},
        .value = 0x1.a519be5fbb2fdp+0,
        .hi = 0x1.a519be5fbb2fdp+0,
        .lo = -0x1.9a08f914p-56,
    },
    {0},
};

static int same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static int check_report(const struct nf_known_answer *known, const nfold_report *report,
                        nfold_error *err)
{
    char got[NF_NUMBER_SIZE], wanted[NF_NUMBER_SIZE];
    if (same_bits(report->value, known->value) && same_bits(report->hi, known->hi) &&
        same_bits(report->lo, known->lo))
        return 0;
    return nf_fail(err, NFOLD_E_MISMATCH, "%s gave %s (hi %a, lo %a), not %s (hi %a, lo %a)",
                   known->title, nf_number_print(report->value, got), report->hi, report->lo,
                   nf_number_print(known->value, wanted), known->hi, known->lo);
}

int nf_known_answer_check(const struct nf_known_answer *known, nfold_error *err)
{
    nfold_context *context = NULL;
    nfold_work work = known->work;
    nfold_report *report = NULL;
    int rc;
    work.size = sizeof work;
    rc = nfold_body_open(&work.body, known->body, known->variable, NULL, err);
    if (rc >= 0)
        rc = nfold_open(&context, NULL, err);
    if (rc >= 0)
        rc = nfold_run(context, &work, &report, err);
    if (rc >= 0)
        rc = check_report(known, report, err);
    nfold_report_free(report);
    nfold_close(context);
    nfold_body_close(work.body);
    return rc;
}
