/* runner.c: opens paths and bodies, runs works, compares bits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "isa.h"
#include "native.h"

static nfold_options *make_options(const char *isa, const char *native)
{
    nfold_options *options;
    nfold_error err = {0};
    int rc = nfold_options_create(&options, &err);
    if (rc == 0)
        rc = nfold_options_set(options, "native", native ? native : "off", &err);
    if (rc == 0 && isa)
        rc = nfold_options_set(options, "isa", isa, &err);
    if (rc < 0)
        fail_msg("options: %s", err.message);
    return options;
}

nfold_context *runner_open(const struct path *path)
{
    nfold_options *options = make_options(path->isa, path->native);
    nfold_context *context;
    nfold_error err = {0};
    if (nf_context_open(&context, path->backend, path->workers, options, &err) < 0)
        fail_msg("%s: %s", path->backend->name, err.message);
    nfold_options_destroy(options);
    return context;
}

static nfold_body *open_body(const char *operand, const char *variable, const char *isa)
{
    nfold_options *options = make_options(isa, NULL);
    nfold_body *body;
    nfold_error err = {0};
    if (nfold_body_open(&body, operand, variable, options, &err) < 0)
        fail_msg("%s: %s", operand, err.message);
    nfold_options_destroy(options);
    return body;
}

nfold_body *runner_expression(const char *pattern, const char *variable, const char *isa)
{
    char text[256] = "";
    size_t length = 0;
    for (const char *at = pattern; *at;) {
        int is_variable = strncmp(at, "%1$s", 4) == 0;
        assert_true(length + 2 < sizeof text);
        text[length++] = is_variable ? variable[0] : *at;
        at += is_variable ? 4 : 1;
    }
    return open_body(text, variable, isa);
}

void runner_write_function(const char *text, char *path, size_t size)
{
    char folder[] = "/tmp/nfold-conformance-XXXXXX";
    FILE *file;
    assert_non_null(mkdtemp(folder));
    snprintf(path, size, "%s/body.c", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

void runner_remove_function(const char *path)
{
    char folder[PATH_MAX];
    unlink(path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    rmdir(folder);
}

nfold_body *runner_c_function(const char *path, const char *name, const char *isa)
{
    char operand[PATH_MAX + 64];
    snprintf(operand, sizeof operand, "%s:%s", path, name);
    return open_body(operand, "x", isa);
}

struct order_result runner_run(nfold_context *context, const nfold_work *work)
{
    nfold_work allowing = *work;
    struct order_result result;
    nfold_report *report;
    nfold_error err = {0};
    allowing.size = sizeof allowing;
    allowing.allow_nonfinite = 1;
    if (nfold_run(context, &allowing, &report, &err) < 0)
        fail_msg("n = %.0f: %s", work->n, err.message);
    assert_int_equal(report->items, report->items_done);
    result = (struct order_result){report->value, report->hi, report->lo};
    nfold_report_free(report);
    return result;
}

void runner_compare(const char *name, const char *path, double n, struct order_result got,
                    struct order_result expected)
{
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("%s, n = %.0f, %s:\n got      %a  hi %a  lo %a\n expected %a  hi %a  lo %a", name,
                 n, path, got.value, got.hi, got.lo, expected.value, expected.hi, expected.lo);
}

int runner_has_isa(const char *name)
{
    enum nf_isa isa;
    return nf_isa_parse(name, &isa) == 0 && nf_isa_runs_here(isa);
}

int runner_has_compiler(void)
{
    char path[PATH_MAX];
    return nf_native_find(NULL, path, sizeof path, NULL) == 0;
}
