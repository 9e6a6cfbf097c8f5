/* ranks.c: a program of MPI that has an integral computed by its own ranks. It calls MPI_Init and
 * keeps its communicators; nfold talks in a duplicate of the one that it is given. Every rank gets the
 * answer, with the bits that one thread gives.
 *
 *     mpicc ranks.c $(pkg-config --cflags --libs nfold) -o ranks && mpirun -n 4 ./ranks
 */
#include <mpi.h>
#include <nfold/nfold.h>
#include <stdio.h>

/* Called on every rank, for that rank's part of the points. */
static double bell(double x, void *user)
{
    const double *width = user;
    double t = x / *width;
    return 1 / (1 + t * t);
}

/* Opened by all ranks together, like everything in MPI. */
static int open_ranks(nfold_context **context, const MPI_Comm *ranks, nfold_error *err)
{
    nfold_options *options = NULL;
    int rc = nfold_options_create(&options, err);
    if (rc >= 0)
        rc = nfold_options_set(options, "backend", "mpi", err);
    if (rc >= 0)
        rc = nfold_options_set_communicator(options, ranks, err);
    if (rc >= 0)
        rc = nfold_open(context, options, err);
    nfold_options_destroy(options);
    return rc;
}

static int integrate(nfold_context *context, int rank, nfold_error *err)
{
    double width = 0.5;
    nfold_report *report = NULL;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = -1, .b = 1, .n = 4e6};
    int rc = nfold_body_function(&work.body, bell, &width, err);
    if (rc >= 0)
        rc = nfold_run(context, &work, &report, err);
    if (rc >= 0)
        printf("rank %d of %u has %.17g\n", rank, report->workers, report->value);
    nfold_report_free(report);
    nfold_body_close(work.body);
    return rc;
}

int main(int argc, char **argv)
{
    nfold_context *context = NULL;
    nfold_error err;
    MPI_Comm ranks = MPI_COMM_WORLD;
    int rank, rc;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(ranks, &rank);
    rc = open_ranks(&context, &ranks, &err);
    if (rc >= 0)
        rc = integrate(context, rank, &err);
    nfold_close(context);
    if (rc < 0) {
        fprintf(stderr, "rank %d: %s\n%s", rank, err.message, err.detail);
        MPI_Abort(ranks, 1);
    }
    MPI_Finalize();
    return 0;
}
