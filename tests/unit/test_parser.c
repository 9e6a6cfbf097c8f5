/* test_parser.c: what expressions mean, and how large they may be. Their errors:
 * test_parser_errors.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "double_bits.h"
#include "expr.h"
#include "math.h"

static const struct nf_expr_binding set[] = {
    {"k", 3}, {"two", 2}, {"k2", 1}, {"k2", 7}, {"sin", 9}};
static const struct nf_expr_names names = {"x", set, sizeof(set) / sizeof(set[0])};

static double value_of(const char *text, double x)
{
    nfold_error err = {0};
    nf_ir ir;

    if (nf_expr_compile(&ir, text, &names, &err) < 0)
        fail_msg("%.200s: %s", text, err.message);
    double value = nf_ir_evaluate(&ir, &x);
    nf_ir_clear(&ir);
    return value;
}

static void assert_value(const char *text, double x, double expected)
{
    double value = value_of(text, x);

    if (isnan(expected) ? !isnan(value) : nf_double_to_bits(value) != nf_double_to_bits(expected))
        fail_msg("%s at x = %a is %a, not %a", text, x, value, expected);
}

static void assert_same(const char *a, const char *b)
{
    static const double points[] = {-2.5, -1, -0.0, 0.0, 0.1, 1.0 / 3, 1, 2, 7.25, 1e300, NAN};

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        double va = value_of(a, points[i]), vb = value_of(b, points[i]);
        if (nf_double_to_bits(va) != nf_double_to_bits(vb) && !(isnan(va) && isnan(vb)))
            fail_msg("at x = %a: %s is %a, %s is %a", points[i], a, va, b, vb);
    }
}

/* The program itself, which says more than a value: nothing was computed beside what was written.
 */
static size_t count_of(const char *text, enum nf_ir_op op)
{
    nf_ir ir;
    size_t count = 0;

    assert_int_equal(nf_expr_compile(&ir, text, &names, NULL), 0);
    for (size_t i = 0; i < ir.count; i++)
        count += ir.instruction[i].op == op;
    nf_ir_clear(&ir);
    return count;
}

static void numbers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    assert_value("1e3", 0, 1000);
    assert_value(".5", 0, 0.5);
    assert_value("5.", 0, 5);
    assert_value("0x1p-3", 0, 0.125);
    assert_value("0.1", 0, 0.1);
    assert_value("1E-2", 0, 0.01);
    assert_value("9007199254740993", 0, 9007199254740992);
    assert_value("2.2250738585072011e-308", 0, 0x0.fffffffffffffp-1022);
    assert_value("1e-400", 0, 0);
    assert_value(" \t\n7\r ", 0, 7);
}

static void names_are_variable_then_set_then_constant(void **state)
{
    (void)state;
    assert_value("pi", 0, 0x1.921fb54442d18p+1);
    assert_value("inf", 0, INFINITY);
    assert_value("-inf", 0, -INFINITY);
    assert_value("nan", 0, NAN);
    assert_value("x", 4, 4);
    assert_value("k*two", 0, 6);
    assert_value("k2", 0, 7); /* the last --set of a name counts */
    assert_value("sin + sin(0)", 0, 9);

    const struct nf_expr_binding own = {"e", 5}; /* was meant */
    const struct nf_expr_names other = {"i", &own, 1};
    nf_ir ir;
    double i = 2;
    assert_int_equal(nf_expr_compile(&ir, "i*e", &other, NULL), 0);
    assert_true(nf_ir_evaluate(&ir, &i) == 10);
    nf_ir_clear(&ir);
}

static void a_constant_expression_needs_no_variable(void **state)
{
    const struct nf_expr_names nothing = {0};
    nf_ir ir;

    (void)state;
    assert_int_equal(nf_expr_compile(&ir, "2*3", &nothing, NULL), 0);
    assert_true(nf_ir_evaluate(&ir, NULL) == 6);
    nf_ir_clear(&ir);
    assert_int_equal(nf_expr_compile(&ir, "x", &nothing, NULL), NFOLD_E_SYNTAX);
    nf_ir_clear(&ir);
}

static void operators_bind_as_documented(void **state)
{
    static const char *const pairs[][2] = {
        {"1+x*3", "1+(x*3)"},
        {"x-1-2", "(x-1)-2"},
        {"x/3/7", "(x/3)/7"},
        {"x/3*7", "(x/3)*7"},
        {"x-3+7", "(x-3)+7"},
        {"-x*3", "(-x)*3"},
        {"x*-3", "x*(-3)"},
        {"x--3", "x-(-3)"},
        {"x - + - 3", "x-(-3)"},
        {"-x^2", "-(x^2)"},
        {"-x**2", "-(x*x)"},
        {"2*x^2", "2*(x*x)"},
        {"x^2*3", "(x*x)*3"},
        {"x+1 < 2*x", "(x+1) < (2*x)"},
        {"not x < 1", "not (x < 1)"},
        {"not not x", "x != 0"},
        {"not x and x < 1", "(not x) and (x < 1)"},
        {"x < 1 or x > 2 and x < 3", "(x < 1) or ((x > 2) and (x < 3))"},
        {"x < 1 || x > 2 && x < 3", "x < 1 or x > 2 and x < 3"},
        {"x < 1 and not x", "(x < 1) and (not x)"},
        {"x < 1 ? 1 : x < 2 ? 2 : 3", "x < 1 ? 1 : (x < 2 ? 2 : 3)"},
        {"x < 1 ? x < 0 ? 1 : 2 : 3", "x < 1 ? (x < 0 ? 1 : 2) : 3"},
        {"x or 0 ? 1 : 2", "(x or 0) ? 1 : 2"},
        {"x ? 1 : 0 or x", "x ? 1 : (0 or x)"},
        {"x ? 1 : 2 + 3", "x ? 1 : (2 + 3)"},
        {"where(x, 1, 2)", "x ? 1 : 2"},
        {"x < 1 == 1", "(x < 1) and (1 == 1)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_same(pairs[i][0], pairs[i][1]);
}

static void power_is_right_associative_and_takes_a_sign(void **state)
{
    (void)state;
    assert_value("2^3^2", 0, 512);
    assert_value("2**3**2", 0, 512);
    assert_value("(2^3)^2", 0, 64);
    assert_value("2^-1", 0, 0.5);
    assert_value("2^+1", 0, 2);
    assert_value("2^-x^2", 2, 0.0625);
    assert_value("-2^2", 0, -4);
    assert_value("2^3*2", 0, 16);
}

static void literal_exponents_up_to_4_are_products(void **state)
{
    (void)state;
    assert_value("x^0", NAN, 1);
    assert_same("x^1", "x");
    assert_same("x^2", "x*x");
    assert_same("x^3", "(x*x)*x");
    assert_same("x^4", "(x*x)*(x*x)");
    assert_same("x^2.0", "x*x");
    assert_same("x^(2)", "x*x");
    assert_same("x^((0x2))", "x*x");
    for (size_t i = 0; i < 5; i++) {
        static const char *const text[] = {"x^0", "x^1", "x^2", "x^3", "x^4"};
        static const size_t products[] = {0, 0, 1, 2, 2};
        assert_int_equal(count_of(text[i], NF_IR_MUL), products[i]);
    }
}

static void other_exponents_are_pow(void **state)
{
    (void)state;
    assert_same("x^two", "pow(x, two)");
    assert_same("x^5", "pow(x, 5)");
    assert_same("x^-2", "pow(x, -2)");
    assert_same("x^+2", "pow(x, +2)");
    assert_same("x^(1+1)", "pow(x, 2)");
    assert_same("x^0.5", "pow(x, 0.5)");
    assert_same("x^2^1", "pow(x, 2)");
    assert_same("x^x", "pow(x, x)");
}

static void comparisons_chain_as_in_python(void **state)
{
    (void)state;
    assert_value("0 < x < 2", 1, 1);
    assert_value("0 < x < 2", 3, 0);
    assert_value("3 > 2 > 1", 0, 1); /* 0 as in C: (3 > 2) > 1 */
    assert_value("1 < 3 > 2 != 4 == 4", 0, 1);
    assert_value("0 <= x <= 0", -0.0, 1);
    assert_value("(3 > 2) > 1", 0, 0);
    assert_value("x >= 1", 1, 1);
    assert_value("x > 1", 1, 0);
    assert_value("x == x", NAN, 0);
    assert_value("x != x", NAN, 1);
    assert_value("x < 1", NAN, 0);
    assert_value("x >= 1", NAN, 0);
}

static void logic_gives_1_or_0_and_nan_is_true(void **state)
{
    (void)state;
    assert_value("x and 2", 3, 1);
    assert_value("x or 0", -0.0, 0);
    assert_value("x or 0", NAN, 1);
    assert_value("not x", NAN, 0);
    assert_value("not x", 0.0, 1);
    assert_value("x ? 1 : 2", NAN, 1);
    assert_value("where(x, 1, 2)", -0.0, 2);
    assert_value("-(x > 0)", 0, -0.0);
    assert_value("(x > 0) + (x > 1) + (x > 2)", 1.5, 2);
    assert_value("1/(x > 5)", 0, INFINITY);
    assert_value("+(x > 0) == 1", 3, 1);
    assert_value("(x > 0 ? x < 9 : x < -9) * 2", 3, 2);
    assert_value("abs(x > 0)", 3, 1);
    assert_value("(x > 0)^2", 3, 1);
}

static void both_branches_are_computed_and_one_counts(void **state)
{
    (void)state;
    assert_value("x == 0 ? 1 : 1/x", 0, 1);
    assert_value("where(x > 0, sqrt(x), 0)", -1, 0);
    assert_value("where(x > 0, nan, -0.0)", -1, -0.0);
}

static void nothing_is_fused_or_reassociated(void **state)
{
    (void)state;
    assert_value("x*x - 1", 1 + 0x1p-52, 0x1p-51);
    assert_value("fma(x, x, -1)", 1 + 0x1p-52, 0x1p-51 + 0x1p-104);
    assert_value("0.1 + 0.2 + 0.3", 0, 0.1 + 0.2 + 0.3);
    assert_value("0.3 + 0.2 + 0.1", 0, 0.3 + 0.2 + 0.1);
    assert_value("x + 0", -0.0, 0.0);
    assert_value("0 - x", 0.0, 0.0);
    assert_value("-x", 0.0, -0.0);
    assert_int_equal(count_of("x*x + x", NF_IR_FMA), 0);
    assert_int_equal(count_of("x + 1 - 1", NF_IR_ADD), 1);
    assert_int_equal(count_of("x + 1 - 1", NF_IR_SUB), 1);
}

static void a_decimal_comma_locale_changes_nothing(void **state)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};

    (void)state;
    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
        if (setlocale(LC_ALL, locales[i]) != NULL)
            break;
    assert_value("0.5 + 1.5e1", 0, 15.5);
    setlocale(LC_ALL, "C");
}

/* head, then count times unit, then tail; freed by the caller. */
static char *repeat(const char *head, const char *unit, size_t count, const char *tail,
                    const char *tail_unit)
{
    size_t size = strlen(head) + count * (strlen(unit) + strlen(tail_unit)) + strlen(tail) + 1;
    char *text = malloc(size), *end = text;

    assert_non_null(text);
    end = stpcpy(end, head);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, unit);
    end = stpcpy(end, tail);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, tail_unit);
    return text;
}

struct nesting {
    const char *unit, *tail_unit;
};

static void nesting_is_limited_to_1000(void **state)
{
    static const struct nesting nestings[] = {
        {"(", ")"},      {"-", ""},     {"+", ""},           {"not ", ""},
        {"x^", ""},      {"abs(", ")"}, {"max(x, ", ")"},    {"x ? 1 : ", ""},
        {"x ? ", ": 1"}, {"2^", ""},    {"where(x,1,", ")"}, {"x*(1+", ")"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(nestings) / sizeof(nestings[0]); i++) {
        for (size_t depth = NF_EXPR_DEPTH_MAX; depth <= 10 * NF_EXPR_DEPTH_MAX; depth += 4500) {
            char *text = repeat("", nestings[i].unit, depth, "x", nestings[i].tail_unit);
            nfold_error err = {0};
            nf_ir ir;
            int rc = nf_expr_compile(&ir, text, &names, &err);
            assert_int_equal(rc, depth == NF_EXPR_DEPTH_MAX ? 0 : NFOLD_E_SYNTAX);
            if (rc < 0)
                assert_non_null(strstr(err.message, "nest deeper than 1000 at column"));
            nf_ir_clear(&ir);
            free(text);
        }
    }
}

static void unclosed_brackets_by_thousands_are_an_error(void **state)
{
    char *text = repeat("", "(", 10000, "", "");
    nfold_error err = {0};
    nf_ir ir;

    (void)state;
    assert_int_equal(nf_expr_compile(&ir, text, &names, &err), NFOLD_E_SYNTAX);
    nf_ir_clear(&ir);
    free(text);
}

static void a_flat_expression_of_1_mb_is_read(void **state)
{
    static const struct {
        const char *unit;
        double x, value;
    } chains[] = {{"+x", 1, 524288}, {"<x", 1, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        char *text = repeat("x", chains[i].unit, NF_EXPR_BYTES_MAX / 2 - 1, "", "");
        assert_value(text, chains[i].x, chains[i].value);
        free(text);
    }
}

static void more_than_1_mb_is_refused(void **state)
{
    char *most = repeat("", " ", NF_EXPR_BYTES_MAX - 1, "x", "");
    char *more = repeat("", " ", NF_EXPR_BYTES_MAX, "x", "");
    nfold_error err = {0};
    nf_ir ir;

    (void)state;
    assert_int_equal(nf_expr_compile(&ir, most, &names, NULL), 0);
    nf_ir_clear(&ir);
    assert_int_equal(nf_expr_compile(&ir, more, &names, &err), NFOLD_E_SYNTAX);
    assert_string_equal(err.message, "the expression is longer than 1048576 bytes");
    nf_ir_clear(&ir);
    free(most);
    free(more);
}

static void too_much_to_compute_is_refused(void **state)
{
    char *text = repeat("x", "%3%x", NF_EXPR_BYTES_MAX / 4 - 1, "", "");
    nfold_error err = {0};
    nf_ir ir;

    (void)state;
    assert_int_equal(nf_expr_compile(&ir, text, &names, &err), NFOLD_E_SYNTAX);
    assert_non_null(strstr(err.message, "the expression computes too much at column"));
    nf_ir_clear(&ir);
    free(text);
}

static void every_function_is_found_and_built(void **state)
{
    static const char *const arguments[] = {"", "x", "x,x+1", "x,x+1,x+2"};
    char call[100];

    (void)state;
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++) {
        assert_in_range(f->arguments, 1, 3);
        snprintf(call, sizeof(call), "%s(%s)", f->name, arguments[f->arguments]);
        value_of(call, 0.5);
    }
}

static char *read_guide(void)
{
    const char *root = getenv("NFOLD_SOURCE_ROOT");
    enum { guide_max = 65536 };
    char path[4096], *guide = malloc(guide_max);

    assert_non_null(root);
    assert_non_null(guide);
    snprintf(path, sizeof(path), "%s/docs/guide/expressions.md", root);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    guide[fread(guide, 1, guide_max - 1, file)] = '\0';
    fclose(file);
    return guide;
}

static void the_guide_has_a_row_for_every_function(void **state)
{
    char *guide = read_guide(), cell[100];

    (void)state;
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++) {
        snprintf(cell, sizeof(cell), "\n| `%s(", f->name);
        if (strstr(guide, cell) == NULL)
            fail_msg("docs/guide/expressions.md has no row \"| `%s(\"", f->name);
    }
    free(guide);
}

/* Rows are "| `what` | meaning | `example` | `value` |". */
static void the_examples_of_the_guide_hold(void **state)
{
    char *guide = read_guide(), *next = guide;
    size_t count = 0;

    (void)state;
    for (char *row = strsep(&next, "\n"); row != NULL; row = strsep(&next, "\n")) {
        char example[100], value[100];
        if (sscanf(row, "| `%*[^|]| %*[^|]| `%99[^`]` | `%99[^`]` |", example, value) != 2)
            continue;
        assert_same(example, value);
        count++;
    }
    assert_true(count > 30);
    free(guide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(names_are_variable_then_set_then_constant),
        cmocka_unit_test(a_constant_expression_needs_no_variable),
        cmocka_unit_test(operators_bind_as_documented),
        cmocka_unit_test(power_is_right_associative_and_takes_a_sign),
        cmocka_unit_test(literal_exponents_up_to_4_are_products),
        cmocka_unit_test(other_exponents_are_pow),
        cmocka_unit_test(comparisons_chain_as_in_python),
        cmocka_unit_test(logic_gives_1_or_0_and_nan_is_true),
        cmocka_unit_test(both_branches_are_computed_and_one_counts),
        cmocka_unit_test(nothing_is_fused_or_reassociated),
        cmocka_unit_test(a_decimal_comma_locale_changes_nothing),
        cmocka_unit_test(nesting_is_limited_to_1000),
        cmocka_unit_test(unclosed_brackets_by_thousands_are_an_error),
        cmocka_unit_test(a_flat_expression_of_1_mb_is_read),
        cmocka_unit_test(more_than_1_mb_is_refused),
        cmocka_unit_test(too_much_to_compute_is_refused),
        cmocka_unit_test(every_function_is_found_and_built),
        cmocka_unit_test(the_guide_has_a_row_for_every_function),
        cmocka_unit_test(the_examples_of_the_guide_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
