/* threaded.c: a program with a second thread runs an integral on two worker processes. */
#include <nfold/nfold.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *wait_for_ever(void *argument)
{
    pause();
    return argument;
}

int main(void)
{
    nfold_options *options = NULL;
    nfold_context *context = NULL;
    nfold_report *report = NULL;
    nfold_error err;
    pthread_t thread;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100, .n = 1e8};
    int rc = pthread_create(&thread, NULL, wait_for_ever, NULL);
    if (rc == 0)
        rc = nfold_options_create(&options, &err);
    if (rc == 0)
        rc = nfold_options_set(options, "backend", "processes", &err);
    if (rc == 0)
        rc = nfold_options_set(options, "workers", "2", &err);
    if (rc == 0)
        rc = nfold_open(&context, options, &err);
    if (rc == 0)
        rc = nfold_body_open(&work.body, "x*x", "x", options, &err);
    if (rc == 0)
        rc = nfold_run(context, &work, &report, &err);
    if (rc == 0)
        printf("%.17g %s %u\n", report->value, report->backend, report->workers);
    else
        fprintf(stderr, "%s\n", err.message);
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    return rc != 0;
}
