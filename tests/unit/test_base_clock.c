/* Clocks: they run, and they run for what they are named after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "clock.h"

static void monotonic_time_never_goes_back(void **state)
{
    (void)state;
    double last = nf_clock_now();
    assert_true(last > 0);
    for (int i = 0; i < 100000; i++) {
        double now = nf_clock_now();
        assert_true(now >= last);
        last = now;
    }
}

static void sleeping_takes_time_but_no_processor(void **state)
{
    (void)state;
    double wall = nf_clock_now(), thread = nf_clock_thread_cpu(), process = nf_clock_process_cpu();
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    assert_true(nf_clock_now() - wall >= 0.03);
    assert_true(nf_clock_thread_cpu() - thread < 0.015);
    assert_true(nf_clock_process_cpu() - process < 0.015);
}

static void computing_takes_processor_time(void **state)
{
    (void)state;
    double thread = nf_clock_thread_cpu(), process = nf_clock_process_cpu();
    volatile double sum = 0;
    while (nf_clock_thread_cpu() - thread < 0.02)
        sum = sum + 1;
    assert_true(nf_clock_process_cpu() - process >= 0.0199);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(sleeping_takes_time_but_no_processor),
        cmocka_unit_test(computing_takes_processor_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
