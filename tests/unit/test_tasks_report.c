/* The report of a run of tasks: its lines, and the one sentence that says what to change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "advice.h"
#include "tasks_report.h"

/* 100 tasks of a second on 4 slots of one CPU each, all of which are busy. */
static struct nf_tasks_report calm_report(void)
{
    struct nf_tasks_report report = {.cpus_allowed = 4,
                                     .cpus_online = 4,
                                     .load = 4,
                                     .cpus_each = 1,
                                     .processors = 1,
                                     .start_up = NAN,
                                     .figures = {.slots = 4,
                                                 .slots_used = 4,
                                                 .ended = 100,
                                                 .ok = 100,
                                                 .wall = 25,
                                                 .time.busy = 100,
                                                 .mean = 1,
                                                 .median = 1,
                                                 .p95 = 1,
                                                 .longest = 1,
                                                 .longest_sequence = 17,
                                                 .last_sequence = 100,
                                                 .last_seconds = 1,
                                                 .processor_seconds = 100,
                                                 .task_seconds = 100,
                                                 .first_output = NAN}};
    report.status[NF_TASK_OK] = 100;
    return report;
}

static void assert_advice(const struct nf_tasks_report *report, const char *wanted)
{
    char text[NF_ADVICE_SIZE];
    assert_string_equal(nf_advice(report, text), wanted);
}

static void a_good_run_needs_no_change(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    assert_advice(&report, "nothing to change: tasks had the slots for 100 % of their time");
}

static void an_interpreter_that_takes_long_is_named(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.figures.median = 0.08;
    report.figures.wall = 2;
    report.figures.time.busy = 8;
    report.start_up = 0.0328;
    strcpy(report.interpreter, "python3");
    assert_advice(&report, "median 80.0 ms, 41 % of it python3 start-up: use -X or fewer, larger "
                           "tasks");
}

static void tasks_that_are_too_short_are_named(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.figures.task_seconds = 0.1;
    report.figures.wall = 0.05;
    report.figures.time = (struct nf_slot_time){.busy = 0.1, .dispatch = 0.1};
    report.figures.longest = 0.001;
    assert_advice(&report, "tasks of 1.0 ms are too short: 50 % of the slots' time went into "
                           "starting them; use -X or fewer, larger tasks");
}

static void one_long_task_at_the_end_asks_for_another_order(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.figures.wall = 50;
    report.figures.time = (struct nf_slot_time){.busy = 120, .tail = 80};
    report.figures.task_seconds = 120;
    report.figures.longest = report.figures.last_seconds = 25;
    assert_advice(&report, "40 % of the slots' time was idle at the end, behind task 100 of 25.0 "
                           "s: put the longest tasks first, and all may be done after 30.0 s (a "
                           "prediction)");
}

static void a_task_longer_than_all_others_is_to_be_split(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.figures.wall = 80;
    report.figures.time = (struct nf_slot_time){.busy = 120, .tail = 200};
    report.figures.task_seconds = 120;
    report.figures.longest = 80;
    assert_advice(&report, "task 17 alone took 80.0 s of 80.0 s: split it, or give it more CPUs "
                           "with -c; start it first in any case");
}

static void cpus_that_a_task_does_not_use_are_counted(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.cpus_allowed = 40;
    report.cpus_each = 5;
    report.figures.slots = report.figures.slots_used = 8;
    report.figures.wall = 12.5;
    assert_advice(&report, "a task kept 1.0 of its 5 CPUs busy: with -c 1 there are 40 slots, not "
                           "8");
}

static void one_job_at_a_time_on_forty_cores_is_named(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.cpus_allowed = report.cpus_each = 40;
    report.figures.slots = report.figures.slots_used = 1;
    report.figures.wall = 100;
    assert_advice(&report, "a task kept 1.0 of its 40 CPUs busy: with -c 1 there are 40 slots, not "
                           "1");
    report.cpus_each = 1;
    report.figures.slots = report.figures.slots_used = 30;
    report.figures.wall = 100.0 / 30;
    assert_advice(&report, "30 tasks at a time kept 30.0 of 40 CPUs busy: leave -j out, and there "
                           "are 40 slots");
}

static void slots_without_tasks_are_named(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.cpus_allowed = report.figures.slots = 40;
    report.figures.slots_used = report.figures.ended = 5;
    report.figures.wall = 20;
    report.figures.time = (struct nf_slot_time){.busy = 100, .unused = 700};
    assert_advice(&report, "35 of 40 slots never had a task: ask for fewer CPUs, or cut the work "
                           "into more tasks; -c 8 gives each 8 CPUs");
}

static void waiting_is_told_from_a_crowded_machine(void **state)
{
    struct nf_tasks_report report = calm_report();
    (void)state;
    report.processors = 0.25;
    assert_advice(&report, "a task kept its CPU busy for 25 % of its time and waited for the rest: "
                           "-j 200% may be faster, if files or the network can give more");
    report.load = 20;
    assert_advice(&report,
                  "a task had 25 % of a CPU, and the load of this machine is 20.0 on 4 "
                  "CPUs: tasks wait for something of their own, or for others who run here");
}

static void lost_tasks_come_before_lost_time(void **state)
{
    struct nf_tasks_report report = calm_report();
    char text[NF_ADVICE_SIZE];
    (void)state;
    report.figures.wall = 50;
    report.figures.time = (struct nf_slot_time){.busy = 100, .waiting = 100};
    assert_non_null(strstr(nf_advice(&report, text), "nothing to start"));
    report.status[NF_TASK_TIMEOUT] = 2;
    assert_non_null(strstr(nf_advice(&report, text), "2 tasks ran into --timeout"));
    report.status[NF_TASK_OOM] = 1;
    report.figures.peak_bytes = 5000000000;
    assert_advice(&report, "1 task ran out of memory (5 GB at most were seen): ask for more with "
                           "--mem-per-task, or let --retry-mem x1.5 find it");
}

static void an_empty_run_has_a_report(void **state)
{
    struct nf_tasks_report report = {.start_up = NAN, .processors = NAN};
    struct nfold_buffer text = {0};
    (void)state;
    nf_tasks_report_text(&text, &report);
    assert_string_equal(nf_buffer_text(&text), "slots      no task was run\n"
                                               "advice     nothing: no task was run\n");
    nf_buffer_clear(&text);
}

/* Numbers of every size, from JSON readers' and terminals' point of view. */
static void no_line_is_wider_than_a_terminal(void **state)
{
    struct nf_tasks_report report = calm_report();
    struct nfold_buffer text = {0};
    (void)state;
    report.figures.time = (struct nf_slot_time){20, 20, 20, 20, 20};
    report.figures.longest_sequence = report.figures.last_sequence = UINT64_MAX;
    report.figures.alone_seconds = 12.5;
    report.figures.peak_bytes = UINT64_MAX;
    report.figures.first_output = 1e6;
    report.start_up = 1e6;
    strcpy(report.interpreter, "python3.11");
    nf_tasks_report_text(&text, &report);
    for (const char *line = text.data; *line;) {
        size_t length = strcspn(line, "\n");
        assert_true(length <= 80);
        line += length + 1;
    }
    nf_buffer_clear(&text);
}

static void a_known_interpreter_is_timed_and_others_are_not(void **state)
{
    struct nf_tasks_report report = {.start_up = NAN};
    (void)state;
    nf_tasks_report_start_up(&report, "bash script.sh {}");
    assert_true(report.start_up > 0);
    assert_string_equal(report.interpreter, "bash");
    nf_tasks_report_start_up(&report, "./reduce {}");
    assert_true(isnan(report.start_up));
    nf_tasks_report_start_up(&report, "$(touch x) bash");
    assert_true(isnan(report.start_up));
    nf_tasks_report_start_up(&report, "/nowhere/python3 {}");
    assert_true(isnan(report.start_up));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_run_needs_no_change),
        cmocka_unit_test(an_interpreter_that_takes_long_is_named),
        cmocka_unit_test(tasks_that_are_too_short_are_named),
        cmocka_unit_test(one_long_task_at_the_end_asks_for_another_order),
        cmocka_unit_test(a_task_longer_than_all_others_is_to_be_split),
        cmocka_unit_test(cpus_that_a_task_does_not_use_are_counted),
        cmocka_unit_test(one_job_at_a_time_on_forty_cores_is_named),
        cmocka_unit_test(slots_without_tasks_are_named),
        cmocka_unit_test(waiting_is_told_from_a_crowded_machine),
        cmocka_unit_test(lost_tasks_come_before_lost_time),
        cmocka_unit_test(an_empty_run_has_a_report),
        cmocka_unit_test(no_line_is_wider_than_a_terminal),
        cmocka_unit_test(a_known_interpreter_is_timed_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
