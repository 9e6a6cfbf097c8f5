/* Tests of the backend threads: its pool over many runs, at rest, and under several callers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock.h"
#include "context.h"
#include "registry.h"

static nfold_context *open_threads(unsigned workers)
{
    nfold_context *context;
    nfold_error err = {0};
    if (nf_context_open(&context, nf_backend_find("threads"), workers, NULL, &err) < 0)
        fail_msg("%s", err.message);
    return context;
}

static double square(double x, void *user)
{
    (void)user;
    return x * x;
}

static double run_square(nfold_context *context, double n)
{
    nfold_body *body;
    nfold_report *report;
    nfold_error err = {0};
    nfold_work work = {.size = sizeof work, .b = 100, .n = n};
    double value;
    assert_int_equal(nfold_body_function(&body, square, NULL, NULL), 0);
    work.body = body;
    if (nfold_run(context, &work, &report, &err) < 0)
        fail_msg("%s", err.message);
    value = report->value;
    nfold_report_free(report);
    nfold_body_close(body);
    return value;
}

static void many_short_runs_in_a_row_give_one_answer(void **state)
{
    (void)state;
    for (unsigned workers = 2; workers <= 32; workers *= 2) {
        nfold_context *context = open_threads(workers);
        double first = run_square(context, 3000);
        for (int k = 0; k < 300; k++)
            assert_true(run_square(context, 3000) == first);
        nfold_close(context);
    }
}

static void a_pool_opens_and_closes_at_once(void **state)
{
    (void)state;
    for (int k = 0; k < 100; k++)
        nfold_close(open_threads(5));
}

static void a_pool_at_rest_uses_no_processor(void **state)
{
    nfold_context *context = open_threads(2);
    double before;
    (void)state;
    run_square(context, 1e5);
    usleep(2000); /* the spin is over */
    before = nf_clock_process_cpu();
    usleep(200000);
    assert_true(nf_clock_process_cpu() - before < 0.01 * 0.2);
    nfold_close(context);
}

struct caller {
    nfold_context *context;
    double value;
};

static void *call(void *argument)
{
    struct caller *caller = argument;
    for (int k = 0; k < 20; k++)
        caller->value = run_square(caller->context, 20000);
    return NULL;
}

static void a_second_caller_waits_and_gets_its_own_answer(void **state)
{
    struct caller caller[3];
    pthread_t thread[3];
    nfold_context *context = open_threads(3);
    (void)state;
    for (int k = 0; k < 3; k++) {
        caller[k] = (struct caller){.context = context};
        assert_int_equal(pthread_create(&thread[k], NULL, call, &caller[k]), 0);
    }
    for (int k = 0; k < 3; k++)
        pthread_join(thread[k], NULL);
    assert_true(caller[0].value == caller[1].value && caller[1].value == caller[2].value);
    nfold_close(context);
}

struct masks {
    pthread_t caller;
    _Atomic int others, unblocked;
};

/* Slow enough for others to come. */
static double look_at_mask(double x, void *user)
{
    struct masks *masks = user;
    sigset_t blocked;
    usleep(200);
    if (pthread_equal(pthread_self(), masks->caller))
        return x;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    atomic_fetch_add(&masks->others, 1);
    if (!sigismember(&blocked, SIGINT) || sigismember(&blocked, SIGSEGV))
        atomic_fetch_add(&masks->unblocked, 1);
    return x;
}

static void signals_go_to_the_callers_threads(void **state)
{
    nfold_context *context = open_threads(4);
    struct masks masks = {.caller = pthread_self()};
    nfold_body *body;
    nfold_work work = {.size = sizeof work, .b = 1, .n = 1000};
    (void)state;
    assert_int_equal(nfold_body_function(&body, look_at_mask, &masks, NULL), 0);
    work.body = body;
    for (int k = 0; k < 100 && masks.others == 0; k++)
        assert_int_equal(nfold_run(context, &work, NULL, NULL), 0);
    assert_true(masks.others > 0);
    assert_int_equal(masks.unblocked, 0);
    nfold_body_close(body);
    nfold_close(context);
}

struct freedom {
    pthread_t caller;
    cpu_set_t cpus; /* the caller's */
    _Atomic int others, bound;
};

static double look_at_affinity(double x, void *user)
{
    struct freedom *freedom = user;
    cpu_set_t cpus;
    usleep(200);
    if (pthread_equal(pthread_self(), freedom->caller))
        return x;
    pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);
    atomic_fetch_add(&freedom->others, 1);
    if (!CPU_EQUAL(&cpus, &freedom->cpus))
        atomic_fetch_add(&freedom->bound, 1);
    return x;
}

/* Threads sleep off the caller's processor; what a function starts would stay off it for ever. */
static void a_function_may_use_all_processors_of_its_caller(void **state)
{
    nfold_context *context = open_threads(4);
    struct freedom freedom = {.caller = pthread_self()};
    nfold_body *body;
    nfold_work work = {.size = sizeof work, .b = 1, .n = 400};
    (void)state;
    pthread_getaffinity_np(pthread_self(), sizeof freedom.cpus, &freedom.cpus);
    assert_int_equal(nfold_body_function(&body, look_at_affinity, &freedom, NULL), 0);
    work.body = body;
    for (int k = 0; k < 5 || (k < 200 && freedom.others == 0); k++) {
        usleep(2000); /* the spin is over: all sleep */
        assert_int_equal(nfold_run(context, &work, NULL, NULL), 0);
    }
    assert_true(freedom.others > 0);
    assert_int_equal(freedom.bound, 0);
    nfold_body_close(body);
    nfold_close(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_short_runs_in_a_row_give_one_answer),
        cmocka_unit_test(a_pool_opens_and_closes_at_once),
        cmocka_unit_test(a_pool_at_rest_uses_no_processor),
        cmocka_unit_test(a_second_caller_waits_and_gets_its_own_answer),
        cmocka_unit_test(signals_go_to_the_callers_threads),
        cmocka_unit_test(a_function_may_use_all_processors_of_its_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
