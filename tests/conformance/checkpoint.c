/* checkpoint.c: a work whose checkpoint has holes anywhere is continued by every backend with the
 * bits of the reference. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "holes.h"
#include "problems.h"
#include "registry.h"
#include "runner.h"
#include "shuffled.h"

#define TRIES 4 /* different holes for each work */

static const struct {
    const char *name;
    unsigned workers;
} paths[] = {{"serial", 1}, {"threads", 3}, {"processes", 2}, {"shuffled", 5}};

static char folder[48];

static const nfold_backend *find_backend(const char *name)
{
    return strcmp(name, "shuffled") == 0 ? &shuffled_backend : nf_backend_find(name);
}

static nfold_context *open_keeping(const nfold_backend *backend, unsigned workers, const char *path)
{
    nfold_options *options;
    nfold_context *context;
    assert_int_equal(nfold_options_create(&options, NULL), 0);
    assert_int_equal(nfold_options_set(options, "checkpoint", path, NULL), 0);
    assert_int_equal(nfold_options_set(options, "native", "off", NULL), 0);
    assert_int_equal(nf_context_open(&context, backend, workers, options, NULL), 0);
    nfold_options_destroy(options);
    return context;
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char block[4096];
    size_t size;
    assert_true(in && out);
    while ((size = fread(block, 1, sizeof block, in)) > 0)
        assert_int_equal(fwrite(block, 1, size, out), size);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Twice, so that holes are continued with holes. */
static void make_holes(const nfold_work *work, unsigned seed, const char *path)
{
    for (unsigned turn = 0; turn < 2; turn++) {
        nfold_context *context = open_keeping(&holes_backend, seed + 100 * turn, path);
        nfold_report *report;
        int rc = nfold_run(context, work, &report, NULL);
        assert_true(rc == 0 || rc == NFOLD_E_INTERNAL);
        nfold_report_free(report);
        nfold_close(context);
    }
}

/* Returns the items that were not done again. */
static uint64_t continue_on(const char *name, unsigned workers, const nfold_work *work,
                            const char *path, struct order_result expected)
{
    nfold_context *context = open_keeping(find_backend(name), workers, path);
    struct order_result result;
    nfold_report *report;
    nfold_error err = {0};
    uint64_t continued;
    if (nfold_run(context, work, &report, &err) < 0)
        fail_msg("%s: %s", name, err.message);
    result = (struct order_result){report->value, report->hi, report->lo};
    runner_compare(name, "continued", work->n, result, expected);
    assert_int_equal(report->items_done, report->items);
    assert_string_equal(report->checkpoint_failure, "");
    continued = report->items_continued;
    nfold_report_free(report);
    nfold_close(context);
    return continued;
}

/* Returns how many of the paths did a part of the work, but not all. */
static unsigned check_work(const nfold_work *work, unsigned seed, struct order_result expected)
{
    unsigned in_parts = 0;
    char kept[64], copy[64];
    snprintf(kept, sizeof kept, "%s/kept", folder);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    make_holes(work, seed, kept);
    for (unsigned k = 0; k < sizeof paths / sizeof *paths; k++) {
        uint64_t continued;
        copy_file(kept, copy);
        continued = continue_on(paths[k].name, paths[k].workers, work, copy, expected);
        in_parts += continued > 0 && (double)continued < work->n;
        /* And what is whole now needs nobody. */
        assert_true((double)continue_on("serial", 1, work, copy, expected) >= work->n);
        unlink(copy);
    }
    unlink(kept);
    return in_parts;
}

static void holes_in_integrals_are_filled(void **state)
{
    static const double sizes[] = {30, 2000, 70002, 2097154};
    const struct problem_case *problem = &problem_cases[1];
    unsigned in_parts = 0, seed = 1;
    (void)state;
    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int rule = 0; rule < 3; rule++) {
            nfold_body *body = runner_expression(problem->expression, "x", NULL);
            nfold_work work = {.size = sizeof work,
                               .kind = NFOLD_INTEGRATE,
                               .body = body,
                               .a = problem->a,
                               .b = problem->b,
                               .n = sizes[k],
                               .rule = (enum nfold_rule)rule,
                               .allow_nonfinite = 1};
            struct order_result expected =
                order_v1_integrate((enum order_rule)rule, problem->f, NULL, problem->a, problem->b,
                                   (uint64_t)sizes[k]);
            for (unsigned turn = 0; turn < TRIES; turn++)
                in_parts += check_work(&work, seed++, expected);
            nfold_body_close(body);
        }
    }
    assert_true(in_parts > seed);
}

static void holes_in_reductions_are_filled(void **state)
{
    static const double sizes[] = {31, 70002};
    const struct problem_case *problem = &problem_cases[1];
    unsigned in_parts = 0, seed = 1000;
    (void)state;
    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int op = 0; op < 6; op++) {
            nfold_body *body = runner_expression(problem->expression, "i", NULL);
            nfold_work work = {.size = sizeof work,
                               .kind = NFOLD_REDUCE,
                               .body = body,
                               .n = sizes[k],
                               .op = (enum nfold_op)op,
                               .allow_nonfinite = 1};
            struct order_result expected =
                order_v1_reduce((enum order_op)op, problem->f, NULL, (uint64_t)sizes[k]);
            for (unsigned turn = 0; turn < TRIES; turn++)
                in_parts += check_work(&work, seed++, expected);
            nfold_body_close(body);
        }
    }
    assert_true(in_parts > 0);
}

static void the_step_error_is_that_of_a_run_in_one_piece(void **state)
{
    nfold_body *body = runner_expression("%1$s*%1$s", "x", NULL);
    nfold_work work = {
        .size = sizeof work, .kind = NFOLD_INTEGRATE, .body = body, .b = 100, .n = 70002};
    double step_error[2];
    char kept[64];
    (void)state;
    snprintf(kept, sizeof kept, "%s/kept", folder);
    for (unsigned k = 0; k < 2; k++) {
        nfold_context *context;
        nfold_report *report;
        if (k == 1)
            make_holes(&work, 7, kept);
        context = open_keeping(nf_backend_find("serial"), 1, kept);
        assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
        step_error[k] = report->step_error;
        nfold_report_free(report);
        nfold_close(context);
        unlink(kept);
    }
    assert_true(step_error[0] > 0 && step_error[0] == step_error[1]);
    nfold_body_close(body);
}

static void a_function_of_the_program_is_refused(void **state)
{
    nfold_body *body;
    nfold_context *context;
    nfold_error err;
    char kept[64];
    (void)state;
    snprintf(kept, sizeof kept, "%s/kept", folder);
    context = open_keeping(nf_backend_find("serial"), 1, kept);
    assert_int_equal(nfold_body_function(&body, problem_cases[0].f, NULL, NULL), 0);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = 10};
    assert_int_equal(nfold_run(context, &work, NULL, &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "known to this process only"));
    assert_int_equal(access(kept, F_OK), -1);
    nfold_body_close(body);
    nfold_close(context);
}

static int make_folder(void **state)
{
    /* In memory where that can be had: hundreds of files are waited for otherwise. */
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)state;
    snprintf(folder, sizeof folder, "%s/nfold-conformance-XXXXXX", root);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_in_integrals_are_filled),
        cmocka_unit_test(holes_in_reductions_are_filled),
        cmocka_unit_test(the_step_error_is_that_of_a_run_in_one_piece),
        cmocka_unit_test(a_function_of_the_program_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
