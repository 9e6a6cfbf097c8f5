/* The timeline: bounded, and nothing of importance is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "page.h"
#include "timeline.h"

static struct nf_timeline *open_timeline(unsigned slots)
{
    struct nf_timeline *timeline;
    nfold_error err = {0};
    assert_int_equal(nf_timeline_open(&timeline, slots, 100, &err), 0);
    return timeline;
}

static void add(struct nf_timeline *timeline, uint64_t sequence, unsigned slot, double began,
                double seconds, enum nf_task_status status)
{
    struct nf_task_result result = {.status = status, .slot = slot, .seconds = seconds};
    nf_timeline_add(timeline, sequence, "true", &result, began);
}

static double sum_shares(const struct nf_timeline *timeline, enum nf_timeline_kind kind)
{
    double sum = 0;
    for (unsigned lane = 0; lane < nf_timeline_lanes(timeline); lane++)
        for (unsigned bin = 0; bin < NF_TIMELINE_BINS; bin++)
            sum += nf_timeline_share(timeline, lane, bin, kind);
    return sum * nf_timeline_bin_seconds(timeline) * nf_timeline_lane_slots(timeline);
}

static void few_tasks_are_kept_one_by_one(void **state)
{
    struct nf_timeline *timeline = open_timeline(2);
    unsigned count;
    (void)state;
    add(timeline, 2, 2, 100.5, 1, NF_TASK_FAILED);
    add(timeline, 1, 1, 100, 3, NF_TASK_OK);
    const struct nf_timeline_task *task = nf_timeline_tasks(timeline, &count);
    assert_int_equal(count, 2);
    assert_true(nf_timeline_is_whole(timeline));
    assert_int_equal(task[0].sequence, 1);
    assert_true(fabs(task[1].began - 0.5) < 1e-9);
    assert_true(fabs(nf_timeline_seconds(timeline) - 3) < 1e-9);
    nf_timeline_close(timeline);
}

static void of_many_tasks_the_failed_and_the_longest_are_kept(void **state)
{
    struct nf_timeline *timeline = open_timeline(4);
    unsigned count, failed = 0, longest = 0;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        double seconds = i == 50000 ? 7 : 0.001;
        add(timeline, i + 1, i % 4 + 1, 100 + i / 4 * 0.001, seconds,
            i % 10000 == 0 ? NF_TASK_FAILED : NF_TASK_OK);
    }
    const struct nf_timeline_task *task = nf_timeline_tasks(timeline, &count);
    assert_true(count <= NF_TIMELINE_TASKS);
    assert_false(nf_timeline_is_whole(timeline));
    assert_int_equal(nf_timeline_count(timeline), 100000);
    for (unsigned i = 0; i < count; i++) {
        failed += task[i].status == NF_TASK_FAILED;
        longest += task[i].seconds == 7;
    }
    assert_int_equal(failed, 10);
    assert_int_equal(longest, 1);
    nf_timeline_close(timeline);
}

/* However often the width of the bins doubles. */
static void bins_keep_all_time(void **state)
{
    struct nf_timeline *timeline = open_timeline(1);
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        add(timeline, i + 1, 1, 100 + i * 10, i % 2 ? 5 : 3, i % 2 ? NF_TASK_OK : NF_TASK_CUT);
    assert_true(fabs(sum_shares(timeline, NF_TIMELINE_OK) / 2500 - 1) < 1e-3);
    assert_true(fabs(sum_shares(timeline, NF_TIMELINE_STOPPED) / 1500 - 1) < 1e-3);
    assert_true(sum_shares(timeline, NF_TIMELINE_FAILED) == 0);
    nf_timeline_close(timeline);
}

static void many_slots_share_lanes(void **state)
{
    struct nf_timeline *timeline = open_timeline(1000);
    (void)state;
    assert_true(nf_timeline_lanes(timeline) <= NF_TIMELINE_LANES);
    for (unsigned slot = 1; slot <= 1000; slot++)
        add(timeline, slot, slot, 100, 1, NF_TASK_OK);
    assert_true(fabs(nf_timeline_share(timeline, 0, 0, NF_TIMELINE_OK) - 1) < 1e-3);
    assert_true(
        fabs(nf_timeline_share(timeline, nf_timeline_lanes(timeline) - 1, 0, NF_TIMELINE_OK) - 1) <
        1e-3);
    nf_timeline_close(timeline);
}

static void labels_are_cut_between_characters(void **state)
{
    struct nf_timeline *timeline = open_timeline(1);
    struct nf_task_result result = {.slot = 1, .seconds = 1};
    char label[1001];
    unsigned count;
    (void)state;
    for (unsigned i = 0; i < 1000; i += 2)
        memcpy(label + i, "é", 2);
    label[1000] = '\0';
    nf_timeline_add(timeline, 1, label, &result, 100);
    const char *kept = nf_timeline_tasks(timeline, &count)->label;
    size_t length = strlen(kept);
    assert_true(length <= NF_TIMELINE_LABEL);
    assert_string_equal(kept + length - 5, "é…");
    nf_timeline_close(timeline);
}

static void the_page_of_a_million_tasks_is_bounded(void **state)
{
    struct nf_timeline *timeline = open_timeline(128);
    struct nf_tasks_report report = {.start_up = NAN, .processors = NAN};
    struct nf_task_result result = {.status = NF_TASK_OK, .seconds = 0.1};
    struct nfold_buffer text = {0};
    char label[400];
    (void)state;
    memset(label, '<', sizeof label - 1); /* as large as JSON can make it */
    label[sizeof label - 1] = '\0';
    for (unsigned i = 0; i < 1000000; i++) {
        result.slot = i % 128 + 1;
        nf_timeline_add(timeline, i + 1, label, &result, 100 + i / 128 * 0.1);
    }
    report.figures.slots = 128;
    const struct nf_page page = {"1000000 tasks", "{}", &report, timeline};
    nf_page_write(&text, &page);
    assert_false(text.failed);
    assert_true(text.size < 6000000);
    nf_buffer_clear(&text);
    nf_timeline_close(timeline);
}

/* "</script>" in a value must not end the script. */
static void no_value_can_end_the_script(void **state)
{
    struct nf_timeline *timeline = open_timeline(1);
    struct nf_tasks_report report = {.start_up = NAN, .processors = NAN};
    struct nf_task_result result = {.slot = 1};
    struct nfold_buffer text = {0};
    (void)state;
    nf_timeline_add(timeline, 1, "</script><script>alert(1)</script><!--", &result, 100);
    const struct nf_page page = {"<b>1 task", "<i>", &report, timeline};
    nf_page_write(&text, &page);
    assert_null(strstr(text.data, "<script>alert"));
    assert_null(strstr(text.data, "<b>1 task"));
    assert_non_null(strstr(text.data, "\\u003c/script>\\u003cscript>alert(1)"));
    nf_buffer_clear(&text);
    nf_timeline_close(timeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_tasks_are_kept_one_by_one),
        cmocka_unit_test(of_many_tasks_the_failed_and_the_longest_are_kept),
        cmocka_unit_test(bins_keep_all_time),
        cmocka_unit_test(many_slots_share_lanes),
        cmocka_unit_test(labels_are_cut_between_characters),
        cmocka_unit_test(the_page_of_a_million_tasks_is_bounded),
        cmocka_unit_test(no_value_can_end_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
