/* conformance.c: every path gives the bits of the reference: bodies × backends × workers ×
 * instruction sets × orders of claims. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "problems.h"
#include "registry.h"
#include "runner.h"
#include "shuffled.h"

extern const nfold_backend nf_backend_skeleton;

static const char *const rule_names[] = {"trapezoid", "simpson", "midpoint"};
static const char *const op_names[] = {"sum", "prod", "min", "max", "mean", "count"};
static const char *const isas[] = {"scalar", "avx2", "avx512", NULL};

static nfold_body *callback_of(const struct problem_case *problem)
{
    nfold_body *body;
    assert_int_equal(nfold_body_function(&body, problem->f, NULL, NULL), 0);
    return body;
}

static int rule_takes(enum nfold_rule rule, double n)
{
    return rule != NFOLD_SIMPSON || fmod(n, 2) == 0;
}

static int is_small(double n)
{
    return n < 20000;
}

static void check_integral(nfold_context *context, nfold_body *body,
                           const struct problem_case *problem, enum nfold_rule rule, double n)
{
    nfold_work work = {.kind = NFOLD_INTEGRATE,
                       .body = body,
                       .a = problem->a,
                       .b = problem->b,
                       .n = n,
                       .rule = rule};
    runner_compare(problem->name, rule_names[rule], n, runner_run(context, &work),
                   order_v1_integrate((enum order_rule)rule, problem->f, NULL, problem->a,
                                      problem->b, (uint64_t)n));
}

static void check_reduction(nfold_context *context, nfold_body *body,
                            const struct problem_case *problem, enum nfold_op op, double n)
{
    nfold_work work = {.kind = NFOLD_REDUCE, .body = body, .n = n, .op = op};
    runner_compare(problem->name, op_names[op], n, runner_run(context, &work),
                   order_v1_reduce((enum order_op)op, problem->f, NULL, (uint64_t)n));
}

/* All rules and reductions at a small size; at a large one those whose turn it is. turn: of
 * `turns`, one a function. */
static void check_size(nfold_context *context, const struct problem_case *problem, double n,
                       unsigned turn, unsigned turns)
{
    nfold_body *body = callback_of(problem);
    for (unsigned rule = 0; rule < 3; rule++)
        if ((is_small(n) || (turn + rule) % turns == 0) && rule_takes((enum nfold_rule)rule, n))
            check_integral(context, body, problem, (enum nfold_rule)rule, n);
    for (unsigned op = 0; op < 6; op++)
        if (is_small(n) || (turn + 3 * op) % turns == 0)
            check_reduction(context, body, problem, (enum nfold_op)op, n);
    nfold_body_close(body);
}

static void every_size_and_rule_gives_the_bits_of_the_reference(void **state)
{
    struct path path = {.backend = nf_backend_find("serial"), .workers = 1};
    nfold_context *context = runner_open(&path);
    unsigned turn = 0, problems = 0;
    (void)state;
    while (problem_cases[problems].name)
        problems++;
    for (const double *n = problem_sizes; *n > 0; n++, turn++)
        for (unsigned k = 0; k < problems; k++)
            check_size(context, &problem_cases[k], *n, turn + problems - k, problems);
    nfold_close(context);
}

/* A few works of every shape and size, on any path; expected are the reference's results. */
static const struct sample {
    unsigned problem;
    int kind; /* 0-2: the rules; 10-15: the reductions */
    double n;
} samples[] = {
    {1, NFOLD_TRAPEZOID, 1000},   {14, NFOLD_SIMPSON, 70002},     {6, NFOLD_MIDPOINT, 300001},
    {1, NFOLD_SIMPSON, 2097154},  {14, NFOLD_TRAPEZOID, 2100001}, {19, 10 + NFOLD_PROD, 2098000},
    {9, 10 + NFOLD_MIN, 2098001}, {9, 10 + NFOLD_MAX, 5000},      {8, 10 + NFOLD_COUNT, 2097999},
    {14, 10 + NFOLD_MEAN, 40000}, {17, 10 + NFOLD_MIN, 3000},     {20, 10 + NFOLD_PROD, 100000},
};
#define NATIVE_ITEMS 0x1p21 /* fewer have no chunks long enough for native code */
enum { SAMPLES = sizeof samples / sizeof *samples };

static nfold_work sample_work(const struct sample *sample)
{
    const struct problem_case *problem = &problem_cases[sample->problem];
    nfold_work work = {.n = sample->n, .a = problem->a, .b = problem->b};
    if (sample->kind >= 10) {
        work.kind = NFOLD_REDUCE;
        work.op = (enum nfold_op)(sample->kind - 10);
    } else {
        work.rule = (enum nfold_rule)sample->kind;
    }
    return work;
}

static struct order_result sample_reference(unsigned k)
{
    static struct order_result known[SAMPLES];
    static int is_known[SAMPLES];
    const struct sample *sample = &samples[k];
    const struct problem_case *problem = &problem_cases[sample->problem];
    if (!is_known[k] && sample->kind >= 10)
        known[k] = order_v1_reduce((enum order_op)(sample->kind - 10), problem->f, NULL,
                                   (uint64_t)sample->n);
    else if (!is_known[k])
        known[k] = order_v1_integrate((enum order_rule)sample->kind, problem->f, NULL, problem->a,
                                      problem->b, (uint64_t)sample->n);
    is_known[k] = 1;
    return known[k];
}

static void check_sample(nfold_context *context, unsigned k, nfold_body *body, const char *path)
{
    nfold_work work = sample_work(&samples[k]);
    work.body = body;
    runner_compare(problem_cases[samples[k].problem].name, path, work.n, runner_run(context, &work),
                   sample_reference(k));
}

static nfold_body *expression_of(unsigned k, const char *isa)
{
    return runner_expression(problem_cases[samples[k].problem].expression,
                             samples[k].kind >= 10 ? "i" : "x", isa);
}

static void check_workers(const nfold_backend *backend, unsigned workers)
{
    struct path path = {.backend = backend, .workers = workers};
    nfold_context *context = runner_open(&path);
    char name[64];
    snprintf(name, sizeof name, "%s with %u workers", backend->name, workers);
    for (unsigned k = 0; k < SAMPLES; k++) {
        nfold_body *body;
        if (workers > 4 && (k + workers) % 4 != 0)
            continue; /* every sample gets its turn */
        body = k % 2 ? expression_of(k, NULL) : callback_of(&problem_cases[samples[k].problem]);
        check_sample(context, k, body, name);
        nfold_body_close(body);
    }
    nfold_close(context);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 17; workers++)
        check_workers(nf_backend_find("threads"), workers);
}

static void claims_in_any_order_give_the_same_bits(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 17; workers++)
        check_workers(&shuffled_backend, workers);
}

static void the_guide_to_backends_gives_the_same_bits(void **state)
{
    (void)state;
    check_workers(&nf_backend_skeleton, 1);
    check_workers(&nf_backend_skeleton, 3);
}

static void check_isa(const nfold_backend *backend, const char *isa, const char *native)
{
    struct path path = {.backend = backend, .isa = isa, .native = native, .workers = 3};
    nfold_context *context = runner_open(&path);
    char name[64];
    snprintf(name, sizeof name, "%s, %s, native %s", backend->name, isa, native);
    for (unsigned k = 0; k < SAMPLES; k++) {
        nfold_body *body = expression_of(k, isa);
        check_sample(context, k, body, name);
        nfold_body_close(body);
    }
    nfold_close(context);
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    for (unsigned k = 0; isas[k]; k++)
        for (unsigned b = 0; runner_has_isa(isas[k]) && nf_backends[b]; b++)
            if (!nf_backends[b]->is_collective) /* tests/cluster starts ranks */
                check_isa(nf_backends[b], isas[k], "off");
}

static void native_code_gives_the_same_bits(void **state)
{
    (void)state;
    if (!runner_has_compiler())
        skip();
    for (unsigned k = 0; isas[k]; k++)
        if (runner_has_isa(isas[k]))
            check_isa(nf_backend_find("threads"), isas[k], "on");
}

/* Without this the tests of native code could pass by never running any. */
static void native_code_is_used_for_every_shape(void **state)
{
    struct path path = {.backend = nf_backend_find("threads"), .native = "on", .workers = 2};
    nfold_context *context = runner_open(&path);
    (void)state;
    for (unsigned k = 0; runner_has_compiler() && k < SAMPLES; k++) {
        nfold_work work = sample_work(&samples[k]);
        nfold_report *report;
        if (work.n < NATIVE_ITEMS)
            continue;
        work.size = sizeof work;
        work.allow_nonfinite = 1;
        work.body = expression_of(k, NULL);
        assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
        assert_null(strstr(report->note, "native"));
        assert_string_equal(report->native, "native");
        nfold_report_free(report);
        nfold_body_close(work.body);
    }
    nfold_close(context);
}

/* Native code, and calls, of a C function's text. */
static void a_c_function_gives_the_same_bits(void **state)
{
    static const char text[] = "#include <math.h>\n"
                               "double root(double x) { return sqrt(x) / (1.0 + x); }\n";
    const unsigned sample = 4; /* root, trapezoid */
    char file[256];
    (void)state;
    if (!runner_has_compiler())
        skip();
    runner_write_function(text, file, sizeof file);
    for (unsigned k = 0; isas[k]; k++) {
        nfold_body *body;
        if (!runner_has_isa(isas[k]))
            continue;
        body = runner_c_function(file, "root", isas[k]);
        for (int is_native = 0; is_native < 2; is_native++) {
            struct path path = {.backend = nf_backend_find("threads"),
                                .isa = isas[k],
                                .native = is_native ? "on" : "off",
                                .workers = 2};
            nfold_context *context = runner_open(&path);
            check_sample(context, sample, body, isas[k]);
            nfold_close(context);
        }
        nfold_body_close(body);
    }
    runner_remove_function(file);
}

/* Functions that the reference cannot judge (it would call libm): all paths against one. */
static void paths_agree_where_the_reference_has_no_say(void **state)
{
    static const char *const texts[] = {"sin(%1$s)*exp(-%1$s)+%1$s^3", "log(1+%1$s)",
                                        "pow(%1$s, 1.5) - cbrt(%1$s)", "cos(1e6*%1$s) % 0.7"};
    static const double sizes[] = {1000, 100001, 2200000};
    struct path serial = {.backend = nf_backend_find("serial"), .isa = "scalar", .workers = 1};
    struct path threads = {.backend = nf_backend_find("threads"), .workers = 3};
    struct path native = {.backend = nf_backend_find("threads"), .workers = 2, .native = "on"};
    nfold_context *context[3] = {runner_open(&serial), runner_open(&threads), NULL};
    (void)state;
    context[2] = runner_has_compiler() ? runner_open(&native) : runner_open(&threads);
    for (unsigned t = 0; t < sizeof texts / sizeof *texts; t++) {
        nfold_body *scalar = runner_expression(texts[t], "x", "scalar");
        nfold_body *body = runner_expression(texts[t], "x", NULL);
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            nfold_work work = {.kind = NFOLD_INTEGRATE, .body = scalar, .b = 10, .n = sizes[s]};
            struct order_result first = runner_run(context[0], &work);
            work.body = body;
            for (unsigned k = 1; k < 3; k++)
                runner_compare(texts[t], "threads", sizes[s], runner_run(context[k], &work), first);
        }
        nfold_body_close(scalar);
        nfold_body_close(body);
    }
    for (unsigned k = 0; k < 3; k++)
        nfold_close(context[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_and_rule_gives_the_bits_of_the_reference),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(claims_in_any_order_give_the_same_bits),
        cmocka_unit_test(the_guide_to_backends_gives_the_same_bits),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(native_code_gives_the_same_bits),
        cmocka_unit_test(native_code_is_used_for_every_shape),
        cmocka_unit_test(a_c_function_gives_the_same_bits),
        cmocka_unit_test(paths_agree_where_the_reference_has_no_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
