/* integral.c: the integral of x*x by the trapezoid rule, in the forms of integral.h. The arguments:
 * N WORKERS. bench/run.py compiles every FORM with every compiler and set of flags and takes the
 * fastest. */
#include "../serve.h"
#include "integral.h"

struct job {
    int64_t n;
    int workers;
};

static double measure(void *user, double *value)
{
    const struct job *job = user;
    double a = 0, b = 100, start = bench_now();
    double h = (b - a) / (double)job->n;
    *value = h * (0.5 * f(a) + 0.5 * f(b) + inner_sum(a, h, job->n, job->workers));
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    struct job job = {.n = argc > 1 ? (int64_t)atof(argv[1]) : 100000000,
                      .workers = argc > 2 ? atoi(argv[2]) : 1};
    return bench_serve(measure, &job);
}
