/* mpi.c: the steady rate of nfold in a program of MPI, which starts MPI itself and gives nfold its
 * communicator.
 *
 *     bench_mpi OPERAND A B N [OPTION=VALUE...]
 *
 * bench/run.py compiles it once for each MPI.
 */
#include "serve_ranks.h"
#include "steady.h"

/* Are all ranks settled? */
static int agree(int is_settled)
{
    int are_settled = 0;
    MPI_Allreduce(&is_settled, &are_settled, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return are_settled;
}

int main(int argc, char **argv)
{
    MPI_Comm communicator = MPI_COMM_WORLD;
    struct steady steady;
    nfold_options *options;
    nfold_error err;
    int level;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (argc < 5) {
        fprintf(stderr, "usage: bench_mpi OPERAND A B N [OPTION=VALUE...]\n");
        return 2;
    }
    if (nfold_options_create(&options, &err) < 0 ||
        nfold_options_set_communicator(options, &communicator, &err) < 0)
        return (int)-steady_complain(err.message, err.detail);
    if (steady_open(&steady, argv + 1, options) < 0 || steady_settle(&steady, agree) < 0)
        MPI_Abort(MPI_COMM_WORLD, 1);
    bench_serve_ranks(steady_run, &steady);
    steady_close(&steady);
    MPI_Finalize();
    return 0;
}
