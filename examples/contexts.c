/* contexts.c: the same integral on 1, 2 and 4 workers. The bits are the same each time; the report
 * says what each run cost. The body is a C function of this program.
 *
 *     cc contexts.c $(pkg-config --cflags --libs nfold) -o contexts && ./contexts
 */
#include <nfold/nfold.h>
#include <stdio.h>

/* 1 / (1 + (x/width)^2); what user points to is only read, so that many threads can call it. */
static double bump(double x, void *user)
{
    const double *width = user;
    double t = x / *width;
    return 1 / (1 + t * t);
}

/* Runs the work with this many workers and prints one line of its report. */
static int run_with(const char *workers, const nfold_work *work, nfold_error *err)
{
    nfold_options *options = NULL;
    nfold_context *context = NULL;
    nfold_report *report = NULL;

    int rc = nfold_options_create(&options, err);
    if (rc >= 0)
        rc = nfold_options_set(options, "workers", workers, err);
    if (rc >= 0)
        rc = nfold_open(&context, options, err);
    if (rc >= 0)
        rc = nfold_run(context, work, &report, err);
    if (rc >= 0)
        printf("%s workers: %.17g  %.1f ms, %.0f %% of the workers' time used %s\n", workers,
               report->value, report->wall * 1e3, report->efficiency * 100, report->note);

    nfold_report_free(report);
    nfold_close(context);
    nfold_options_destroy(options);
    return rc;
}

int main(void)
{
    static const char *const worker_counts[] = {"1", "2", "4"};
    double width = 0.5;
    nfold_error err;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = -1, .b = 1, .n = 4e6};

    int rc = nfold_body_function(&work.body, bump, &width, &err);
    for (int i = 0; rc >= 0 && i < 3; i++)
        rc = run_with(worker_counts[i], &work, &err);
    nfold_body_close(work.body);

    if (rc < 0)
        fprintf(stderr, "contexts: %s\n%s", err.message, err.detail);
    return rc < 0 ? nfold_error_status(err.code) : 0;
}
