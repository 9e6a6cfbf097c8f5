/* sin_exp.c: the integral of sin(x)*exp(-x)+x^3 on [0, 10] with the C library's functions.
 * The argument: N. bench/run.py prints the compiler and the flags. */
#include <math.h>
#include <stdint.h>

#include "../serve.h"

static inline double f(double x)
{
    return sin(x) * exp(-x) + x * x * x;
}

static double measure(void *user, double *value)
{
    int64_t n = *(const int64_t *)user;
    double a = 0, b = 10, start = bench_now();
    double h = (b - a) / (double)n, sum = 0.5 * f(a) + 0.5 * f(b);
    for (int64_t i = 1; i < n; i++)
        sum += f(a + (double)i * h);
    *value = h * sum;
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    int64_t n = argc > 1 ? (int64_t)atof(argv[1]) : 10000000;
    return bench_serve(measure, &n);
}
