/* C functions as bodies: from a file, from a library, and what is said when they cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nfold/body.h>

#include "native.h"
#include "option.h"

extern const struct nfold_body_type nf_body_cfunction;
static const struct nfold_body_type *const type = &nf_body_cfunction;

/* A name that needs care. */
static char folder[] = "/tmp/nfold' test XXXXXX";
static nfold_options *options;

static char *in_folder(const char *name)
{
    static char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || nf_options_new(&options, NULL) < 0)
        return -1;
    return nf_options_add(options, type->options, NULL);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"good.c",     "part.h",       "bad.c",          "other.c",
                                        "libmine.so", "junk.so",      "libmine.so.1.2", "flags.c",
                                        "kernel.c",   "\"quoted\".c", "lacking.c"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    nfold_options_destroy(options);
    return rmdir(folder);
}

static int try_open(const char *name, void **self, nfold_error *err)
{
    *self = NULL;
    *err = (nfold_error){0};
    return type->open(self, in_folder(name), "x", options, err);
}

/* The body's values at count points are what f gives. */
static void check_values(const char *name, double (*f)(double))
{
    double x[512] NFOLD_ALIGNED, y[512] NFOLD_ALIGNED;
    static const size_t counts[] = {1, 7, 512};
    nfold_error err;
    void *self;
    if (try_open(name, &self, &err) < 0)
        fail_msg("%s\n%s", err.message, err.detail);
    for (size_t i = 0; i < 512; i++)
        x[i] = 0.37 * (double)i - 20;
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        memset(y, 0, sizeof y);
        assert_int_equal(type->call(self, NULL, x, y, counts[k], &err), 0);
        for (size_t i = 0; i < 512; i++) {
            double expected = i < counts[k] ? f(x[i]) : 0;
            assert_memory_equal(&y[i], &expected, sizeof expected);
        }
    }
    type->close(self);
}

static double polynomial(double x)
{
    return (x * x - 3) * x + 0.1;
}

static double magnitude(double x)
{
    return x < 0 ? -x : x;
}

static void write_good(void)
{
    write_file("part.h", "#define CONSTANT 0.1\n");
    write_file("good.c", "#include <math.h>\n#include \"part.h\"\n"
                         "double polynomial(double x) { return (x * x - 3) * x + CONSTANT; }\n"
                         "static double magnitude(double x) { return fabs(x); }\n"
                         "double wave(double x) { return sin(x); }\n"
                         "float single(float x) { return x; }\n"
                         "int main(void) { return 0; }\n");
}

static void a_file_s_functions_have_their_own_values(void **state)
{
    (void)state;
    write_good();
    check_values("good.c:polynomial", polynomial);
    check_values("good.c:magnitude", magnitude);
    check_values("good.c:wave", sin);
}

static void a_library_s_function_has_its_own_values(void **state)
{
    char compiler[PATH_MAX];
    struct nfold_buffer object = {0};
    (void)state;
    assert_int_equal(nf_native_find(NULL, compiler, sizeof compiler, NULL), 0);
    const struct nf_native_job job = {.compiler = compiler,
                                      .source = "double half(double x) { return x / 2; }\n"
                                                "double third_(double *x) { return *x / 3; }\n"
                                                "double variable = 4;\n"
                                                "double polynomial(double x)"
                                                "{ return (x * x - 3) * x + 0.1; }\n"};
    assert_int_equal(nf_native_compile(&job, &object, NULL), 0);
    FILE *file = fopen(in_folder("libmine.so"), "w");
    assert_int_equal(fwrite(object.data, 1, object.size, file), object.size);
    fclose(file);
    nf_buffer_clear(&object);
    check_values("libmine.so:polynomial", polynomial);
    char name[2 * PATH_MAX];
    snprintf(name, sizeof name, "%s", in_folder("libmine.so"));
    assert_int_equal(rename(name, in_folder("libmine.so.1.2")), 0);
    check_values("libmine.so.1.2:polynomial", polynomial);
}

static void operands_are_told_from_expressions(void **state)
{
    static const char *const mine[] = {"f.c:f", "a b/f.c:f", "./lib.so:f", "lib.so.6:f", "f.c",
                                       "f.c:",  "x:y/f.c:f", "f.cpp:f",    "f.o:f"};
    static const char *const others[] = {
        "x*x",  "x > 0 ? 1 : 2", "c:d",         "f.so2:f", "",    ":",
        ".c:f", "x ? f.c : g",   "x ? 2.f : g", "f.cpp",   ".f:g"};
    (void)state;
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        assert_true(type->claims(mine[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(type->claims(others[i]));
}

static void expect_failure(const char *name, int code, const char *message, const char *detail)
{
    void *self;
    nfold_error err;
    int rc = try_open(name, &self, &err);
    if (rc != code || !strstr(err.message, message) || !strstr(err.detail, detail))
        fail_msg("%s: %d %s\n%s", name, rc, err.message, err.detail);
    assert_null(self);
    assert_int_equal(err.code, code);
    assert_true(type->open(&self, in_folder(name), "x", options, NULL) < 0);
}

static void expect_no_detail(const char *name)
{
    void *self;
    nfold_error err;
    assert_true(try_open(name, &self, &err) < 0);
    assert_string_equal(err.detail, "");
    assert_null(strstr(err.message, "did you mean"));
}

static void mistakes_are_named(void **state)
{
    (void)state;
    write_good();
    write_file("bad.c", "double f(double x) { return x +; }\n");
    write_file("junk.so", "this is no library\n");
    expect_failure("none.c:f", NFOLD_E_VALUE, "No such file", "");
    expect_failure("none.so:f", NFOLD_E_VALUE, "No such file", "");
    expect_failure("good.c", NFOLD_E_USAGE, "good.c:NAME", "");
    expect_failure("good.c:", NFOLD_E_USAGE, "good.c:NAME", "");
    expect_failure("good.c:f(x)", NFOLD_E_USAGE, "good.c:NAME", "");
    expect_failure("bad.c:f", NFOLD_E_BODY, "bad.c does not compile", "bad.c:1:");
    expect_failure("good.c:polynomal", NFOLD_E_BODY, "did you mean 'polynomial'", "");
    expect_failure("good.c:zzz", NFOLD_E_BODY, "has no function 'zzz'", "");
    expect_failure("good.c:single", NFOLD_E_BODY, "must be double single(double)", "");
    expect_failure("junk.so:f", NFOLD_E_BODY, "junk.so", "");
    expect_failure("libmine.so.1.2:none", NFOLD_E_BODY, "no function 'none'", "");
    expect_failure("libmine.so.1.2:third", NFOLD_E_BODY, "but 'third_'; a Fortran function", "");
    expect_failure("libmine.so.1.2:variable", NFOLD_E_BODY, "is a variable, not a function", "");
    write_file("lacking.c",
               "double else_where(double); double f(double x) { return else_where(x); }\n");
    expect_failure("lacking.c:f", NFOLD_E_BODY, "uses 'else_where', which neither", "");
    expect_failure("f.cpp:f", NFOLD_E_USAGE, "-o libname.so", "");
}

static double three_and_two(double x)
{
    return x * 3 + 2;
}

/* What gcc and clang say about lines that the user never wrote is not shown. */
static void what_is_no_function_of_a_double_is_said_in_our_words(void **state)
{
    static const char *const compilers[] = {"gcc", "clang"};
    static const char *const wrong[] = {"two", "nothing", "number", "shape", "int", "return"};
    char path[PATH_MAX], name[64], shown[64];
    (void)state;
    write_file("other.c", "double two(double x, double y) { return x + y; }\n"
                          "void nothing(double x) { (void)x; }\n"
                          "int number;\ntypedef double shape;\n#define twice(x) (2 * (x))\n");
    write_file("bad.c", "double f(double x) { return x +; }\n");
    for (size_t k = 0; k < sizeof compilers / sizeof *compilers; k++) {
        if (nf_native_find(compilers[k], path, sizeof path, NULL) < 0)
            continue;
        nfold_options_set(options, "cc", compilers[k], NULL);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            snprintf(name, sizeof name, "other.c:%s", wrong[i]);
            snprintf(shown, sizeof shown, " double %s(double)", wrong[i]);
            expect_failure(name, NFOLD_E_BODY, shown, "");
            expect_no_detail(name);
        }
        expect_failure("other.c:twice", NFOLD_E_BODY, "has no function 'twice'", "");
        expect_no_detail("other.c:twice");
        expect_failure("bad.c:nothing", NFOLD_E_BODY, "bad.c does not compile", "bad.c:1:");
    }
    nfold_options_set(options, "cc", "", NULL);
}

static void flags_and_the_compiler_are_options(void **state)
{
    (void)state;
    write_file("flags.c", "double f(double x) { return x * FACTOR + MORE; }\n");
    expect_failure("flags.c:f", NFOLD_E_BODY, "does not compile", "FACTOR");
    assert_int_equal(nfold_options_set(options, "cflags", " -DFACTOR=2  -DMORE=1", NULL), 0);
    void *self;
    nfold_error err;
    assert_int_equal(try_open("flags.c:f", &self, &err), 0);
    double x NFOLD_ALIGNED = 5, y NFOLD_ALIGNED;
    assert_int_equal(type->call(self, NULL, &x, &y, 1, &err), 0);
    assert_true(y == 11);
    type->close(self);
    char many[4096];
    size_t length = 0;
    for (int i = 0; i < 200; i++)
        length += (size_t)snprintf(many + length, sizeof many - length, "-DMANY%d ", i);
    snprintf(many + length, sizeof many - length, "-DFACTOR=3 -DMORE=2");
    assert_int_equal(nfold_options_set(options, "cflags", many, NULL), 0);
    check_values("flags.c:f", three_and_two);
    assert_int_equal(nfold_options_set(options, "cc", "no-such-compiler", NULL), 0);
    expect_failure("flags.c:f", NFOLD_E_MISSING, "needs a C compiler: the C compiler 'no-such-co",
                   "");
    nfold_options_set(options, "cc", "", NULL);
}

static void what_keeps_a_compiler_from_its_work_is_named(void **state)
{
    static const char *const flags[] = {"-o zz", "-DFACTOR=1 -ozz", "-c", "-S"};
    char *path = strdup(getenv("PATH"));
    (void)state;
    write_good();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        nfold_options_set(options, "cflags", flags[i], NULL);
        expect_failure("good.c:polynomial", NFOLD_E_VALUE, "option 'cflags'", "");
    }
    nfold_options_set(options, "cflags", "", NULL);
    setenv("NFOLD_CC", "/nonexistent", 1);
    expect_failure("good.c:polynomial", NFOLD_E_MISSING, "'/nonexistent'", "");
    unsetenv("NFOLD_CC");
    setenv("PATH", folder, 1);
    expect_failure("good.c:polynomial", NFOLD_E_MISSING, "no cc, gcc or clang in PATH", "");
    setenv("PATH", path, 1);
    free(path);
    nfold_options_set(options, "cc", "false", NULL);
    expect_failure("good.c:polynomial", NFOLD_E_BODY, "false refused the code and did not say", "");
    nfold_options_set(options, "cc", "", NULL);
}

static void a_value_for_a_name_is_refused(void **state)
{
    static const struct nf_option rows[] = {
        {.name = "set", .type = NF_OPTION_ASSIGN, .metavar = "NAME=NUMBER", .help = "a value"},
        {0},
    };
    nfold_options *with_set;
    nfold_error err;
    void *self = NULL;
    (void)state;
    write_good();
    assert_int_equal(nf_options_new(&with_set, NULL), 0);
    assert_int_equal(nf_options_add(with_set, type->options, NULL), 0);
    assert_int_equal(nf_options_add(with_set, rows, NULL), 0);
    assert_int_equal(type->open(&self, in_folder("good.c:polynomial"), "x", with_set, &err), 0);
    type->close(self);
    assert_int_equal(nfold_options_set(with_set, "set", "k=3", NULL), 0);
    assert_int_equal(type->open(&self, in_folder("good.c:polynomial"), "x", with_set, &err),
                     NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "--set k"));
    nfold_options_destroy(with_set);
}

/* One group of 64 steps, folded as docs/design/order.md says. */
static double folded_lane(double (*f)(double), double base, double h)
{
    double term[NFOLD_GROUP_STEPS];
    for (int q = 0; q < NFOLD_GROUP_STEPS; q++)
        term[q] = f(fma(32.0 * q, h, base));
    for (int count = NFOLD_GROUP_STEPS; count > 1; count /= 4)
        for (int k = 0; k < count; k += 4)
            term[k / 4] = ((term[k] + term[k + 1]) + term[k + 2]) + term[k + 3];
    return term[0];
}

static double branching(double x)
{
    return x < 0.3 ? 1 / (1 + x * x) : x * x * x - 7;
}

static void open_kernel_file(void **self)
{
    nfold_error err;
    nfold_options_set(options, "cc", "", NULL);
    nfold_options_set(options, "cflags", "", NULL);
    if (try_open("kernel.c:y0", self, &err) < 0)
        fail_msg("%s\n%s", err.message, err.detail);
}

/* The file has macros with the names of a kernel's variables, and a function with one of libm's. */
static void a_kernel_of_a_file_has_the_bits_of_its_function(void **state)
{
    double base[NFOLD_LANES] NFOLD_ALIGNED;
    struct nfold_lanes lanes = {{0}, {0}};
    struct nfold_native native = {0};
    nfold_error err = {0};
    void *self;
    (void)state;
    write_file("kernel.c", "#define h 7\n#define base 8\n#define a\n#define input\n"
                           "#define points 3\n#define step 4\n#define value 5\n"
                           "__attribute__((noinline)) double y0(double x)"
                           "{ return x < 0.3 ? 1 / (1 + x * x) : x * x * x - h; }\n");
    open_kernel_file(&self);
    if (type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err) < 0)
        fail_msg("%s\n%s", err.message, err.detail);
    for (int lane = 0; lane < NFOLD_LANES; lane++)
        base[lane] = lane / 2048.0 - 0.1;
    native.kernel(base, NULL, 1.0 / 2048, 0, 1, &lanes);
    for (int lane = 0; lane < NFOLD_LANES; lane++)
        assert_true(lanes.hi[lane] == folded_lane(branching, base[lane], 1.0 / 2048));
    type->unload(&native);
    assert_null(native.handle);
    type->close(self);
}

static void a_kernel_that_could_differ_is_refused(void **state)
{
    struct nfold_native native = {0};
    nfold_error err = {0};
    void *self;
    (void)state;
    write_file("kernel.c", "double y0(double x) { return x; }\n");
    open_kernel_file(&self);
    write_file("kernel.c", "double y0(double x) { return x + 1; }\n");
    assert_int_equal(type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "changed"));
    type->close(self);
    nfold_options_set(options, "cflags", "-ffast-math", NULL);
    assert_int_equal(try_open("kernel.c:y0", &self, &err), 0);
    assert_int_equal(type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "-ffast-math"));
    type->close(self);
    nfold_options_set(options, "cflags", "", NULL);
    write_file("\"quoted\".c", "double y0(double x) { return x; }\n");
    assert_int_equal(try_open("\"quoted\".c:y0", &self, &err), 0);
    assert_int_equal(type->compile(self, NFOLD_SHAPE_SUM, NULL, &native, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.message, "quotation"));
    type->close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_s_functions_have_their_own_values),
        cmocka_unit_test(a_library_s_function_has_its_own_values),
        cmocka_unit_test(operands_are_told_from_expressions),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(what_is_no_function_of_a_double_is_said_in_our_words),
        cmocka_unit_test(flags_and_the_compiler_are_options),
        cmocka_unit_test(what_keeps_a_compiler_from_its_work_is_named),
        cmocka_unit_test(a_value_for_a_name_is_refused),
        cmocka_unit_test(a_kernel_of_a_file_has_the_bits_of_its_function),
        cmocka_unit_test(a_kernel_that_could_differ_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
