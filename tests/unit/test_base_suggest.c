/* Suggestions: near words are found, far ones are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "suggest.h"

static const char *nearest(const char *word, const char *const *known)
{
    const char *best = NULL;
    for (; *known; known++)
        best = nf_suggest_nearer(word, strlen(word), best, *known);
    return best;
}

static const char *const functions[] = {"sin",   "sinh",  "asin",  "sqrt", "exp", "exp2", "expm1",
                                        "floor", "hypot", "where", "x",    "e",   "pi",   NULL};

static void typing_mistakes_are_understood(void **state)
{
    (void)state;
    assert_string_equal(nearest("sqr", functions), "sqrt");
    assert_string_equal(nearest("sqtr", functions), "sqrt");
    assert_string_equal(nearest("flor", functions), "floor");
    assert_string_equal(nearest("hypto", functions), "hypot");
    assert_string_equal(nearest("wheer", functions), "where");
    assert_string_equal(nearest("sinn", functions), "sin");
}

static void words_unlike_any_get_no_suggestion(void **state)
{
    (void)state;
    assert_null(nearest("gamma", functions));
    assert_null(nearest("y", functions));
    assert_null(nearest("", functions));
    char text[200] = {0};
    memset(text, 's', sizeof text - 1);
    assert_null(nearest(text, functions));
}

static void of_two_equally_near_the_shorter_wins_then_the_first(void **state)
{
    (void)state;
    assert_string_equal(nearest("expm", (const char *const[]){"expm1", "exp", NULL}), "exp");
    assert_string_equal(nearest("siq", (const char *const[]){"sin", "six", NULL}), "sin");
    assert_string_equal(nearest("siq", (const char *const[]){"six", "sin", NULL}), "six");
}

static void only_length_bytes_of_the_word_are_read(void **state)
{
    (void)state;
    assert_string_equal(nf_suggest_nearer("sqr(x)", 3, NULL, "sqrt"), "sqrt");
    assert_null(nf_suggest_nearer("sqr(x)", 6, NULL, "exp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_mistakes_are_understood),
        cmocka_unit_test(words_unlike_any_get_no_suggestion),
        cmocka_unit_test(of_two_equally_near_the_shorter_wins_then_the_first),
        cmocka_unit_test(only_length_bytes_of_the_word_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
