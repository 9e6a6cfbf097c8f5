/* Tests of plan.h: what a work comes to, and what is refused with which words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "describe.h"
#include "plan.h"

static double one(double x, void *user)
{
    (void)x;
    (void)user;
    return 1;
}

static nfold_body *body;

static int open_body(void **state)
{
    (void)state;
    return nfold_body_function(&body, one, NULL, NULL);
}

static int close_body(void **state)
{
    (void)state;
    nfold_body_close(body);
    return 0;
}

static nfold_work integral(enum nfold_rule rule, double a, double b, double n)
{
    return (nfold_work){.size = sizeof(nfold_work),
                        .kind = NFOLD_INTEGRATE,
                        .body = body,
                        .a = a,
                        .b = b,
                        .n = n,
                        .rule = rule};
}

static void refuses(nfold_work work, int code, const char *words)
{
    struct nf_plan plan;
    nfold_error err = {0};
    assert_int_equal(nf_plan_make(&plan, &work, &err), code);
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
}

static struct nf_plan accepts(nfold_work work)
{
    struct nf_plan plan;
    nfold_error err = {0};
    if (nf_plan_make(&plan, &work, &err) < 0)
        fail_msg("%s", err.message);
    return plan;
}

static void a_bad_number_of_steps_is_refused(void **state)
{
    const double bad[] = {0, -1, 2.5, NAN, INFINITY, 0x1p53, 1e300};
    (void)state;
    for (unsigned k = 0; k < sizeof bad / sizeof *bad; k++)
        refuses(integral(NFOLD_TRAPEZOID, 0, 1, bad[k]), NFOLD_E_VALUE, "whole number from 1 to");
    refuses(integral(NFOLD_MIDPOINT, 0, 1, 0x1p52 + 1), NFOLD_E_VALUE, "2^52");
    refuses(integral(NFOLD_SIMPSON, 0, 1, 1001), NFOLD_E_VALUE, "even number of steps, not 1001");
}

static void bad_bounds_are_refused(void **state)
{
    (void)state;
    refuses(integral(NFOLD_TRAPEZOID, NAN, 1, 10), NFOLD_E_VALUE, "lower bound must be finite");
    refuses(integral(NFOLD_TRAPEZOID, 0, -INFINITY, 10), NFOLD_E_VALUE, "upper bound");
    refuses(integral(NFOLD_TRAPEZOID, -1e308, 1e308, 10), NFOLD_E_VALUE, "too far apart");
    accepts(integral(NFOLD_TRAPEZOID, -4e307, 4e307, 10));
}

/* The number in the message is accepted, and one more is not. */
static void a_step_too_small_names_the_largest_useful_number(void **state)
{
    const double bounds[][2] = {{1, 1 + 1e-12}, {0, 1}, {-3, 7e5}, {1e15, 1e15 + 3}, {0, 0x1p-899}};
    (void)state;
    for (unsigned k = 0; k < sizeof bounds / sizeof *bounds; k++) {
        for (int rule = NFOLD_TRAPEZOID; rule <= NFOLD_MIDPOINT; rule++) {
            nfold_work work =
                integral((enum nfold_rule)rule, bounds[k][0], bounds[k][1], 0x1p52 - 2);
            struct nf_plan plan;
            nfold_error err = {0};
            double most;
            if (nf_plan_make(&plan, &work, &err) == 0)
                continue;
            if (strstr(err.message, "too close together"))
                continue;
            assert_int_equal(sscanf(strstr(err.message, "at most ") + 8, "%lf", &most), 1);
            work.n = most;
            accepts(work);
            work.n = most + (rule == NFOLD_SIMPSON ? 2 : 1);
            refuses(work, NFOLD_E_VALUE, "too small to tell the points apart");
        }
    }
}

static void bounds_too_close_for_any_step_are_refused(void **state)
{
    (void)state;
    refuses(integral(NFOLD_TRAPEZOID, 1, nextafter(1, 2), 1), NFOLD_E_VALUE, "too close together");
    refuses(integral(NFOLD_TRAPEZOID, 0, 0x1p-1000, 1), NFOLD_E_VALUE, "too close together");
}

static void the_chunk_size_follows_the_definition(void **state)
{
    (void)state;
    for (double n = 1; n < 0x1p52; n = floor(n * 1.3) + 1) {
        nfold_work work = {.size = sizeof work, .kind = NFOLD_REDUCE, .body = body, .n = n};
        struct nf_plan plan = accepts(work);
        double bound = fmax(1, n / 1024), c = (double)plan.chunk_items;
        assert_true(c <= bound && c <= 32768);
        assert_true(2 * c > bound || plan.chunk_items == 32768);
        assert_int_equal(plan.chunks, (uint64_t)ceil(n / c));
    }
}

static void a_work_of_the_wrong_kind_is_refused(void **state)
{
    nfold_work work = integral(NFOLD_TRAPEZOID, 0, 1, 10);
    (void)state;
    work.kind = NFOLD_FOR;
    refuses(work, NFOLD_E_USAGE, "no range function");
    work.size = 3;
    refuses(work, NFOLD_E_USAGE, "work.size");
    work = integral(NFOLD_TRAPEZOID, 0, 1, 10);
    work.body = NULL;
    refuses(work, NFOLD_E_USAGE, "no body");
    work = integral((enum nfold_rule)9, 0, 1, 10);
    refuses(work, NFOLD_E_USAGE, "out of its range");
}

static int describe_fake(const void *self, struct nfold_buffer *buffer, nfold_error *err)
{
    (void)err;
    nf_buffer_string(buffer, self);
    return 0;
}

static void a_work_is_described_without_losing_a_bit(void **state)
{
    const struct nfold_body_type type = {
        .name = "fake", .forms = NFOLD_FORM_CALL, .describe = describe_fake};
    nfold_body fake = {.type = &type, .self = "its own words\n"};
    nfold_work work = integral(NFOLD_SIMPSON, 1.0 / 3, 0.1, 1000);
    const struct nfold_range done[] = {{0, 3}, {500, 26}};
    struct nf_known known = {0}, known_again = {0};
    struct nf_plan plan = accepts(work);
    struct nf_order_job job = {.plan = &plan, .body = &fake, .isa = "scalar", .crowd = 3};
    struct nf_description again;
    struct nfold_buffer text = {0};
    nfold_error err;
    (void)state;
    assert_int_equal(nf_known_set(&known, done, 2), 0);
    assert_int_equal(nf_describe(&job, &known, &text, &err), 0);
    assert_string_equal(nf_buffer_text(&text),
                        "nfold-work 1\norder v1\nkind 0\nrule 1\nop 0\nn 1000\n"
                        "a 3fd5555555555555\nb 3fb999999999999a\nnonfinite 0\nisa scalar\ncrowd 3\n"
                        "body fake\nknown 2\n0 3\n1f4 1a\nits own words\n");
    assert_int_equal(nf_describe_read(&again, text.data, text.size, &err), 0);
    assert_true(again.work.a == work.a && again.work.b == work.b && again.work.n == work.n);
    assert_int_equal(again.crowd, 3);
    assert_string_equal(again.body, "fake");
    assert_string_equal(again.body_text, "its own words\n");
    assert_int_equal(nf_describe_known(&again, &known_again, &err), 0);
    assert_int_equal(known_again.count, 2);
    assert_memory_equal(known_again.range, done, sizeof done);
    for (size_t size = 0; size < text.size - strlen("its own words\n"); size++) {
        char *cut = malloc(size + 1); /* exactly so much: what is read beyond it is seen */
        memcpy(cut, text.data, size);
        cut[size] = '\0';
        assert_int_equal(nf_describe_read(&again, cut, size, &err), NFOLD_E_INTERNAL);
        free(cut);
    }
    nf_buffer_clear(&text);
    job.body = body;
    assert_int_equal(nf_describe(&job, &known, &text, &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "exists in this process only"));
    nf_known_clear(&known);
    nf_known_clear(&known_again);
    nf_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_number_of_steps_is_refused),
        cmocka_unit_test(bad_bounds_are_refused),
        cmocka_unit_test(a_step_too_small_names_the_largest_useful_number),
        cmocka_unit_test(bounds_too_close_for_any_step_are_refused),
        cmocka_unit_test(the_chunk_size_follows_the_definition),
        cmocka_unit_test(a_work_of_the_wrong_kind_is_refused),
        cmocka_unit_test(a_work_is_described_without_losing_a_bit),
    };
    return cmocka_run_group_tests(tests, open_body, close_body);
}
