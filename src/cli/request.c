/* request.c: reads the operands of integrate and reduce, for these verbs and for compare. */
#include "request.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "crash.h"
#include "number_argument.h"
#include "signals.h"
#include "suggest.h"

#define COUNT_MAX 0x1p53

static const char *const rule_names[] = {
    [NFOLD_TRAPEZOID] = "trapezoid", [NFOLD_SIMPSON] = "simpson", [NFOLD_MIDPOINT] = "midpoint"};
static const char *const op_names[] = {
    [NFOLD_SUM] = "sum", [NFOLD_PROD] = "prod", [NFOLD_MIN] = "min",
    [NFOLD_MAX] = "max", [NFOLD_MEAN] = "mean", [NFOLD_COUNT] = "count"};

static int find_name(const char *const *names, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* "B and N", "A, B and N": the words from the first missing one on. */
static void list_missing(char *text, size_t size, const char *const *words, unsigned from,
                         unsigned count)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = from; i < count && used < size; i++) {
        const char *before = i == from ? "" : i + 1 < count ? ", " : " and ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", before, words[i]);
    }
}

static int check_count(const struct nf_command *command, const char *const *words, unsigned wanted,
                       const char *const *operand, unsigned count, nfold_error *err)
{
    char missing[64];
    if (count > wanted)
        return nf_verb_too_many(command->verb, operand[wanted], err);
    if (count == wanted)
        return 0;
    list_missing(missing, sizeof missing, words, count, wanted);
    return nf_verb_misused(command->verb, err, "%s %s missing", missing,
                           wanted - count == 1 ? "is" : "are");
}

static int read_number(const struct nf_command *command, const char *name, const char *text,
                       double *value, nfold_error *err)
{
    int rc = nf_number_argument(name, text, command->options, value, err);
    if (rc < 0)
        nf_verb_show_usage(command->verb, err);
    return rc;
}

/* The nearest number that can be had is not the one that was asked for: 2^53 + 1 becomes 2^53. What
 * is no count even so is the plan's to refuse. */
static int read_count(const struct nf_command *command, const char *text, double *value,
                      nfold_error *err)
{
    int rc = read_number(command, "N", text, value, err);
    if (rc < 0 || *value != floor(*value) || *value > COUNT_MAX ||
        !nf_number_argument_is_rounded(text))
        return rc;
    return nf_fail(err, NFOLD_E_VALUE, "N must be a whole number up to 2^53 (about 9e15), not %s",
                   text);
}

static int open_body(struct nf_request *request, const struct nf_command *command, nfold_error *err)
{
    request->work.size = sizeof request->work;
    nf_crash_name(request->body_text);
    nf_options_watch(command->options, nf_signals_flag());
    int rc = nfold_body_open(&request->work.body, request->body_text, request->variable,
                             command->options, err);
    if (rc == NFOLD_E_STOPPED)
        return nf_fail(err, rc, "stopped by %s before the run",
                       nf_signals_name(nf_signals_caught()));
    return rc;
}

int nf_request_integrate(struct nf_request *request, const struct nf_command *command,
                         const char *const *operand, unsigned count, nfold_error *err)
{
    static const char *const words[] = {"EXPR", "A", "B", "N"};
    nfold_work *work = &request->work;
    int rc;

    *request = (struct nf_request){.verb = "integrate", .variable = "x"};
    if ((rc = check_count(command, words, 4, operand, count, err)) < 0)
        return rc;
    request->body_text = operand[0];
    request->how = nf_options_text(command->options, "rule");
    work->kind = NFOLD_INTEGRATE;
    work->rule = (enum nfold_rule)find_name(rule_names, 3, request->how);
    if ((rc = read_number(command, "A", operand[1], &work->a, err)) < 0 ||
        (rc = read_number(command, "B", operand[2], &work->b, err)) < 0 ||
        (rc = read_count(command, operand[3], &work->n, err)) < 0)
        return rc;
    return open_body(request, command, err);
}

static int read_op(struct nf_request *request, const struct nf_command *command, const char *name,
                   nfold_error *err)
{
    const unsigned count = sizeof op_names / sizeof op_names[0];
    const char *near = NULL;
    int op = find_name(op_names, count, name);
    if (op >= 0) {
        request->how = op_names[op];
        request->work.op = (enum nfold_op)op;
        return 0;
    }
    for (unsigned i = 0; i < count; i++)
        near = nf_suggest_nearer(name, strlen(name), near, op_names[i]);
    return nf_verb_misused(
        command->verb, err, "OP must be sum, prod, min, max, mean or count, not '%s'%s%s%s", name,
        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

int nf_request_reduce(struct nf_request *request, const struct nf_command *command,
                      const char *const *operand, unsigned count, nfold_error *err)
{
    static const char *const words[] = {"OP", "EXPR", "N"};
    int rc;

    *request = (struct nf_request){.verb = "reduce", .variable = "i"};
    if ((rc = check_count(command, words, 3, operand, count, err)) < 0 ||
        (rc = read_op(request, command, operand[0], err)) < 0)
        return rc;
    request->body_text = operand[1];
    request->work.kind = NFOLD_REDUCE;
    if ((rc = read_count(command, operand[2], &request->work.n, err)) < 0)
        return rc;
    return open_body(request, command, err);
}

void nf_request_close(struct nf_request *request)
{
    nfold_body_close(request->work.body);
    request->work.body = NULL;
}

enum nfold_shape nf_request_shape(const struct nf_request *request)
{
    static const enum nfold_shape of_op[] = {
        [NFOLD_SUM] = NFOLD_SHAPE_SUM,  [NFOLD_PROD] = NFOLD_SHAPE_PROD,
        [NFOLD_MIN] = NFOLD_SHAPE_MIN,  [NFOLD_MAX] = NFOLD_SHAPE_MAX,
        [NFOLD_MEAN] = NFOLD_SHAPE_SUM, [NFOLD_COUNT] = NFOLD_SHAPE_COUNT};
    if (request->work.kind == NFOLD_REDUCE)
        return of_op[request->work.op];
    return request->work.rule == NFOLD_SIMPSON ? NFOLD_SHAPE_WEIGHTED_SUM : NFOLD_SHAPE_SUM;
}

void nf_request_json(struct nf_json *json, const struct nf_request *request)
{
    nf_json_string(json, "verb", request->verb);
    nf_json_string(json, "body", request->body_text);
    if (request->work.kind == NFOLD_INTEGRATE) {
        nf_json_number(json, "a", request->work.a);
        nf_json_number(json, "b", request->work.b);
        nf_json_string(json, "rule", request->how);
    } else {
        nf_json_string(json, "op", request->how);
    }
    nf_json_number(json, "n", request->work.n);
}
