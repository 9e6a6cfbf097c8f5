/* The loop's counts: quantiles of a histogram, busy share, gaps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "statistics.h"

static struct nf_statistics *open_statistics(unsigned slots)
{
    struct nf_statistics *statistics;
    nfold_error err = {0};
    assert_int_equal(nf_statistics_open(&statistics, slots, &err), 0);
    return statistics;
}

static void run_task(struct nf_statistics *statistics, unsigned slot, double from, double to,
                     enum nf_task_status status)
{
    struct nf_task_result result = {
        .status = status, .slot = slot, .seconds = to - from, .first_output = -1};
    nf_statistics_began(statistics, slot, from);
    nf_statistics_ended(statistics, &result, to);
}

static void quantiles_are_within_two_percent(void **state)
{
    struct nf_statistics *statistics = open_statistics(1);
    (void)state;
    for (int i = 1; i <= 1000; i++)
        run_task(statistics, 1, 0, i * 0.001, NF_TASK_OK);
    assert_true(fabs(nf_statistics_quantile(statistics, 0.5, 1) / 0.5 - 1) < 0.02);
    assert_true(fabs(nf_statistics_quantile(statistics, 0.95, 1) / 0.95 - 1) < 0.02);
    assert_true(nf_statistics_quantile(statistics, 1, 1) <= 1.0);
    nf_statistics_close(statistics);
}

static void extreme_durations_have_a_class(void **state)
{
    struct nf_statistics *statistics = open_statistics(1);
    (void)state;
    run_task(statistics, 1, 0, 0, NF_TASK_OK);
    assert_true(nf_statistics_quantile(statistics, 0.5, 1) < 1e-5);
    run_task(statistics, 1, 0, 1e9, NF_TASK_OK);
    run_task(statistics, 1, 0, 1e9, NF_TASK_OK);
    assert_true(nf_statistics_quantile(statistics, 0.9, 1) > 1e7);
    nf_statistics_close(statistics);
}

static void too_few_tasks_have_no_quantile(void **state)
{
    struct nf_statistics *statistics = open_statistics(1);
    (void)state;
    run_task(statistics, 1, 0, 1, NF_TASK_OK);
    run_task(statistics, 1, 1, 2, NF_TASK_FAILED);
    assert_true(isnan(nf_statistics_quantile(statistics, 0.5, 2)));
    assert_false(isnan(nf_statistics_quantile(statistics, 0.5, 1)));
    nf_statistics_close(statistics);
}

static void busy_is_the_share_of_all_slots(void **state)
{
    struct nf_statistics *statistics = open_statistics(2);
    (void)state;
    assert_true(nf_statistics_busy(statistics, 5) == 0);
    run_task(statistics, 1, 10, 14, NF_TASK_OK);
    nf_statistics_began(statistics, 2, 12);
    assert_true(fabs(nf_statistics_busy(statistics, 14) - 6.0 / 8) < 1e-9);
    struct nf_task_result last = {.status = NF_TASK_OK, .slot = 2, .seconds = 2};
    nf_statistics_ended(statistics, &last, 14);
    assert_true(fabs(nf_statistics_busy(statistics, 20) - 6.0 / 8) < 1e-9);
    nf_statistics_close(statistics);
}

static void gaps_are_between_two_tasks_of_a_slot(void **state)
{
    struct nf_statistics *statistics = open_statistics(2);
    (void)state;
    run_task(statistics, 1, 0, 1, NF_TASK_OK);
    run_task(statistics, 1, 1.5, 2, NF_TASK_OK);
    run_task(statistics, 2, 7, 8, NF_TASK_OK);
    assert_true(fabs(nf_statistics_gap(statistics) - 0.5) < 1e-9);
    nf_statistics_close(statistics);
}

/* Slot 1 dispatches for 10 ms and waits for two seconds, slot 2 has one task, slot 3 none. */
static void the_parts_of_slot_time_add_up(void **state)
{
    struct nf_statistics *statistics = open_statistics(3);
    struct nf_statistics_figures figures;
    (void)state;
    run_task(statistics, 1, 10, 11, NF_TASK_OK);
    run_task(statistics, 2, 10, 12, NF_TASK_OK);
    run_task(statistics, 1, 11.01, 12.01, NF_TASK_OK);
    nf_statistics_began(statistics, 1, 14.01);
    nf_statistics_name_task(statistics, 1, 4);
    struct nf_task_result last = {.status = NF_TASK_FAILED, .slot = 1, .seconds = 5.99};
    nf_statistics_ended(statistics, &last, 20);
    nf_statistics_read(statistics, &figures);
    assert_true(fabs(figures.wall - 10) < 1e-9);
    assert_true(fabs(figures.time.busy - 9.99) < 1e-9);
    assert_true(fabs(figures.time.dispatch - 0.01) < 1e-9);
    assert_true(fabs(figures.time.waiting - 2) < 1e-9);
    assert_true(fabs(figures.time.tail - 8) < 1e-9);
    assert_true(fabs(figures.time.unused - 10) < 1e-9);
    assert_int_equal(figures.slots_used, 2);
    assert_int_equal(figures.longest_sequence, 4);
    assert_true(fabs(figures.alone_seconds - 5.99) < 1e-9);
    nf_statistics_close(statistics);
}

static void the_time_left_follows_the_distribution(void **state)
{
    struct nf_statistics *statistics = open_statistics(2);
    (void)state;
    assert_true(isnan(nf_statistics_left(statistics, 10, 0)));
    for (int i = 0; i < 10; i++)
        run_task(statistics, 1, i, i + 1, NF_TASK_OK);
    assert_true(fabs(nf_statistics_left(statistics, 10, 10) - 5) < 0.1);
    /* Tasks of 100 s exist: one that has run for 20 s is probably one of them. */
    run_task(statistics, 1, 10, 110, NF_TASK_OK);
    nf_statistics_began(statistics, 2, 110);
    assert_true(fabs(nf_statistics_left(statistics, 0, 130) - 80) < 3);
    nf_statistics_close(statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_two_percent),
        cmocka_unit_test(extreme_durations_have_a_class),
        cmocka_unit_test(too_few_tasks_have_no_quantile),
        cmocka_unit_test(busy_is_the_share_of_all_slots),
        cmocka_unit_test(gaps_are_between_two_tasks_of_a_slot),
        cmocka_unit_test(the_parts_of_slot_time_add_up),
        cmocka_unit_test(the_time_left_follows_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
