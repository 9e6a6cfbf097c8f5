/* Tests of nfold.h with what should not be given: each call refuses it in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <nfold/nfold.h>

static double identity(double x, void *user)
{
    (void)user;
    return x;
}

/* The call was refused as wrong use, with a sentence that has these words. */
static void check_refused(int rc, const nfold_error *err, const char *words)
{
    assert_int_equal(rc, NFOLD_E_USAGE);
    assert_int_equal(err->code, NFOLD_E_USAGE);
    if (!strstr(err->message, words))
        fail_msg("'%s' does not say '%s'", err->message, words);
}

static void the_calls_that_do_all_refuse_what_is_missing(void **state)
{
    nfold_error err = {0};
    double value = 7;
    (void)state;
    check_refused(nfold_integrate(NULL, 0, 1, 10, &value, &err), &err, "the body");
    check_refused(nfold_integrate("x", 0, 1, 10, NULL, &err), &err, "value");
    check_refused(nfold_reduce(NULL, "i", 10, &value, &err), &err, "the name of the reduction");
    check_refused(nfold_reduce("sum", NULL, 10, &value, &err), &err, "the body");
    check_refused(nfold_reduce("sum", "i", 10, NULL, &err), &err, "value");
    check_refused(nfold_for(NULL, NULL, 10, &err), &err, "the function");
    assert_int_equal(nfold_integrate(NULL, 0, 1, 10, &value, NULL), NFOLD_E_USAGE);
    assert_true(value == 7);
}

static void bodies_refuse_what_is_missing_and_leave_none(void **state)
{
    char something;
    nfold_body *body = (nfold_body *)(void *)&something;
    nfold_error err = {0};
    (void)state;
    check_refused(nfold_body_open(NULL, "x", "x", NULL, &err), &err, "where it is put");
    check_refused(nfold_body_open(&body, NULL, "x", NULL, &err), &err, "the operand");
    assert_null(body);
    check_refused(nfold_body_open(&body, "x", NULL, NULL, &err), &err, "the variable");
    check_refused(nfold_body_function(NULL, identity, NULL, &err), &err, "where the body is put");
    body = (nfold_body *)(void *)&something;
    check_refused(nfold_body_function(&body, NULL, NULL, &err), &err, "the function");
    assert_null(body);
    check_refused(nfold_body_range(&body, NULL, NULL, &err), &err, "the function");
}

static void a_variable_must_be_a_name_of_its_own(void **state)
{
    static const char *const wrong[] = {"2x", "", "x y", "and", "sin", "x+1"};
    static const char *const right[] = {"x", "e", "time_2", "_"};
    nfold_error err = {0};
    nfold_body *body;
    (void)state;
    for (unsigned k = 0; k < sizeof wrong / sizeof *wrong; k++)
        check_refused(nfold_body_open(&body, "1", wrong[k], NULL, &err), &err, "the variable");
    for (unsigned k = 0; k < sizeof right / sizeof *right; k++) {
        assert_int_equal(nfold_body_open(&body, right[k], right[k], NULL, &err), 0);
        nfold_body_close(body);
    }
}

static void contexts_refuse_what_is_missing(void **state)
{
    nfold_context *context;
    nfold_report *report = NULL;
    nfold_work work = {.size = sizeof work, .b = 1, .n = 10};
    nfold_error err = {0};
    (void)state;
    check_refused(nfold_options_create(NULL, &err), &err, "where they are put");
    check_refused(nfold_open(NULL, NULL, &err), &err, "where it is put");
    check_refused(nfold_run(NULL, &work, &report, &err), &err, "the context");
    assert_int_equal(nfold_open(&context, NULL, NULL), 0);
    check_refused(nfold_run(context, NULL, &report, &err), &err, "the work");
    check_refused(nfold_run(context, &work, &report, &err), &err, "no body");
    assert_null(report);
    nfold_close(context);
}

static void what_cannot_fail_takes_null(void **state)
{
    nfold_context *context;
    uint64_t done = 7, all = 7;
    (void)state;
    nfold_stop(NULL);
    nfold_progress(NULL, &done, &all);
    assert_true(done == 0 && all == 0);
    assert_int_equal(nfold_open(&context, NULL, NULL), 0);
    done = all = 7;
    nfold_progress(context, NULL, &all);
    nfold_progress(context, &done, NULL);
    nfold_progress(context, NULL, NULL);
    assert_true(done == 0 && all == 0);
    nfold_close(context);
    nfold_close(NULL);
    nfold_body_close(NULL);
    nfold_report_free(NULL);
    nfold_options_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calls_that_do_all_refuse_what_is_missing),
        cmocka_unit_test(bodies_refuse_what_is_missing_and_leave_none),
        cmocka_unit_test(a_variable_must_be_a_name_of_its_own),
        cmocka_unit_test(contexts_refuse_what_is_missing),
        cmocka_unit_test(what_cannot_fail_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
