/* Tests of upgrade.h: native code beside a run, with a body whose compiler does what a test wants.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "context.h"
#include "error.h"
#include "registry.h"
#include "upgrade.h"

/* f(x) = 1: a chunk is easy to fold by hand. */
struct fake {
    int compile_code; /* what compile returns */
    int gives_wrong_bits;
    int is_infinite;      /* f(x) is infinite instead */
    int changes_rounding; /* for x >= 0.5 */
    int compiles_until_cancelled;
    double item_seconds;
    _Atomic int compiles, unloads, cancelled;
};

static int fake_call(const void *self, void *scratch, const double *x, double *y, size_t count,
                     nfold_error *err)
{
    const struct fake *fake = self;
    double end = nf_clock_now() + fake->item_seconds * (double)count;
    (void)scratch;
    (void)err;
    for (size_t k = 0; k < count; k++)
        y[k] = fake->is_infinite ? INFINITY : 1;
    for (size_t k = 0; fake->changes_rounding && k < count; k++)
        if (x[k] >= 0.5)
            fesetround(FE_UPWARD);
    while (fake->item_seconds > 0 && nf_clock_now() < end)
        ;
    return 0;
}

static void right_kernel(const double *base, const double *weight, double h, uint64_t first_step,
                         uint64_t groups, struct nfold_lanes *lanes)
{
    (void)base;
    (void)weight;
    (void)h;
    (void)first_step;
    for (int l = 0; l < NFOLD_LANES; l++)
        lanes->hi[l] += (double)(groups * NFOLD_GROUP_STEPS);
}

static void infinite_kernel(const double *base, const double *weight, double h, uint64_t first_step,
                            uint64_t groups, struct nfold_lanes *lanes)
{
    right_kernel(base, weight, h, first_step, groups, lanes);
    for (int l = 0; l < NFOLD_LANES; l++) {
        lanes->hi[l] = INFINITY;
        lanes->lo[l] = (double)NAN;
    }
}

static void rounding_kernel(const double *base, const double *weight, double h, uint64_t first_step,
                            uint64_t groups, struct nfold_lanes *lanes)
{
    right_kernel(base, weight, h, first_step, groups, lanes);
    if (base[0] >= 0.5)
        fesetround(FE_UPWARD);
}

static void wrong_kernel(const double *base, const double *weight, double h, uint64_t first_step,
                         uint64_t groups, struct nfold_lanes *lanes)
{
    right_kernel(base, weight, h, first_step, groups, lanes);
    lanes->lo[17] += 0x1p-70;
}

static int fake_compile(const void *self, enum nfold_shape shape, const volatile int *cancel,
                        struct nfold_native *native, nfold_error *err)
{
    struct fake *fake = (struct fake *)self;
    (void)shape;
    atomic_fetch_add(&fake->compiles, 1);
    while (fake->compiles_until_cancelled) {
        if (__atomic_load_n(cancel, __ATOMIC_RELAXED)) {
            fake->cancelled = 1;
            return NFOLD_E_STOPPED;
        }
        usleep(1000);
    }
    if (fake->compile_code < 0)
        return nf_fail(err, fake->compile_code, "no compiler was found");
    native->kernel = fake->gives_wrong_bits   ? wrong_kernel
                     : fake->is_infinite      ? infinite_kernel
                     : fake->changes_rounding ? rounding_kernel
                                              : right_kernel;
    native->handle = fake;
    return 0;
}

static void fake_unload(struct nfold_native *native)
{
    struct fake *fake = native->handle;
    atomic_fetch_add(&fake->unloads, 1);
}

static double fake_cost(const void *self)
{
    const struct fake *fake = self;
    return fake->item_seconds > 0 ? fake->item_seconds * 1e9 : 1;
}

static const struct nfold_body_type fake_type = {
    .abi = NFOLD_BODY_ABI,
    .name = "fake",
    .forms = NFOLD_FORM_CALL,
    .traits = NFOLD_BODY_PURE,
    .call = fake_call,
    .cost_ns = fake_cost,
    .compile = fake_compile,
    .unload = fake_unload,
};

/* As if f were a C function of the user's. */
static const struct nfold_body_type fake_user_type = {
    .abi = NFOLD_BODY_ABI,
    .name = "fake of the user's",
    .forms = NFOLD_FORM_CALL,
    .traits = NFOLD_BODY_PURE | NFOLD_BODY_USER_CODE,
    .call = fake_call,
    .cost_ns = fake_cost,
    .compile = fake_compile,
    .unload = fake_unload,
};

static nfold_body *fake_body(struct fake *fake)
{
    nfold_body *body = calloc(1, sizeof *body);
    assert_non_null(body);
    body->type = &fake_type;
    body->self = fake;
    body->kernels = nf_kernels_create();
    return body;
}

static nfold_context *open_native(const char *native)
{
    nfold_options *options;
    nfold_context *context;
    assert_int_equal(nfold_options_create(&options, NULL), 0);
    assert_int_equal(nfold_options_set(options, "native", native, NULL), 0);
    assert_int_equal(nf_context_open(&context, nf_backend_find("threads"), 2, options, NULL), 0);
    nfold_options_destroy(options);
    return context;
}

static nfold_report *run(const char *native, nfold_body *body, double n)
{
    nfold_context *context = open_native(native);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = n};
    nfold_report *report;
    nfold_error err = {0};
    if (nfold_run(context, &work, &report, &err) < 0)
        fail_msg("%s", err.message);
    nfold_close(context);
    assert_true(report->value == 1);
    return report;
}

static void native_code_is_compiled_once_for_a_body(void **state)
{
    struct fake fake = {0};
    nfold_body *body = fake_body(&fake);
    (void)state;
    for (int again = 0; again < 3; again++) {
        nfold_report *report = run(again ? "auto" : "on", body, 4e6);
        assert_string_equal(report->native, "native");
        assert_null(strstr(report->note, "native"));
        nfold_report_free(report);
    }
    assert_int_equal(fake.compiles, 1);
    nfold_body_close(body);
    assert_int_equal(fake.unloads, 1);
}

static void native_code_with_other_bits_is_dropped(void **state)
{
    struct fake fake = {.gives_wrong_bits = 1};
    nfold_body *body = fake_body(&fake);
    nfold_report *report = run("on", body, 4e6);
    (void)state;
    assert_string_equal(report->native, "vm");
    assert_non_null(strstr(report->note, "its bits differed"));
    nfold_report_free(report);
    assert_int_equal(fake.unloads, 1);
    nfold_body_close(body);
    assert_int_equal(fake.unloads, 1);
}

/* Infinity - infinity is another NaN than the canonical one on x86. */
static void native_code_of_sums_that_overflow_is_kept(void **state)
{
    struct fake fake = {.is_infinite = 1};
    nfold_body *body = fake_body(&fake);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = 4e6, .allow_nonfinite = 1};
    nfold_context *context = open_native("on");
    nfold_report *report;
    (void)state;
    assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
    assert_string_equal(report->native, "native");
    assert_true(report->value == INFINITY);
    nfold_report_free(report);
    nfold_close(context);
    nfold_body_close(body);
}

static void a_run_that_is_long_enough_compiles_beside_itself(void **state)
{
    struct fake fake = {.item_seconds = 1e-6};
    nfold_body *body = fake_body(&fake);
    nfold_report *report = run("auto", body, 4e6);
    (void)state;
    assert_string_equal(report->native, "mixed");
    assert_int_equal(fake.compiles, 1);
    nfold_report_free(report);
    nfold_body_close(body);
}

static void a_short_run_compiles_nothing(void **state)
{
    struct fake fake = {0};
    nfold_body *body = fake_body(&fake);
    nfold_report *report = run("auto", body, 4e6);
    (void)state;
    if (report->wall > 0.05) /* on a machine so busy it may look worth compiling */
        skip();
    assert_string_equal(report->native, "vm");
    assert_int_equal(fake.compiles, 0);
    nfold_report_free(report);
    nfold_report_free(report = run("off", body, 4e6));
    nfold_report_free(report = run("auto", body, 1e6)); /* chunks too short for it */
    assert_int_equal(fake.compiles, 0);
    nfold_body_close(body);
}

/* Compiled where it was asked for, though chunks are too short for it; used by the next run. */
static void native_code_that_is_asked_for_is_compiled_for_any_number_of_items(void **state)
{
    struct fake fake = {0};
    nfold_body *body = fake_body(&fake);
    nfold_report *report;
    (void)state;
    for (double n = 10; n < 2e6; n *= 1e5) {
        report = run("on", body, n);
        assert_non_null(strstr(report->note, "too few items for native code"));
        assert_string_equal(report->native, "vm");
        assert_int_equal(fake.compiles, 1);
        nfold_report_free(report);
    }
    report = run("on", body, 4e6);
    assert_string_equal(report->native, "native");
    assert_null(strstr(report->note, "native"));
    nfold_report_free(report);
    assert_int_equal(fake.compiles, 1);
    nfold_body_close(body);
    assert_int_equal(fake.unloads, 1);
}

static void a_missing_compiler_is_a_note_beside_a_run_and_a_failure_before_one(void **state)
{
    struct fake fake = {.compile_code = NFOLD_E_MISSING, .item_seconds = 150e-9};
    nfold_body *body = fake_body(&fake);
    nfold_report *report = run("auto", body, 4e6);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = 4e6};
    nfold_context *context = open_native("on");
    nfold_error err;
    (void)state;
    assert_string_equal(report->note, "no native code: no compiler was found");
    nfold_report_free(report);
    for (work.n = 10; work.n <= 1e7; work.n *= 1000) {
        assert_int_equal(nfold_run(context, &work, &report, &err), NFOLD_E_MISSING);
        assert_null(report);
    }
    nfold_close(context);
    nfold_body_close(body);
}

static void native_code_that_changes_the_rounding_fails_at_the_item_that_does(void **state)
{
    struct fake fake = {.changes_rounding = 1};
    nfold_body *body = fake_body(&fake);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = 0x1p22};
    nfold_context *context = open_native("on");
    nfold_error err;
    (void)state;
    body->type = &fake_user_type;
    assert_int_equal(nfold_run(context, &work, NULL, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "(item 2097152 of 4194305): the function changed"));
    assert_int_equal(fegetround(), FE_TONEAREST);
    nfold_close(context);
    nfold_body_close(body);
}

static void the_end_of_a_run_ends_the_compiler(void **state)
{
    struct fake fake = {.compiles_until_cancelled = 1, .item_seconds = 150e-9};
    nfold_body *body = fake_body(&fake);
    nfold_report *report = run("auto", body, 4e6);
    (void)state;
    assert_int_equal(fake.compiles, 1);
    assert_int_equal(fake.cancelled, 1);
    assert_null(strstr(report->note, "native"));
    nfold_report_free(report);
    nfold_body_close(body);
}

static void user_code_is_never_called_the_vms_and_the_report_says_whose_it_is(void **state)
{
    struct fake fake = {0};
    nfold_body *body = fake_body(&fake);
    nfold_report *report;
    (void)state;
    body->type = &fake_user_type;
    report = run("off", body, 4e6);
    assert_string_equal(report->native, "none");
    nfold_report_free(report);
    report = run("on", body, 4e6);
    assert_string_equal(report->native, "native");
    assert_int_equal(report->is_user_code, 1);
    nfold_report_free(report);
    nfold_body_close(body);
}

struct stopper {
    nfold_context *context;
    const struct fake *fake;
};

static void *stop_later(void *data)
{
    const struct stopper *stopper = data;
    while (atomic_load(&stopper->fake->compiles) == 0)
        usleep(1000);
    usleep(30000);
    nfold_stop(stopper->context);
    return NULL;
}

static void a_stop_ends_the_compiler_that_a_run_waits_for(void **state)
{
    struct fake fake = {.compiles_until_cancelled = 1};
    nfold_body *body = fake_body(&fake);
    nfold_work work = {.size = sizeof work, .body = body, .b = 1, .n = 4e6};
    nfold_context *context = open_native("on");
    nfold_report *report;
    nfold_error err;
    struct stopper stopper = {context, &fake};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, &stopper), 0);
    assert_int_equal(nfold_run(context, &work, &report, &err), NFOLD_E_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(report->items_done, 0);
    assert_int_equal(report->workers, 0);
    assert_true(report->compile > 0 && report->wall >= 0);
    nfold_report_free(report);
    nfold_close(context);
    nfold_body_close(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_code_is_compiled_once_for_a_body),
        cmocka_unit_test(native_code_with_other_bits_is_dropped),
        cmocka_unit_test(native_code_of_sums_that_overflow_is_kept),
        cmocka_unit_test(a_run_that_is_long_enough_compiles_beside_itself),
        cmocka_unit_test(a_short_run_compiles_nothing),
        cmocka_unit_test(native_code_that_is_asked_for_is_compiled_for_any_number_of_items),
        cmocka_unit_test(a_missing_compiler_is_a_note_beside_a_run_and_a_failure_before_one),
        cmocka_unit_test(user_code_is_never_called_the_vms_and_the_report_says_whose_it_is),
        cmocka_unit_test(native_code_that_changes_the_rounding_fails_at_the_item_that_does),
        cmocka_unit_test(the_end_of_a_run_ends_the_compiler),
        cmocka_unit_test(a_stop_ends_the_compiler_that_a_run_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
