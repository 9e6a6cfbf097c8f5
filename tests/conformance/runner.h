/* runner.h: one run of one path, as a result to compare. */
#ifndef RUNNER_H
#define RUNNER_H

#include <nfold/backend.h>

#include "order_v1.h"

/* What a path is made of. */
struct path {
    const nfold_backend *backend;
    const char *isa;    /* NULL: the best */
    const char *native; /* NULL: "off" */
    unsigned workers;
};

nfold_context *runner_open(const struct path *path);
/* An expression in the work's variable; %1$s in the pattern stands for it. */
nfold_body *runner_expression(const char *pattern, const char *variable, const char *isa);
/* A new file of C text in a folder of its own; it must stay as long as bodies made of it. */
void runner_write_function(const char *text, char *path, size_t size);
void runner_remove_function(const char *path);
/* "path:name": double name(double x). */
nfold_body *runner_c_function(const char *path, const char *name, const char *isa);
/* Runs with allow_nonfinite; the report's fields as a reference result. Fails the test on error. */
struct order_result runner_run(nfold_context *context, const nfold_work *work);
/* Fails the test, naming both and the case, unless all bits are equal. */
void runner_compare(const char *name, const char *path, double n, struct order_result got,
                    struct order_result expected);
/* Can this instruction set be forced here? */
int runner_has_isa(const char *isa);
int runner_has_compiler(void);

#endif
