/* serve_ranks.h: the manners of serve.h for a program of several MPI ranks. Rank 0 reads and
 * prints; all ranks do the work together, and the time is rank 0's.
 *
 * A rank that waits in MPI spins, and would disturb the contestant whose turn it is: here the
 * others sleep until rank 0 has read the next line.
 */
#ifndef BENCH_SERVE_RANKS_H
#define BENCH_SERVE_RANKS_H

#include <mpi.h>
#include <unistd.h>

#include "serve.h"

#define IDLE_MICROSECONDS 20000 /* between two looks of a rank whose program is not asked */

/* The next count, the same on all ranks; 0: the end. */
static inline int bench_next_count(int rank)
{
    char line[64];
    int count = 0, is_here = 0;
    MPI_Request request;

    if (rank == 0 && fgets(line, sizeof line, stdin))
        count = atoi(line);
    MPI_Ibcast(&count, 1, MPI_INT, 0, MPI_COMM_WORLD, &request);
    while (MPI_Test(&request, &is_here, MPI_STATUS_IGNORE) == MPI_SUCCESS && !is_here)
        usleep(IDLE_MICROSECONDS);
    return count;
}

static inline double bench_together(bench_work_fn *work, void *user, double *value)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double seconds = work(user, value);
    if (seconds < 0)
        MPI_Abort(MPI_COMM_WORLD, 1);
    return seconds;
}

/* work leaves the same value on all ranks, or at least on rank 0. */
static inline int bench_serve_ranks(bench_work_fn *work, void *user)
{
    static double seconds[BENCH_COUNT_MAX];
    double value = 0;
    int rank, count;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    bench_together(work, user, &value);
    if (rank == 0) {
        printf("ready\n");
        fflush(stdout);
    }
    while ((count = bench_next_count(rank)) > 0 && count <= BENCH_COUNT_MAX) {
        bench_together(work, user, &value);
        for (int i = 0; i < count; i++)
            seconds[i] = bench_together(work, user, &value);
        if (rank == 0) {
            printf("%.9e %a\n", bench_median(seconds, count), value);
            fflush(stdout);
        }
    }
    return 0;
}

#endif
