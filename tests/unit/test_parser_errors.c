/* test_parser_errors.c: what a user reads about a mistake in an expression, word by word. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "math.h"

static const struct nf_expr_binding set[] = {{"k", 3}, {"alpha", 2}};
static const struct nf_expr_names names = {"x", set, sizeof(set) / sizeof(set[0])};

struct mistake {
    const char *text, *message, *caret; /* caret "": there is no detail */
};

/* clang-format off */
static const struct mistake mistakes[] = {
    {"",
     "the expression is empty",
     ""},
    {"   ",
     "the expression is empty",
     ""},
    {"sine(x)",
     "unknown function 'sine' at column 1; did you mean 'sin'?",
     "  ^~~~"},
    {"SIN(x)",
     "unknown function 'SIN' at column 1; did you mean 'sin'?",
     "  ^~~"},
    {"ln(x)",
     "unknown function 'ln' at column 1; did you mean 'log'?",
     "  ^~"},
    {"alfa*2",
     "unknown name 'alfa' at column 1; did you mean 'alpha'?",
     "  ^~~~"},
    {"PI*x",
     "unknown name 'PI' at column 1; did you mean 'pi'?",
     "  ^~"},
    {"True",
     "unknown name 'True' at column 1; did you mean '1'?",
     "  ^~~~"},
    {"i*2",
     "unknown name 'i' at column 1; the variable here is 'x'; other names need --set i=VALUE",
     "  ^"},
    {"kk",
     "unknown name 'kk' at column 1; give it a value with --set kk=VALUE",
     "  ^~"},
    {"np.sin(x)",
     "unknown name 'np' at column 1; names have no prefix here, write 'sin'",
     "  ^~"},
    {"f.py:f",
     "unknown name 'f' at column 1; functions in Python cannot be run yet, those in C can: "
     "file.c:f",
     "  ^"},
    {"f.c:f:g",
     "unknown name 'f' at column 1; a function in C is written file.c:f or ./library.so:f",
     "  ^"},
    {"./f.py:f",
     "unexpected '.' at column 1; a function in C is written file.c:f or ./library.so:f",
     "  ^"},
    {"2*|x|",
     "unexpected '|' at column 3; did you mean 'abs(...)'?",
     "    ^"},
    {"x|1",
     "unexpected '|' at column 2; there are no bitwise operators, did you mean 'or'?",
     "   ^"},
    {"x!",
     "unexpected '!' at column 2; there are no factorials",
     "   ^"},
    {"!x",
     "unexpected '!' at column 1; did you mean 'not'?",
     "  ^"},
    {"0x1p",
     "malformed number '0x1p' at column 1; numbers in hexadecimal are written like 0x1p-3",
     "  ^~~~"},
    {"0x1p+*x",
     "malformed number '0x1p' at column 1; numbers in hexadecimal are written like 0x1p-3",
     "  ^~~~"},
    {"2*0xag",
     "malformed number '0xag' at column 3; numbers in hexadecimal are written like 0x1p-3",
     "    ^~~~"},
    {"k(x+1)",
     "'k' is a value, not a function, at column 1; did you mean 'k*(...)'?",
     "  ^"},
    {"sin x",
     "no brackets after the function 'sin' at column 1; write 'sin(x)'",
     "  ^~~"},
    {"1+sin",
     "no brackets after the function 'sin' at column 3; write 'sin(...)'",
     "    ^~~"},
    {"sin^2",
     "no brackets after the function 'sin' at column 1; write 'sin(...)'",
     "  ^~~"},
    {"x if x>0 else 1",
     "an operator is missing before 'if' at column 3; write 'c ? a : b' or 'where(c, a, b)'",
     "    ^~"},
    {"2x",
     "an operator is missing before 'x' at column 2; did you mean '2*x'?",
     "   ^"},
    {"x y",
     "an operator is missing before 'y' at column 3; did you mean 'x*y'?",
     "    ^"},
    {"2 sin(x)",
     "an operator is missing before 'sin' at column 3; did you mean '2*sin'?",
     "    ^~~"},
    {"(x+1)(x-1)",
     "an operator is missing before '(' at column 6; did you mean ')*('?",
     "       ^"},
    {"x not",
     "an operator is missing before 'not' at column 3",
     "    ^~~"},
    {"x = 2",
     "unexpected '=' at column 3; did you mean '=='?",
     "    ^"},
    {"x & 1",
     "unexpected '&' at column 3; there are no bitwise operators, did you mean 'and'?",
     "    ^"},
    {"x | 1",
     "unexpected '|' at column 3; there are no bitwise operators, did you mean 'or'?",
     "    ^"},
    {"!x",
     "unexpected '!' at column 1; did you mean 'not'?",
     "  ^"},
    {"x // 2",
     "unexpected '//' at column 3; did you mean 'floor(a/b)'?",
     "    ^~"},
    {"x << 2",
     "unexpected '<<' at column 3; write 'a * 2^n' to shift",
     "    ^~"},
    {"x <> 2",
     "unexpected '<>' at column 3; did you mean '!='?",
     "    ^~"},
    {"x +",
     "a value is missing after '+' at column 3",
     "    ^"},
    {"* x",
     "a value is missing before '*' at column 1",
     "  ^"},
    {"x + * 2",
     "a value is missing between '+' and '*' at column 5",
     "      ^"},
    {"()",
     "a value is missing between '(' and ')' at column 2",
     "   ^"},
    {"max(1,)",
     "a value is missing between ',' and ')' at column 7",
     "        ^"},
    {"- not x",
     "brackets are needed around 'not' at column 3; write '(not ...)'",
     "    ^~~"},
    {"x^not x",
     "brackets are needed around 'not' at column 3; write '(not ...)'",
     "    ^~~"},
    {"x ? 1",
     "no ':' for the '?' at column 3; write 'c ? a : b'",
     "    ^"},
    {"x ? 1 :",
     "a value is missing after ':' at column 7",
     "        ^"},
    {"x ? 1, 2",
     "no ':' for the '?' at column 3; write 'c ? a : b'",
     "    ^"},
    {"x ? : 2",
     "a value is missing between '?' and ':' at column 5",
     "      ^"},
    {"x : 1",
     "no '?' for the ':' at column 3",
     "    ^"},
    {"(x+1",
     "no ')' for the bracket at column 1",
     "  ^"},
    {"2*(x+(1-x)",
     "no ')' for the bracket at column 3",
     "    ^"},
    {"sin(x",
     "no ')' for the bracket at column 4",
     "     ^"},
    {"(",
     "no ')' for the bracket at column 1",
     "  ^"},
    {"sin(",
     "no ')' for the bracket at column 4",
     "     ^"},
    {"x+1)",
     "no '(' for the ')' at column 4",
     "     ^"},
    {"(x 1",
     "an operator is missing before '1' at column 4; did you mean 'x*1'?",
     "     ^"},
    {"x[1]",
     "unexpected '[' at column 2; did you mean '('?",
     "   ^"},
    {"sin()",
     "'sin' needs 1 argument, not 0, at column 1",
     "  ^~~"},
    {"sin(x, 2)",
     "'sin' needs 1 argument, not 2, at column 1",
     "  ^~~"},
    {"max(1)",
     "'max' needs 2 arguments, not 1, at column 1",
     "  ^~~"},
    {"fma(1,2,3,4,5,6,7,8,9,10)",
     "'fma' needs 3 arguments, not 10, at column 1",
     "  ^~~"},
    {"1,5*x",
     "',' outside the brackets of a function at column 2; the decimal point is '.'",
     "   ^"},
    {"x, 1",
     "',' outside the brackets of a function at column 2",
     "   ^"},
    {"(1, 2)",
     "',' outside the brackets of a function at column 3",
     "    ^"},
    {"1.2.3",
     "malformed number '1.2.3' at column 1; numbers are written like 1000, 0.5 or 1.5e-3",
     "  ^~~~~"},
    {"1_000",
     "malformed number '1_000' at column 1; numbers are written like 1000, 0.5 or 1.5e-3",
     "  ^~~~~"},
    {"1e400",
     "too large number '1e400' at column 1; infinity is written 'inf'",
     "  ^~~~~"},
    {"x '",
     "unexpected \"'\" at column 3",
     "    ^"},
    {"2\u03c0",
     "unexpected '\u03c0' at column 2; did you mean 'pi'?",
     "   ^"},
    {"x \u2212 1",
     "unexpected '\u2212' at column 3; did you mean '-'?",
     "    ^"},
    {"\u00e9\u00e9 + \u00e9",
     "unexpected '\u00e9' at column 1",
     "  ^"},
};
/* clang-format on */

static void compile_fails(const char *text, nfold_error *err)
{
    nf_ir ir;

    memset(err, 0, sizeof(*err));
    assert_int_equal(nf_expr_compile(&ir, text, &names, err), NFOLD_E_SYNTAX);
    assert_int_equal(err->code, NFOLD_E_SYNTAX);
    nf_ir_clear(&ir);
}

static void each_mistake_has_its_sentence_and_caret(void **state)
{
    nfold_error err;
    char detail[200];

    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        const struct mistake *mistake = &mistakes[i];
        compile_fails(mistake->text, &err);
        snprintf(detail, sizeof(detail), "  %s\n%s\n", mistake->text, mistake->caret);
        assert_string_equal(err.message, mistake->message);
        assert_string_equal(err.detail, mistake->caret[0] != '\0' ? detail : "");
    }
}

static void a_strange_function_is_answered_with_all_names(void **state)
{
    nfold_error err;

    (void)state;
    compile_fails("qqqqqq(x)", &err);
    assert_string_equal(err.message, "unknown function 'qqqqqq' at column 1");
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++) {
        char word[40];
        snprintf(word, sizeof(word), " %s", f->name);
        assert_non_null(strstr(err.detail, word));
    }
    for (char *line = strtok(err.detail, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 76);
}

/* The text with count characters of filler before and after, freed by the caller. */
static char *surround(const char *text, const char *filler, size_t before, size_t after)
{
    char *whole = malloc(strlen(filler) * (before + after) + strlen(text) + 1), *end = whole;

    assert_non_null(whole);
    *end = '\0';
    for (size_t i = 0; i < before; i++)
        end = stpcpy(end, filler);
    end = stpcpy(end, text);
    for (size_t i = 0; i < after; i++)
        end = stpcpy(end, filler);
    return whole;
}

static void a_long_text_is_shown_around_the_mistake(void **state)
{
    char *middle = surround("x+yoyo+x", "x+x*", 25, 0);
    char *both = surround("x+yoyo", "+x+x", 0, 25);
    nfold_error err;

    (void)state;
    compile_fails(middle, &err);
    assert_string_equal(err.message,
                        "unknown name 'yoyo' at column 103; give it a value with --set yoyo=VALUE");
    assert_string_equal(
        err.detail, "  ...*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+x*x+yoyo+x\n"
                    "                                                                    ^~~~\n");
    compile_fails(both, &err);
    assert_string_equal(
        err.detail, "  x+yoyo+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+...\n"
                    "    ^~~~\n");
    free(middle);
    free(both);
}

static void a_long_word_is_cut(void **state)
{
    char *word = surround("", "y", 0, 100000);
    nfold_error err;

    (void)state;
    compile_fails(word, &err);
    assert_string_equal(err.message,
                        "unknown name 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...' at column 1");
    assert_string_equal(
        err.detail, "  yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...\n"
                    "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n");
    free(word);
}

static void what_a_terminal_must_not_see_is_replaced(void **state)
{
    nfold_error err;

    (void)state;
    compile_fails("\t1 +\n\033[2J", &err);
    assert_string_equal(err.message, "unexpected character U+001B at column 6");
    assert_string_equal(err.detail, "   1 + ?[2J\n       ^\n");
    compile_fails("x \xff", &err);
    assert_string_equal(err.message, "unexpected byte 0xff at column 3");
    assert_string_equal(err.detail, "  x ?\n    ^\n");
    compile_fails("1+\xe2\x80\xae", &err); /* text goes to the left after it */
    assert_string_equal(err.message, "unexpected character U+202E at column 3");
    assert_string_equal(err.detail, "  1+?\n    ^\n");
    compile_fails("x \xe2\x82", &err); /* a character without its end */
    assert_string_equal(err.message, "unexpected byte 0xe2 at column 3");
}

static void columns_are_characters(void **state)
{
    nfold_error err;

    (void)state;
    compile_fails("(\u00e9 + 1", &err);
    assert_string_equal(err.message, "unexpected '\u00e9' at column 2");
    assert_string_equal(err.detail, "  (\u00e9 + 1\n   ^\n");
    char *accents = surround("", "\u00e9", 0, 100);
    compile_fails(accents, &err);
    assert_int_equal(strlen(err.detail), 2 + 69 * 2 + 3 + 1 + 2 + 1 + 1);
    free(accents);
}

static void a_set_name_must_be_usable(void **state)
{
    static const char *const bad[] = {"", "1a", "a b", "x", "and", "a-b", "\u00e9"};
    nf_ir ir;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct nf_expr_binding binding = {bad[i], 1};
        const struct nf_expr_names one = {"x", &binding, 1};
        nfold_error err = {0};
        assert_int_equal(nf_expr_compile(&ir, "1", &one, &err), NFOLD_E_VALUE);
        assert_non_null(strstr(err.message, "--set"));
        nf_ir_clear(&ir);
    }
}

static void no_error_is_needed(void **state)
{
    nf_ir ir;

    (void)state;
    assert_int_equal(nf_expr_compile(&ir, "qqqqqq(x)", &names, NULL), NFOLD_E_SYNTAX);
    assert_int_equal(ir.count, 0);
    nf_ir_clear(&ir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_sentence_and_caret),
        cmocka_unit_test(a_strange_function_is_answered_with_all_names),
        cmocka_unit_test(a_long_text_is_shown_around_the_mistake),
        cmocka_unit_test(a_long_word_is_cut),
        cmocka_unit_test(what_a_terminal_must_not_see_is_replaced),
        cmocka_unit_test(columns_are_characters),
        cmocka_unit_test(a_set_name_must_be_usable),
        cmocka_unit_test(no_error_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
