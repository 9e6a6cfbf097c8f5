/* --halt reads and counts as GNU parallel does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "halt.h"

static const struct nf_task_result ok = {.status = NF_TASK_OK};
static const struct nf_task_result failed = {.status = NF_TASK_FAILED, .exit_code = 7};
static const struct nf_task_result killed = {.status = NF_TASK_SIGNALLED, .signal = 9};

static struct nf_halt read_halt(const char *text)
{
    struct nf_halt halt;
    nfold_error err = {0};
    assert_int_equal(nf_halt_read(&halt, text, &err), 0);
    return halt;
}

static void short_forms_are_the_long_ones(void **state)
{
    static const struct {
        const char *text;
        enum nf_halt_when when;
        enum nf_halt_why why;
        double limit;
    } forms[] = {
        {"1", NF_HALT_SOON, NF_HALT_FAIL, 1},     {"2", NF_HALT_NOW, NF_HALT_FAIL, 1},
        {"-1", NF_HALT_SOON, NF_HALT_SUCCESS, 1}, {"-2", NF_HALT_NOW, NF_HALT_SUCCESS, 1},
        {"5%", NF_HALT_SOON, NF_HALT_FAIL, 0.05}, {"now,done=3", NF_HALT_NOW, NF_HALT_DONE, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct nf_halt halt = read_halt(forms[i].text);
        assert_int_equal(halt.when, forms[i].when);
        assert_int_equal(halt.why, forms[i].why);
        assert_true(halt.limit == forms[i].limit);
    }
    assert_int_equal(read_halt("0").when, NF_HALT_NEVER);
    assert_int_equal(read_halt("never").when, NF_HALT_NEVER);
}

static void other_words_are_refused(void **state)
{
    static const char *const words[] = {"",          "now",        "later,fail=1", "now,fail",
                                        "now,fail=", "now,fail=x", "now,fail=1x",  "soon,bad=1"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct nf_halt halt;
        nfold_error err = {0};
        assert_int_equal(nf_halt_read(&halt, words[i], &err), NFOLD_E_VALUE);
        assert_non_null(strstr(err.message, "option 'halt'"));
    }
}

static void the_first_failure_gives_its_own_status(void **state)
{
    struct nf_halt halt = read_halt("now,fail=1"), signalled = read_halt("now,fail=1");
    (void)state;
    assert_int_equal(nf_halt_note(&halt, &ok, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_NOW);
    assert_int_equal(halt.status, 7);
    assert_int_equal(nf_halt_note(&signalled, &killed, 10), NF_HALT_NOW);
    assert_int_equal(signalled.status, 128 + 9);
}

static void several_failures_give_their_number(void **state)
{
    struct nf_halt halt = read_halt("soon,fail=3");
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &ok, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_SOON);
    assert_int_equal(halt.status, 3);
}

static void a_share_needs_the_number_of_tasks(void **state)
{
    struct nf_halt halt = read_halt("soon,fail=20%"), unknown = read_halt("soon,fail=20%");
    (void)state;
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_SOON);
    assert_int_equal(halt.status, 20);
    for (int i = 0; i < 50; i++)
        assert_int_equal(nf_halt_note(&unknown, &failed, 0), NF_HALT_NEVER);
}

static void a_share_that_is_not_reached_tells_how_many_in_a_hundred_failed(void **state)
{
    struct nf_halt halt = read_halt("soon,fail=90%");
    (void)state;
    assert_int_equal(nf_halt_share(&halt), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(nf_halt_note(&halt, i < 5 ? &failed : &ok, 8), NF_HALT_NEVER);
    assert_int_equal(nf_halt_share(&halt), 63);
}

static void success_ends_with_zero(void **state)
{
    struct nf_halt halt = read_halt("now,success=1");
    (void)state;
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &ok, 10), NF_HALT_NOW);
    assert_int_equal(halt.status, 0);
}

static void done_counts_both(void **state)
{
    struct nf_halt halt = read_halt("now,done=2");
    (void)state;
    assert_int_equal(nf_halt_note(&halt, &failed, 10), NF_HALT_NEVER);
    assert_int_equal(nf_halt_note(&halt, &ok, 10), NF_HALT_NOW);
    assert_int_equal(halt.status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_forms_are_the_long_ones),
        cmocka_unit_test(other_words_are_refused),
        cmocka_unit_test(the_first_failure_gives_its_own_status),
        cmocka_unit_test(several_failures_give_their_number),
        cmocka_unit_test(a_share_needs_the_number_of_tasks),
        cmocka_unit_test(a_share_that_is_not_reached_tells_how_many_in_a_hundred_failed),
        cmocka_unit_test(success_ends_with_zero),
        cmocka_unit_test(done_counts_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
