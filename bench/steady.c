/* steady.c: the steady rate of nfold.
 *
 *     bench_steady OPERAND A B N [OPTION=VALUE...]      e.g. 'x*x' 0 100 1e8 workers=1 cc=clang
 *
 * The value is the integral.
 */
#include "steady.h"

int main(int argc, char **argv)
{
    struct steady steady;
    nfold_options *options;
    nfold_error err;
    int rc;

    if (argc < 5) {
        fprintf(stderr, "usage: bench_steady OPERAND A B N [OPTION=VALUE...]\n");
        return 2;
    }
    if (nfold_options_create(&options, &err) < 0)
        return (int)-steady_complain(err.message, err.detail);
    rc = steady_open(&steady, argv + 1, options);
    if (rc == 0)
        rc = steady_settle(&steady, NULL);
    if (rc == 0)
        rc = bench_serve(steady_run, &steady);
    steady_close(&steady);
    return rc ? 1 : 0;
}
