/* integral_mpi.c: the integral of x*x as a plain C program of MPI: each rank sums a contiguous
 * part, MPI_Reduce adds the parts. The arguments: N [once]; `once`: do it and end, to be timed from
 * outside.
 *
 * With -DKERNEL=GROUPS the sum is made by the C that `nfold integrate 'x*x' 0 100 N --show-code c`
 * prints, compiled with this file: then the two programs share their inner loop and nothing else.
 * It is called for so many groups of points at a time, with new abscissas: 16 are a chunk of
 * nfold's, for which the kernel is made; more than a part has: one call for all. Without -DKERNEL
 * the sum is one of the forms of integral.h.
 */
#include <mpi.h>
#include <string.h>

#include "../serve_ranks.h"
#ifdef KERNEL
#include <stdint.h>
#else
#include "integral.h"
#endif

struct job {
    int64_t n;
    int rank, ranks;
};

#ifdef KERNEL
#define STEP_POINTS  32 /* points of one step of the kernel: its lanes */
#define GROUP_POINTS (64 * STEP_POINTS)

struct nf_lanes {
    double hi[STEP_POINTS] __attribute__((aligned(64)));
    double lo[STEP_POINTS] __attribute__((aligned(64)));
};

static inline double f(double x)
{
    return x * x;
}

void nf_kernel(const double *base, const double *weight, double h, uint64_t first_step,
               uint64_t groups, struct nf_lanes *lanes);

/* f at a + i*h, i from 1 to n - 1 */
static double part_sum(double a, double h, int64_t n)
{
    int64_t groups = (n - 1) / GROUP_POINTS;
    double base[STEP_POINTS] __attribute__((aligned(64))), sum = 0;
    struct nf_lanes lanes = {0};

    for (int64_t done = 0; done < groups; done += KERNEL) {
        int64_t some = groups - done < KERNEL ? groups - done : KERNEL;
        double first = (double)(1 + done * GROUP_POINTS);
        for (int l = 0; l < STEP_POINTS; l++)
            base[l] = a + (first + l) * h;
        nf_kernel(base, base, h, 0, (uint64_t)some, &lanes);
    }
    for (int l = 0; l < STEP_POINTS; l++)
        sum += lanes.hi[l] + lanes.lo[l];
    for (int64_t i = 1 + groups * GROUP_POINTS; i < n; i++)
        sum += f(a + (double)i * h);
    return sum;
}
#else
static double part_sum(double a, double h, int64_t n)
{
    return inner_sum(a, h, n, 1);
}
#endif

static double measure(void *user, double *value)
{
    const struct job *job = user;
    double a = 0, b = 100, start = bench_now(), sum = 0;
    double h = (b - a) / (double)job->n;
    int64_t first = 1 + (job->n - 1) * job->rank / job->ranks;
    int64_t end = 1 + (job->n - 1) * (job->rank + 1) / job->ranks;
    double part = part_sum(a + (double)(first - 1) * h, h, end - first + 1);

    MPI_Reduce(&part, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    *value = h * (0.5 * f(a) + 0.5 * f(b) + sum);
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    struct job job = {.n = argc > 1 ? (int64_t)atof(argv[1]) : 100000000};
    double value;
    int rc = 0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &job.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &job.ranks);
    if (argc > 2 && strcmp(argv[2], "once") == 0) {
        measure(&job, &value);
        if (job.rank == 0)
            printf("%.17g\n", value);
    } else {
        rc = bench_serve_ranks(measure, &job);
    }
    MPI_Finalize();
    return rc;
}
