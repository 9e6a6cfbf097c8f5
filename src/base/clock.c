/* clock.c: monotonic time, the time of day and processor time. */
#include "clock.h"

#include <time.h>

static double clock_read(clockid_t id)
{
    struct timespec time = {0};
    clock_gettime(id, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double nf_clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

double nf_clock_epoch(void)
{
    return clock_read(CLOCK_REALTIME);
}

double nf_clock_thread_cpu(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

double nf_clock_process_cpu(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}
