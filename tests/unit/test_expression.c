/* test_expression.c: the body type "expression": opening, calling, native code, text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <nfold/body.h>

#include "buffer.h"
#include "isa.h"
#include "native.h"
#include "option.h"

#define POINTS 512

extern const struct nfold_body_type nf_body_expression;
static const struct nfold_body_type *const type = &nf_body_expression;

static const struct nf_option engine_rows[] = {
    {.name = "isa",
     .type = NF_OPTION_CHOICE,
     .initial = "auto",
     .choices = "auto|scalar|avx2|avx512"},
    {0},
};

static nfold_options *options_make(void)
{
    nfold_options *options;
    assert_int_equal(nf_options_new(&options, NULL), 0);
    assert_int_equal(nf_options_add(options, engine_rows, NULL), 0);
    assert_int_equal(nf_options_add(options, type->options, NULL), 0);
    return options;
}

static void option_set(nfold_options *options, const char *name, const char *value)
{
    nfold_error err;
    if (nfold_options_set(options, name, value, &err) < 0)
        fail_msg("--%s %s: %s", name, value, err.message);
}

static void *body_open(const char *text, const nfold_options *options)
{
    void *self;
    nfold_error err;
    if (type->open(&self, text, "x", options, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return self;
}

static double body_value(void *self, double point)
{
    double x[POINTS] NFOLD_ALIGNED = {point}, y[POINTS] NFOLD_ALIGNED;
    void *scratch = aligned_alloc(64, (type->scratch_size(self) + 63) / 64 * 64);
    assert_non_null(scratch);
    assert_int_equal(type->call(self, scratch, x, y, 1, NULL), 0);
    free(scratch);
    return y[0];
}

static void an_expression_opens_without_options(void **state)
{
    (void)state;
    void *self = body_open("x*x+1", NULL);
    assert_true(body_value(self, 3) == 10);
    assert_true(type->cost_ns(self) > 0);
    type->close(self);
}

static void set_gives_names_their_values(void **state)
{
    nfold_options *options = options_make();
    (void)state;
    option_set(options, "set", "k=3");
    option_set(options, "set", "e=0.5"); /* wins over the constant */
    void *self = body_open("k*x+e", options);
    nfold_options_destroy(options);
    assert_true(body_value(self, 2) == 6.5);
    type->close(self);
}

static void a_set_name_that_another_operand_took_is_no_error(void **state)
{
    nfold_options *options = options_make();
    nfold_error err;
    void *self;
    (void)state;
    option_set(options, "set", "k=3");
    option_set(options, "set", "m=4");
    nf_options_assign_take(options, "set", 0);
    assert_int_equal(type->open(&self, "x", "x", options, &err), NFOLD_E_USAGE);
    assert_string_equal(err.message, "--set m: the expression has no such name");
    nf_options_assign_take(options, "set", 1);
    assert_int_equal(type->open(&self, "x", "x", options, &err), 0);
    type->close(self);
    nfold_options_destroy(options);
}

static void a_set_name_that_is_not_used_is_an_error(void **state)
{
    static const char *const texts[] = {"x", "kk*x", "x+1e5", "k(x)"};
    nfold_options *options = options_make();
    nfold_error err;
    void *self;
    (void)state;
    option_set(options, "set", "k=3");
    option_set(options, "set", "kk=3");
    assert_int_equal(type->open(&self, texts[1], "x", options, &err), NFOLD_E_USAGE);
    assert_string_equal(err.message, "--set k: the expression has no such name");
    assert_int_equal(type->open(&self, texts[0], "x", options, &err), NFOLD_E_USAGE);
    assert_int_equal(type->open(&self, texts[2], "x", options, &err), NFOLD_E_USAGE);
    assert_int_equal(type->open(&self, texts[3], "x", options, &err), NFOLD_E_SYNTAX);
    nfold_options_destroy(options);
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    double first = 0;
    (void)state;
    for (int isa = 0; isa < NF_ISA_COUNT; isa++) {
        nfold_options *options = options_make();
        nfold_error err;
        void *self;
        option_set(options, "isa", names[isa]);
        int rc = type->open(&self, "sin(x)*exp(-x)+x^3", "x", options, &err);
        nfold_options_destroy(options);
        if (!nf_isa_runs_here((enum nf_isa)isa)) {
            assert_int_equal(rc, NFOLD_E_MISSING);
            continue;
        }
        assert_int_equal(rc, 0);
        double value = body_value(self, 1.25);
        if (isa == NF_ISA_SCALAR)
            first = value;
        assert_true(value == first);
        assert_true(value > 2.2250136455919 && value < 2.225013645592);
        type->close(self);
    }
}

/* One group of 64 steps in 32 lanes, added up as docs/design/order.md says: exact here, so that
 * any order gives the same. */
static void native_code_computes_what_the_vm_does(void **state)
{
    char compiler[4096];
    struct nfold_native native = {0};
    struct nfold_lanes lanes = {0};
    double base[NFOLD_LANES] NFOLD_ALIGNED, wanted = 0;
    nfold_error err;
    (void)state;
    if (nf_native_find(NULL, compiler, sizeof compiler, NULL) < 0)
        skip();
    void *self = body_open("x*x-3*x", NULL);
    if (type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err) < 0)
        fail_msg("%s\n%s", err.message, err.detail);
    for (unsigned lane = 0; lane < NFOLD_LANES; lane++)
        base[lane] = lane;
    native.kernel(base, NULL, 1, 0, 1, &lanes);
    for (unsigned step = 0; step < NFOLD_GROUP_STEPS; step++)
        wanted += body_value(self, 5 + NFOLD_LANES * (double)step);
    assert_true(lanes.hi[5] == wanted && lanes.lo[5] == 0);
    assert_true(native.compile_seconds > 0);
    type->unload(&native);
    assert_null(native.handle);
    type->close(self);
}

static void a_very_long_expression_has_no_native_code(void **state)
{
    struct nfold_buffer text = {0};
    struct nfold_native native = {0};
    nfold_error err;
    (void)state;
    nf_buffer_string(&text, "x");
    for (unsigned i = 2; i < 4000; i++)
        nf_buffer_print(&text, "+x*%u", i);
    void *self = body_open(nf_buffer_text(&text), NULL);
    assert_int_equal(type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "too many for native code"));
    assert_true(body_value(self, 1) == 3999.0 * 4000 / 2);
    type->close(self);
    nf_buffer_clear(&text);
}

static void a_description_holds_all_that_the_body_was_made_from(void **state)
{
    struct nfold_buffer text = {0};
    nfold_options *options = options_make();
    (void)state;
    void *again;
    option_set(options, "set", "k=0.1");
    option_set(options, "isa", "scalar");
    void *self = body_open("k * x", options);
    assert_int_equal(type->describe(self, &text, NULL), 0);
    assert_string_equal(nf_buffer_text(&text), 
                        "expression x scalar\nset k 3fb999999999999a\ntext k * x");
    assert_int_equal(type->rebuild(&again, text.data, text.size, NULL), 0);
    assert_true(body_value(again, 3) == body_value(self, 3));
    assert_true(type->rebuild(&again, "expression x scalar\ntext", 24, NULL) < 0);
    type->close(again);
    nf_buffer_clear(&text);
    type->close(self);
    nfold_options_destroy(options);
}

static void the_program_can_be_shown(void **state)
{
    struct nfold_buffer ir = {0}, source = {0};
    (void)state;
    void *self = body_open("x*x", NULL);
    assert_int_equal(type->show(self, NFOLD_CODE_IR, NFOLD_SHAPE_SUM, &ir, NULL), 0);
    assert_string_equal(nf_buffer_text(&ir), "v0 = input 0\nv1 = mul v0 v0\nresult v1\n");
    assert_int_equal(type->show(self, NFOLD_CODE_C, NFOLD_SHAPE_SUM, &source, NULL), 0);
    assert_non_null(strstr(nf_buffer_text(&source), "nf_kernel"));
    nf_buffer_clear(&ir);
    nf_buffer_clear(&source);
    type->close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_opens_without_options),
        cmocka_unit_test(set_gives_names_their_values),
        cmocka_unit_test(a_set_name_that_is_not_used_is_an_error),
        cmocka_unit_test(a_set_name_that_another_operand_took_is_no_error),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(native_code_computes_what_the_vm_does),
        cmocka_unit_test(a_very_long_expression_has_no_native_code),
        cmocka_unit_test(a_description_holds_all_that_the_body_was_made_from),
        cmocka_unit_test(the_program_can_be_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
