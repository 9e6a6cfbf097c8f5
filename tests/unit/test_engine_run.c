/* Tests of runs through nfold.h: failures, stopping, progress, nfold_for, the caller's rounding. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "context.h"
#include "cpus.h"
#include "registry.h"

static nfold_context *open_threads(unsigned workers)
{
    nfold_context *context;
    nfold_error err = {0};
    if (nf_context_open(&context, nf_backend_find("threads"), workers, NULL, &err) < 0)
        fail_msg("%s", err.message);
    return context;
}

static nfold_body *function_body(nfold_point_fn *f, void *user)
{
    nfold_body *body;
    assert_int_equal(nfold_body_function(&body, f, user, NULL), 0);
    return body;
}

static nfold_work integral(nfold_body *body, double a, double b, double n)
{
    return (nfold_work){.size = sizeof(nfold_work), .body = body, .a = a, .b = b, .n = n};
}

/* Infinite from a bound on. */
static double infinite_from(double x, void *user)
{
    return x >= *(const double *)user ? INFINITY : x;
}

static void expect_error(nfold_context *context, const nfold_work *work, int code,
                         const char *message)
{
    nfold_error err = {0};
    nfold_report *report;
    assert_int_equal(nfold_run(context, work, &report, &err), code);
    assert_string_equal(err.message, message);
    assert_null(report);
}

static void the_lowest_value_that_is_not_finite_is_named_on_any_number_of_workers(void **state)
{
    double from = 500000;
    nfold_body *body = function_body(infinite_from, &from);
    nfold_work work = {.size = sizeof work, .kind = NFOLD_REDUCE, .body = body, .n = 3e6};
    (void)state;
    for (unsigned workers = 1; workers <= 17; workers += 4) {
        nfold_context *context = open_threads(workers);
        for (int again = 0; again < 3; again++)
            expect_error(context, &work, NFOLD_E_NONFINITE,
                         "f(i) = inf at i = 500000 (item 500000 of 3000000)");
        nfold_close(context);
    }
    nfold_body_close(body);
}

static double reciprocal_root(double x, void *user)
{
    (void)user;
    return 1 / sqrt(x);
}

static double reciprocal_of_rest(double x, void *user)
{
    (void)user;
    return x > 0.4 && x < 0.6 ? NAN : 1 / (1 - x);
}

static void an_infinite_end_is_named(void **state)
{
    nfold_context *context = open_threads(2);
    nfold_body *body = function_body(reciprocal_root, NULL);
    nfold_work work = integral(body, 0, 1, 1000);
    (void)state;
    expect_error(context, &work, NFOLD_E_NONFINITE, "f(x) = inf at x = 0.0 (item 0 of 1001)");
    nfold_body_close(body);
    /* The upper end is the highest item: a chunk that fails comes first. */
    work.body = body = function_body(reciprocal_of_rest, NULL);
    expect_error(context, &work, NFOLD_E_NONFINITE, "f(x) = nan at x = 0.401 (item 401 of 1001)");
    nfold_body_close(body);
    nfold_close(context);
}

static double constant(double x, void *user)
{
    (void)x;
    return *(const double *)user;
}

static void a_sum_that_overflows_says_so(void **state)
{
    nfold_context *context = open_threads(1);
    double value = 1e308;
    nfold_body *body = function_body(constant, &value);
    nfold_work work = {.size = sizeof work, .kind = NFOLD_REDUCE, .body = body, .n = 4096};
    nfold_report *report;
    (void)state;
    expect_error(context, &work, NFOLD_E_NONFINITE,
                 "the sum overflowed in items 0 to 3, though every value is finite");
    work.n = 1500;
    expect_error(context, &work, NFOLD_E_NONFINITE,
                 "the sum overflowed, though every value is finite");
    work.op = NFOLD_PROD;
    expect_error(context, &work, NFOLD_E_NONFINITE,
                 "the answer is larger than the largest number (about 1.8e308)");
    work.op = NFOLD_SUM;
    work.allow_nonfinite = 1;
    assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
    assert_true(isinf(report->value));
    nfold_report_free(report);
    nfold_body_close(body);
    nfold_close(context);
}

struct slow {
    double seconds;
    _Atomic int calls;
};

static double slow_function(double x, void *user)
{
    struct slow *slow = user;
    struct timespec wait = {(time_t)slow->seconds, (long)(fmod(slow->seconds, 1) * 1e9)};
    atomic_fetch_add(&slow->calls, 1);
    nanosleep(&wait, NULL);
    return x;
}

/* Who is to be stopped, and how many calls there were when it was. */
struct stopper {
    nfold_context *context;
    const struct slow *slow;
    int calls;
};

static void *stop_later(void *data)
{
    struct stopper *stopper = data;
    while (atomic_load(&stopper->slow->calls) == 0)
        usleep(1000); /* a stop before the run begins stops nothing */
    usleep(60000);
    nfold_stop(stopper->context);
    stopper->calls = atomic_load(&stopper->slow->calls);
    return NULL;
}

/* Items of 5 ms in chunks that would take minutes. In items, because a busy machine takes its time:
 * each worker may do those of 100 ms. */
static void a_run_stops_within_100_ms_and_says_how_far_it_came(void **state)
{
    nfold_context *context = open_threads(2);
    struct slow slow = {.seconds = 5e-3};
    nfold_body *body = function_body(slow_function, &slow);
    nfold_work work = integral(body, 0, 1, 1e7);
    nfold_report *report;
    nfold_error err = {0};
    struct stopper stopper = {context, &slow, 0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, &stopper), 0);
    assert_int_equal(nfold_run(context, &work, &report, &err), NFOLD_E_STOPPED);
    pthread_join(thread, NULL);
    assert_in_range(atomic_load(&slow.calls) - stopper.calls, 0, 2 * 20);
    assert_non_null(strstr(err.message, "stopped after"));
    assert_non_null(report);
    assert_int_equal(report->items, 10000001);
    assert_true(report->items_done < report->items);
    nfold_report_free(report);
    nfold_body_close(body);
    nfold_close(context);
}

/* A handler can only ask for a stop when its thread, worker 0, gets a processor. */
static nfold_context *stopped_by_signal;
static _Atomic double asked_at;

static void stop_on_signal(int number)
{
    (void)number;
    nfold_stop(stopped_by_signal);
}

static void *signal_later(void *thread)
{
    uint64_t done = 0;
    while (done == 0) {
        usleep(100000);
        nfold_progress(stopped_by_signal, &done, NULL);
    }
    asked_at = nf_clock_process_cpu();
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

static double processor_seconds_to_stop(const nfold_work *work)
{
    pthread_t self = pthread_self(), sender;
    assert_int_equal(pthread_create(&sender, NULL, signal_later, &self), 0);
    assert_int_equal(nfold_run(stopped_by_signal, work, NULL, NULL), NFOLD_E_STOPPED);
    pthread_join(sender, NULL);
    return nf_clock_process_cpu() - asked_at;
}

/* In time of this process's processors: other programs want them, too. The best of some, since even
 * the signal has to wait for one. */
static void many_workers_on_few_processors_stop_within_100_ms(void **state)
{
    struct sigaction action = {.sa_handler = stop_on_signal}, before;
    struct nf_cpus cpus;
    nfold_body *body;
    nfold_work work;
    double best = 1e9, limit;
    (void)state;
    nf_cpus_read(&cpus, "");
    stopped_by_signal = open_threads(64 * cpus.allowed);
    assert_int_equal(nfold_body_open(&body, "sin(x)", "x", NULL, NULL), 0);
    work = integral(body, 0, 1, 1e13);
    limit = 0.1 * cpus.allowed;
    sigaction(SIGUSR1, &action, &before);
    for (int k = 0; k < 30 && best > limit; k++)
        best = fmin(best, processor_seconds_to_stop(&work));
    sigaction(SIGUSR1, &before, NULL);
    assert_true(best < limit);
    nfold_body_close(body);
    nfold_close(stopped_by_signal);
}

static void a_stop_between_runs_does_nothing(void **state)
{
    nfold_context *context = open_threads(2);
    double value = 1;
    nfold_body *body = function_body(constant, &value);
    nfold_work work = integral(body, 0, 1, 1000);
    (void)state;
    nfold_stop(context);
    assert_int_equal(nfold_run(context, &work, NULL, NULL), 0);
    nfold_body_close(body);
    nfold_close(context);
}

enum { FOR_ITEMS = 300007 };

struct visits {
    _Atomic unsigned char count[FOR_ITEMS];
    uint64_t fails_at;
};

static int visit(void *user, uint64_t first, uint64_t last)
{
    struct visits *visits = user;
    for (uint64_t k = first; k < last; k++)
        atomic_fetch_add(&visits->count[k], 1);
    return first <= visits->fails_at && visits->fails_at < last ? 7 : 0;
}

static void for_does_every_item_once(void **state)
{
    struct visits *visits = calloc(1, sizeof *visits);
    nfold_error err = {0};
    (void)state;
    visits->fails_at = UINT64_MAX;
    assert_int_equal(nfold_for(visit, visits, FOR_ITEMS, &err), 0);
    for (unsigned k = 0; k < FOR_ITEMS; k++)
        assert_int_equal(visits->count[k], 1);
    free(visits);
    assert_int_equal(nfold_for(visit, NULL, 0, &err), 0);
    assert_int_equal(nfold_for(visit, NULL, (UINT64_C(1) << 53) + 1, &err), NFOLD_E_VALUE);
}

static void for_does_all_below_the_lowest_failure(void **state)
{
    struct visits *visits = calloc(1, sizeof *visits);
    nfold_error err = {0};
    (void)state;
    visits->fails_at = 123456;
    assert_int_equal(nfold_for(visit, visits, FOR_ITEMS, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "the function returned 7"));
    for (unsigned k = 0; k <= visits->fails_at; k++)
        assert_int_equal(visits->count[k], 1);
    free(visits);
}

struct progress {
    nfold_context *context;
    _Atomic uint64_t most, all;
};

static double watched(double x, void *user)
{
    struct progress *progress = user;
    uint64_t done, all;
    nfold_progress(progress->context, &done, &all);
    if (done > progress->most)
        progress->most = done;
    progress->all = all;
    return x;
}

static void progress_moves_and_ends(void **state)
{
    struct progress progress = {.context = open_threads(1)};
    nfold_body *body = function_body(watched, &progress);
    nfold_work work = integral(body, 0, 1, 3e5);
    uint64_t done, all;
    (void)state;
    assert_int_equal(nfold_run(progress.context, &work, NULL, NULL), 0);
    assert_int_equal(progress.all, 300001);
    assert_true(progress.most > 0 && progress.most <= 300001);
    nfold_progress(progress.context, &done, &all);
    assert_int_equal(done, 0);
    assert_int_equal(all, 0);
    nfold_body_close(body);
    nfold_close(progress.context);
}

static double third_of(double x, void *user)
{
    (void)user;
    return x / 3;
}

/* A host that rounds upwards gets the same bits, and keeps its rounding. */
static void the_callers_rounding_changes_no_bit(void **state)
{
    nfold_context *context = open_threads(2);
    nfold_body *body = function_body(third_of, NULL);
    nfold_work work = integral(body, 0.1, 0.7, 1e5);
    nfold_report *report[2];
    (void)state;
    assert_int_equal(nfold_run(context, &work, &report[0], NULL), 0);
    fesetround(FE_UPWARD);
    assert_int_equal(nfold_run(context, &work, &report[1], NULL), 0);
    assert_int_equal(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    assert_memory_equal(&report[0]->value, &report[1]->value, sizeof(double));
    assert_memory_equal(&report[0]->hi, &report[1]->hi, 2 * sizeof(double));
    nfold_report_free(report[0]);
    nfold_report_free(report[1]);
    nfold_body_close(body);
    nfold_close(context);
}

/* Leaves another rounding mode behind from a bound on. */
static double rounds_up_from(double x, void *user)
{
    if (x >= *(const double *)user)
        fesetround(FE_UPWARD);
    return x / 3;
}

static void a_function_that_changes_the_rounding_is_named_on_any_number_of_workers(void **state)
{
    double from = 500000;
    nfold_body *body = function_body(rounds_up_from, &from);
    nfold_work work = {.size = sizeof work, .kind = NFOLD_REDUCE, .body = body, .n = 3e6};
    (void)state;
    for (unsigned workers = 1; workers <= 9; workers += 4) {
        nfold_context *context = open_threads(workers);
        expect_error(context, &work, NFOLD_E_BODY,
                     "f(i) at i = 500000 (item 500000 of 3000000): the function changed the "
                     "rounding mode");
        assert_int_equal(fegetround(), FE_TONEAREST);
        nfold_close(context);
    }
    nfold_body_close(body);
}

static int rounds_up(void *user, uint64_t first, uint64_t last)
{
    (void)user;
    if (first <= 1234 && 1234 < last)
        fesetround(FE_UPWARD);
    return 0;
}

static void for_refuses_a_change_of_the_rounding(void **state)
{
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nfold_for(rounds_up, NULL, 100000, &err), NFOLD_E_BODY);
    assert_string_equal(err.message, "the function changed the rounding mode");
    assert_int_equal(fegetround(), FE_TONEAREST);
}

static void equal_bounds_give_zero_and_call_nothing(void **state)
{
    nfold_context *context = open_threads(1);
    struct slow slow = {0};
    nfold_body *body = function_body(slow_function, &slow);
    nfold_work work = integral(body, 2, 2, 1000);
    nfold_report *report;
    (void)state;
    assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
    assert_true(report->value == 0 && !signbit(report->value));
    assert_int_equal(slow.calls, 0);
    assert_true(report->rate == 0);
    assert_string_equal(report->note, "the bounds are equal: the function is not called");
    nfold_report_free(report);
    nfold_body_close(body);
    nfold_close(context);
}

static double square(double x, void *user)
{
    (void)user;
    return x * x;
}

/* |T(n) − T(n/2)| / 3 is the error of T(n) for a square, to the digits shown. */
static void the_step_error_of_a_square_is_exact(void **state)
{
    nfold_context *context = open_threads(2);
    nfold_body *body = function_body(square, NULL);
    const double sizes[] = {2, 100, 1000, 2046, 2048, 70000, 1e6};
    (void)state;
    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        nfold_work work = integral(body, 0, 100, sizes[k]);
        double h = 100 / sizes[k], exact = 100 * h * h / 6;
        nfold_report *report;
        assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
        assert_true(fabs(report->step_error - exact) <= 0.005 * exact);
        nfold_report_free(report);
    }
    nfold_body_close(body);
    nfold_close(context);
}

static void a_report_adds_up(void **state)
{
    nfold_context *context = open_threads(2);
    nfold_body *body = function_body(square, NULL);
    nfold_work work = integral(body, 0, 100, 3e6);
    nfold_report *report;
    uint64_t chunks = 0;
    (void)state;
    assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
    for (unsigned k = 0; k < report->workers; k++) {
        chunks += report->worker[k].chunks;
        assert_true(report->worker[k].busy <= report->wall);
    }
    assert_int_equal(chunks, report->chunks);
    assert_int_equal(report->items_done, 3000001);
    assert_int_equal(report->chunk_items, 2048);
    assert_true(report->serial > 0 && report->serial < report->wall);
    assert_true(report->efficiency > 0 && report->efficiency <= 1);
    assert_true(report->imbalance >= 1 && report->imbalance <= report->workers);
    assert_string_equal(report->native, "none");
    nfold_report_free(report);
    nfold_body_close(body);
    nfold_close(context);
}

static void expect_canonical_nan(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    assert_int_equal(bits, UINT64_C(0x7ff8000000000000));
}

/* The root of a negative number is a negative NaN on x86. */
static void a_nan_is_reported_as_the_canonical_one(void **state)
{
    static const enum nfold_op op[] = {NFOLD_SUM, NFOLD_PROD, NFOLD_MIN, NFOLD_MAX, NFOLD_MEAN};
    static const double items[] = {1, 40, 5000, 3e6};
    nfold_context *context = open_threads(2);
    nfold_body *body;
    (void)state;
    assert_int_equal(nfold_body_open(&body, "sqrt(-1-i)", "i", NULL, NULL), 0);
    for (size_t k = 0; k < 5 * 4; k++) {
        nfold_work work = {.size = sizeof work,
                           .kind = NFOLD_REDUCE,
                           .body = body,
                           .op = op[k % 5],
                           .n = items[k / 5],
                           .allow_nonfinite = 1};
        nfold_report *report;
        assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
        expect_canonical_nan(report->value);
        expect_canonical_nan(report->hi);
        nfold_report_free(report);
    }
    nfold_body_close(body);
    nfold_close(context);
}

static void bad_numbers_of_workers_are_refused(void **state)
{
    const char *const bad[] = {"0", "-1", "100000", "two", ""};
    nfold_options *options;
    nfold_error err;
    (void)state;
    assert_int_equal(nfold_options_create(&options, NULL), 0);
    for (unsigned k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(nfold_options_set(options, "workers", bad[k], &err), NFOLD_E_VALUE);
    assert_int_equal(nfold_options_set(options, "backend", "thread", &err), NFOLD_E_VALUE);
    assert_int_equal(nfold_options_set(options, "workers", "17", &err), 0);
    nfold_options_destroy(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_value_that_is_not_finite_is_named_on_any_number_of_workers),
        cmocka_unit_test(an_infinite_end_is_named),
        cmocka_unit_test(a_sum_that_overflows_says_so),
        cmocka_unit_test(a_run_stops_within_100_ms_and_says_how_far_it_came),
        cmocka_unit_test(many_workers_on_few_processors_stop_within_100_ms),
        cmocka_unit_test(a_stop_between_runs_does_nothing),
        cmocka_unit_test(for_does_every_item_once),
        cmocka_unit_test(for_does_all_below_the_lowest_failure),
        cmocka_unit_test(progress_moves_and_ends),
        cmocka_unit_test(the_callers_rounding_changes_no_bit),
        cmocka_unit_test(a_function_that_changes_the_rounding_is_named_on_any_number_of_workers),
        cmocka_unit_test(for_refuses_a_change_of_the_rounding),
        cmocka_unit_test(equal_bounds_give_zero_and_call_nothing),
        cmocka_unit_test(the_step_error_of_a_square_is_exact),
        cmocka_unit_test(a_report_adds_up),
        cmocka_unit_test(a_nan_is_reported_as_the_canonical_one),
        cmocka_unit_test(bad_numbers_of_workers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
