/* fork_join.h: what a fork-join of threads costs: hot, after a pause, and while nothing runs.
 *
 *     PROGRAM WORKERS MODE
 *
 *   hot        back to back; nothing in the region
 *   hot-meet   back to back; each worker waits in the region until all have entered
 *   cold       20 ms after the last one; nothing in the region
 *   cold-meet  20 ms after; all meet
 *   idle       not a time: the share of a CPU that the process used in half a second without work
 */
#ifndef BENCH_FORK_JOIN_H
#define BENCH_FORK_JOIN_H

#include <stdatomic.h>
#include <string.h>

#include "serve.h"

#define HOT_COUNT    2000
#define COLD_SECONDS 0.02
#define IDLE_SECONDS 0.5

struct meeting {
    int workers;
    int is_wanted;
    _Atomic int entered;
};

static inline void meet(struct meeting *meeting)
{
    if (!meeting->is_wanted)
        return;
    atomic_fetch_add_explicit(&meeting->entered, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&meeting->entered, memory_order_acquire) < meeting->workers)
        __builtin_ia32_pause();
}

struct fork_join {
    void (*once)(void *user, struct meeting *meeting); /* one region on all workers */
    void *user;
    const char *mode;
    struct meeting meeting;
};

static inline double process_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void pause_for(double seconds)
{
    struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};
    nanosleep(&t, NULL);
}

static inline void fork_and_join(struct fork_join *fork_join)
{
    atomic_store(&fork_join->meeting.entered, 0);
    fork_join->once(fork_join->user, &fork_join->meeting);
}

static inline double measure_fork_join(void *user, double *value)
{
    struct fork_join *fork_join = user;
    *value = 0;
    if (strcmp(fork_join->mode, "idle") == 0) {
        fork_and_join(fork_join);
        double before = process_seconds();
        pause_for(IDLE_SECONDS);
        return (process_seconds() - before) / IDLE_SECONDS;
    }
    int is_cold = strncmp(fork_join->mode, "cold", 4) == 0, count = is_cold ? 1 : HOT_COUNT;
    if (is_cold)
        pause_for(COLD_SECONDS);
    double start = bench_now();
    for (int i = 0; i < count; i++)
        fork_and_join(fork_join);
    return (bench_now() - start) / count;
}

static inline int serve_fork_join(int argc, char **argv, void *user,
                                  void (*once)(void *user, struct meeting *meeting))
{
    struct fork_join fork_join = {.once = once, .user = user, .mode = argc > 2 ? argv[2] : "hot"};
    fork_join.meeting.workers = argc > 1 ? atoi(argv[1]) : 2;
    fork_join.meeting.is_wanted = strstr(fork_join.mode, "meet") != NULL;
    return bench_serve(measure_fork_join, &fork_join);
}

#endif
