/* large.c: sizes that take the slow reference seconds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "problems.h"
#include "registry.h"
#include "runner.h"

/* The chunk stops growing at 2^25 items. */
static void check_boundary(const struct problem_case *problem, enum nfold_rule rule,
                           const char *native)
{
    struct path path = {.backend = nf_backend_find("threads"), .native = native, .workers = 2};
    nfold_context *context = runner_open(&path);
    nfold_body *body = runner_expression(problem->expression, "x", NULL);
    for (double n = 0x1p25 - 2; n <= 0x1p25 + 2; n += rule == NFOLD_SIMPSON ? 2 : 1) {
        nfold_work work = {.kind = NFOLD_INTEGRATE,
                           .body = body,
                           .a = problem->a,
                           .b = problem->b,
                           .n = n,
                           .rule = rule};
        runner_compare(problem->name, native, n, runner_run(context, &work),
                       order_v1_integrate((enum order_rule)rule, problem->f, NULL, problem->a,
                                          problem->b, (uint64_t)n));
    }
    nfold_body_close(body);
    nfold_close(context);
}

static void the_last_boundary_of_the_chunk_size_gives_the_bits_of_the_reference(void **state)
{
    (void)state;
    check_boundary(&problem_cases[1], NFOLD_TRAPEZOID, "off");
    check_boundary(&problem_cases[14], NFOLD_SIMPSON, runner_has_compiler() ? "on" : "off");
    check_boundary(&problem_cases[6], NFOLD_MIDPOINT, "auto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_boundary_of_the_chunk_size_gives_the_bits_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
