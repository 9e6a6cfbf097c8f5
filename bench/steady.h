/* steady.h: nfold as a contestant: a context that is open, a body that is compiled. */
#ifndef BENCH_STEADY_H
#define BENCH_STEADY_H

#include <nfold/nfold.h>
#include <string.h>

#include "serve.h"

struct steady {
    nfold_options *options;
    nfold_context *context;
    nfold_work work;
};

static inline double steady_complain(const char *message, const char *detail)
{
    fprintf(stderr, "bench_steady: %s\n%s", message, detail);
    return -1;
}

/* A bench_work_fn: one run; the time is the report's, from the call to the answer. */
static inline double steady_run(void *user, double *value)
{
    struct steady *steady = user;
    nfold_report *report;
    nfold_error err;

    if (nfold_run(steady->context, &steady->work, &report, &err) < 0)
        return steady_complain(err.message, err.detail);
    double wall = report->wall;
    *value = report->value;
    nfold_report_free(report);
    return wall;
}

static inline int steady_set_option(nfold_options *options, char *assignment, nfold_error *err)
{
    char *equals = strchr(assignment, '=');
    if (!equals)
        return (int)steady_complain("an option is written NAME=VALUE", "\n");
    *equals = '\0';
    return nfold_options_set(options, assignment, equals + 1, err);
}

/* words: OPERAND A B N [OPTION=VALUE...], and NULL. Complains by itself. options may hold more. */
static inline int steady_open(struct steady *steady, char **words, nfold_options *options)
{
    nfold_error err = {0};
    int rc = 0;

    *steady = (struct steady){.options = options,
                              .work = {.size = sizeof steady->work,
                                       .kind = NFOLD_INTEGRATE,
                                       .a = atof(words[1]),
                                       .b = atof(words[2]),
                                       .n = atof(words[3])}};
    for (int i = 4; rc >= 0 && words[i]; i++)
        rc = steady_set_option(options, words[i], &err);
    if (rc >= 0)
        rc = nfold_open(&steady->context, options, &err);
    if (rc >= 0)
        rc = nfold_body_open(&steady->work.body, words[0], "x", options, &err);
    return rc < 0 ? (int)steady_complain(err.message, err.detail) : 0;
}

/* Runs until the body runs as compiled code: the first run may still be waiting for the compiler.
 * agree: makes one answer of those of several ranks; NULL: there is one. */
static inline int steady_settle(struct steady *steady, int (*agree)(int))
{
    const char *native = nfold_options_get(steady->options, "native");
    int wants_native = native && strcmp(native, "on") == 0;
    for (int i = 0; i < 200; i++) {
        nfold_report *report;
        nfold_error err;
        if (nfold_run(steady->context, &steady->work, &report, &err) < 0)
            return (int)steady_complain(err.message, err.detail);
        int is_settled = !wants_native || strcmp(report->native, "native") == 0;
        nfold_report_free(report);
        if (agree ? agree(is_settled) : is_settled)
            return 0;
    }
    return (int)steady_complain("the body never ran as native code", "");
}

static inline void steady_close(struct steady *steady)
{
    nfold_body_close(steady->work.body);
    nfold_close(steady->context);
    nfold_options_destroy(steady->options);
}

#endif
