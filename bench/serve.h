/* serve.h: the manners of a benchmark program, ours or a peer's.
 *
 * It prepares itself (compiles, starts workers, warms up), prints "ready", and then for each line
 * of standard input does its piece of work `count` times and prints one line "SECONDS VALUE": the
 * median time and the answer in hex. bench/run.py asks all the contestants in turn, again and
 * again, so that what disturbs the machine meets all of them alike.
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_COUNT_MAX 1000

static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double bench_median(double *seconds, int count)
{
    qsort(seconds, (size_t)count, sizeof *seconds, bench_compare);
    return count % 2 ? seconds[count / 2] : 0.5 * (seconds[count / 2 - 1] + seconds[count / 2]);
}

/* Does the work once: returns the seconds it took, or < 0 when it failed (and said why). */
typedef double bench_work_fn(void *user, double *value);

static inline int bench_serve(bench_work_fn *work, void *user)
{
    static double seconds[BENCH_COUNT_MAX];
    char line[64];
    double value = 0;

    if (work(user, &value) < 0) /* warms up caches, pages, threads */
        return 1;
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int count = atoi(line);
        if (count < 1 || count > BENCH_COUNT_MAX)
            return 2;
        work(user, &value); /* what slept meanwhile wakes up outside the clock */
        for (int i = 0; i < count; i++)
            if ((seconds[i] = work(user, &value)) < 0)
                return 1;
        printf("%.9e %a\n", bench_median(seconds, count), value);
        fflush(stdout);
    }
    return 0;
}

#endif
