/* integral.h: the sum of x*x over the inner points of an interval, as a C programmer would write it
 * for speed. With -fopenmp the loops are shared among the workers.
 *
 *   FORM 1   x = a + i*h with a 64-bit counter
 *   FORM 2   the same with a 32-bit counter (converting it to double is cheaper)
 *   FORM 3   blocks of 4096: the counter inside a block is 32 bits wide, the block's start a double
 *   FORM 4   blocks of 4096 into 32 sums, so that no sum waits for the one before it
 *   FORM 5   the same, and x advances by adding 32*h to 32 abscissas instead of being computed anew
 *   FORM 6   32 sums and 32 counters kept as doubles: no conversion in the loop
 */
#ifndef BENCH_INTEGRAL_H
#define BENCH_INTEGRAL_H

#include <stdint.h>

#ifndef FORM
#define FORM 1
#endif
#define BLOCK 4096
#define LANES 32

static inline double f(double x)
{
    return x * x;
}

/* inner_sum: f at a + i*h, i from 1 to n - 1 */
#if FORM == 1
static double inner_sum(double a, double h, int64_t n, int workers)
{
    double sum = 0;
    (void)workers;
#pragma omp parallel for simd reduction(+ : sum) num_threads(workers) schedule(static)
    for (int64_t i = 1; i < n; i++)
        sum += f(a + (double)i * h);
    return sum;
}
#elif FORM == 2
static double inner_sum(double a, double h, int64_t n, int workers)
{
    double sum = 0;
    (void)workers;
#pragma omp parallel for simd reduction(+ : sum) num_threads(workers) schedule(static)
    for (int32_t i = 1; i < (int32_t)n; i++)
        sum += f(a + i * h);
    return sum;
}
#else

static inline double block_sum(double a, double h, int count)
{
#if FORM == 3
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < count; i++)
        sum += f(a + i * h);
    return sum;
#else
    double sums[LANES] = {0}, lane[LANES], total = 0;
    int i = 0;
    for (int l = 0; l < LANES; l++)
        lane[l] = FORM == 6 ? l : a + l * h;
    for (; i + LANES <= count; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
#if FORM == 4
            sums[l] += f(a + (i + l) * h);
#elif FORM == 5
            sums[l] += f(lane[l]);
            lane[l] += LANES * h;
#else
            sums[l] += f(a + lane[l] * h);
            lane[l] += LANES;
#endif
        }
    }
    for (; i < count; i++)
        total += f(a + i * h);
    for (int l = 0; l < LANES; l++)
        total += sums[l];
    return total;
#endif
}

static double inner_sum(double a, double h, int64_t n, int workers)
{
    int64_t blocks = (n - 1) / BLOCK;
    double sum = 0;
    (void)workers;
#pragma omp parallel for reduction(+ : sum) num_threads(workers) schedule(static)
    for (int64_t b = 0; b < blocks; b++)
        sum += block_sum(a + (double)(1 + b * BLOCK) * h, h, BLOCK);
    return sum + block_sum(a + (double)(1 + blocks * BLOCK) * h, h, (int)(n - 1 - blocks * BLOCK));
}
#endif

#endif
