/* steady.c: the steady rate of nfold: a context that is open, native code that is compiled.
 *
 *     bench_steady OPERAND A B N [OPTION=VALUE...]      e.g. 'x*x' 0 100 1e8 workers=1 cc=clang
 *
 * The time is the report's: from the call to the answer. The value is the integral.
 */
#include <nfold/nfold.h>
#include <string.h>

#include "serve.h"

struct steady {
    nfold_context *context;
    nfold_work work;
};

static double complain(const char *message, const char *detail)
{
    fprintf(stderr, "bench_steady: %s\n%s", message, detail);
    return -1;
}

static double run_once(void *user, double *value)
{
    struct steady *steady = user;
    nfold_report *report;
    nfold_error err;

    if (nfold_run(steady->context, &steady->work, &report, &err) < 0)
        return complain(err.message, err.detail);
    double wall = report->wall;
    *value = report->value;
    nfold_report_free(report);
    return wall;
}

/* Runs until the body runs as compiled code: the first run may still be waiting for the compiler.
 */
static int settle(struct steady *steady, int wants_native)
{
    for (int i = 0; i < 200; i++) {
        nfold_report *report;
        nfold_error err;
        if (nfold_run(steady->context, &steady->work, &report, &err) < 0)
            return (int)complain(err.message, err.detail);
        int is_native = strcmp(report->native, "native") == 0;
        nfold_report_free(report);
        if (is_native || !wants_native)
            return 0;
    }
    return (int)complain("the body never ran as native code", "");
}

static int set_option(nfold_options *options, char *assignment, nfold_error *err)
{
    char *equals = strchr(assignment, '=');
    if (!equals)
        return (int)complain("an option is written NAME=VALUE", "\n");
    *equals = '\0';
    return nfold_options_set(options, assignment, equals + 1, err);
}

int main(int argc, char **argv)
{
    struct steady steady = {.work = {.size = sizeof steady.work, .kind = NFOLD_INTEGRATE}};
    nfold_options *options = NULL;
    nfold_error err = {0};
    int rc;

    if (argc < 5) {
        fprintf(stderr, "usage: bench_steady OPERAND A B N [OPTION=VALUE...]\n");
        return 2;
    }
    steady.work.a = atof(argv[2]);
    steady.work.b = atof(argv[3]);
    steady.work.n = atof(argv[4]);
    rc = nfold_options_create(&options, &err);
    for (int i = 5; rc >= 0 && i < argc; i++)
        rc = set_option(options, argv[i], &err);
    if (rc >= 0)
        rc = nfold_open(&steady.context, options, &err);
    if (rc >= 0)
        rc = nfold_body_open(&steady.work.body, argv[1], "x", options, &err);
    if (rc < 0) {
        complain(err.message, err.detail);
    } else {
        const char *native = nfold_options_get(options, "native");
        rc = settle(&steady, native && strcmp(native, "on") == 0);
        if (rc == 0)
            rc = bench_serve(run_once, &steady);
    }
    nfold_body_close(steady.work.body);
    nfold_close(steady.context);
    nfold_options_destroy(options);
    return rc ? 1 : 0;
}
