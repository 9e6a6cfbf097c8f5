/* Which ends are tried again, how often, and after how long. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "options.h"
#include "retry.h"

static nfold_options *make(const char *const *words)
{
    nfold_options *options;
    nfold_error err = {0};
    assert_int_equal(nf_options_new(&options, &err), 0);
    assert_int_equal(nf_options_add(options, nf_rows_tasks, &err), 0);
    for (; *words != NULL; words += 2)
        assert_int_equal(nfold_options_set(options, words[0], words[1], &err), 0);
    return options;
}

static struct nf_retry open_retry(const char *const *words)
{
    struct nf_retry retry;
    nfold_error err = {0};
    nfold_options *options = make(words);
    assert_int_equal(nf_retry_open(&retry, options, &err), 0);
    nfold_options_destroy(options);
    return retry;
}

#define OPEN(...) open_retry((const char *const[]){__VA_ARGS__ NULL, NULL})

static int wants(const struct nf_retry *retry, unsigned attempt, enum nf_task_status status,
                 int exit_code)
{
    struct nf_task task = {.attempt = attempt};
    struct nf_task_result result = {.status = status, .exit_code = exit_code};
    return nf_retry_wants(retry, &task, &result);
}

static void without_the_option_nothing_is_tried_again(void **state)
{
    struct nf_retry retry = OPEN();
    (void)state;
    assert_false(wants(&retry, 1, NF_TASK_FAILED, 1));
}

static void the_number_is_of_tries_in_all(void **state)
{
    struct nf_retry retry = OPEN("retries", "3", ), endless = OPEN("retries", "0", );
    (void)state;
    assert_true(wants(&retry, 1, NF_TASK_FAILED, 1));
    assert_true(wants(&retry, 2, NF_TASK_TIMEOUT, -1));
    assert_false(wants(&retry, 3, NF_TASK_FAILED, 1));
    assert_true(wants(&endless, 1000000, NF_TASK_FAILED, 1));
    assert_false(wants(&endless, 1, NF_TASK_OK, 0));
}

static void what_we_ended_ourselves_is_not_tried_again(void **state)
{
    struct nf_retry retry = OPEN("retries", "5", );
    (void)state;
    assert_false(wants(&retry, 1, NF_TASK_CUT, -1));
    assert_false(wants(&retry, 1, NF_TASK_PREEMPTED, -1));
}

static void causes_choose(void **state)
{
    struct nf_retry retry = OPEN("retries", "5", "retry-on", "timeout,oom,exit:75", );
    (void)state;
    assert_true(wants(&retry, 1, NF_TASK_TIMEOUT, -1));
    assert_true(wants(&retry, 1, NF_TASK_OOM, 0));
    assert_true(wants(&retry, 1, NF_TASK_FAILED, 75));
    assert_false(wants(&retry, 1, NF_TASK_FAILED, 74));
    assert_false(wants(&retry, 1, NF_TASK_SIGNALLED, 0));
}

static void unknown_causes_are_refused(void **state)
{
    static const char *const bad[] = {"exit:0", "exit:256", "exit:", "ok", "timeouts"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct nf_retry retry;
        nfold_error err = {0};
        nfold_options *options = make((const char *const[]){"retry-on", bad[i], NULL});
        assert_int_equal(nf_retry_open(&retry, options, &err), NFOLD_E_VALUE);
        assert_non_null(strstr(err.message, "option 'retry-on'"));
        nfold_options_destroy(options);
    }
}

static void more_memory_takes_a_factor(void **state)
{
    static const char *const forms[] = {"x1.5", "1.5",
                                        "\xc3\x97"
                                        "1.5"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct nf_retry retry = OPEN("retry-mem", forms[i], );
        assert_true(retry.memory_factor == 1.5);
        assert_true(wants(&retry, 1, NF_TASK_OOM, 0));
        assert_false(wants(&retry, 1, NF_TASK_FAILED, 1));
    }
}

static void each_wait_is_twice_the_one_before(void **state)
{
    struct nf_retry retry = OPEN("retries", "4", "retry-delay", "2s", );
    struct nf_task task = {.sequence = 1, .attempt = 1};
    uint64_t memory;
    nfold_error err = {0};
    (void)state;
    for (unsigned attempt = 1; attempt <= 3; attempt++) {
        double delay = ldexp(2, (int)attempt - 1);
        assert_int_equal(nf_retry_put(&retry, &task, 5, 100, 0, &err), 0);
        assert_true(nf_retry_due(&retry) == 100 + delay);
        assert_false(nf_retry_take(&retry, 100 + delay - 0.01, &task, &memory));
        assert_true(nf_retry_take(&retry, 100 + delay, &task, &memory));
        assert_int_equal(task.attempt, attempt + 1);
        assert_int_equal(memory, 5);
    }
    assert_true(isinf(nf_retry_due(&retry)));
    nf_retry_close(&retry);
}

static void a_task_that_made_room_has_lost_no_try(void **state)
{
    struct nf_retry retry = OPEN("retries", "2", "retry-delay", "60", );
    struct nf_task task = {.sequence = 1, .attempt = 1};
    uint64_t memory;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_retry_put(&retry, &task, 0, 100, 1, &err), 0);
    assert_true(nf_retry_take(&retry, 100, &task, &memory));
    assert_int_equal(task.attempt, 1);
    nf_retry_close(&retry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_option_nothing_is_tried_again),
        cmocka_unit_test(the_number_is_of_tries_in_all),
        cmocka_unit_test(what_we_ended_ourselves_is_not_tried_again),
        cmocka_unit_test(causes_choose),
        cmocka_unit_test(unknown_causes_are_refused),
        cmocka_unit_test(more_memory_takes_a_factor),
        cmocka_unit_test(each_wait_is_twice_the_one_before),
        cmocka_unit_test(a_task_that_made_room_has_lost_no_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
