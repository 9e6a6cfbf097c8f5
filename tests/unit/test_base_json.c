/* JSON: the layout, the escapes, what JSON cannot say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "json.h"

static void an_object_is_laid_out_in_lines(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    struct nf_json json = {.out = &out};
    nf_json_object(&json, NULL);
    nf_json_number(&json, "value", 0.1);
    nf_json_integer(&json, "least", INT64_MIN);
    nf_json_unsigned(&json, "most", UINT64_MAX);
    nf_json_array(&json, "list");
    nf_json_bool(&json, NULL, 1);
    nf_json_object(&json, NULL);
    nf_json_end(&json);
    nf_json_array(&json, NULL);
    nf_json_number(&json, NULL, 3);
    nf_json_end(&json);
    nf_json_end(&json);
    nf_json_bool(&json, "after", 0);
    nf_json_end(&json);
    assert_int_equal(json.depth, 0);
    assert_string_equal(nf_buffer_text(&out), "{\n"
                                              "  \"value\": 0.1,\n"
                                              "  \"least\": -9223372036854775808,\n"
                                              "  \"most\": 18446744073709551615,\n"
                                              "  \"list\": [\n"
                                              "    true,\n"
                                              "    {},\n"
                                              "    [\n"
                                              "      3.0\n"
                                              "    ]\n"
                                              "  ],\n"
                                              "  \"after\": false\n"
                                              "}\n");
    nf_buffer_clear(&out);
}

static const char *string_alone(struct nfold_buffer *out, const char *value)
{
    nf_buffer_clear(out);
    struct nf_json json = {.out = out};
    nf_json_string(&json, NULL, value);
    return nf_buffer_text(out);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    assert_string_equal(string_alone(&out, "a\"b\\c/\n\r\t\b\f\x01\x1f\x7f"),
                        "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\\u007f\"\n");
    assert_string_equal(string_alone(&out, NULL), "null\n");
    assert_string_equal(string_alone(&out, ""), "\"\"\n");
    nf_buffer_clear(&out);
}

#define REPLACED "\xEF\xBF\xBD"

static void what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"\n"},
        {"\xE4x", "\"" REPLACED "x\"\n"},                                      /* Latin-1 */
        {"\xC3", "\"" REPLACED "\"\n"},                                        /* cut short */
        {"\xC0\xAF", "\"" REPLACED REPLACED "\"\n"},                           /* too long a form */
        {"\xED\xA0\x80", "\"" REPLACED REPLACED REPLACED "\"\n"},              /* a surrogate */
        {"\xF4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"\n"}, /* too large */
        {"\xFF", "\"" REPLACED "\"\n"},
    };
    struct nfold_buffer out = {0};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_string_equal(string_alone(&out, pairs[i][0]), pairs[i][1]);
    nf_buffer_clear(&out);
}

static void numbers_that_json_lacks_are_null(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    struct nf_json json = {.out = &out};
    nf_json_array(&json, NULL);
    nf_json_number(&json, NULL, (double)NAN);
    nf_json_number(&json, NULL, (double)INFINITY);
    nf_json_number(&json, NULL, -(double)INFINITY);
    nf_json_number(&json, NULL, 1e308);
    nf_json_end(&json);
    assert_string_equal(nf_buffer_text(&out), "[\n  null,\n  null,\n  null,\n  1e+308\n]\n");
    nf_buffer_clear(&out);
}

static void sixty_four_levels_nest(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    struct nf_json json = {.out = &out};
    for (int i = 0; i < 64; i++) {
        if (i % 2)
            nf_json_object(&json, NULL);
        else
            nf_json_array(&json, i > 0 ? "k" : NULL);
    }
    nf_json_bool(&json, "k", 1);
    for (int i = 0; i < 64; i++)
        nf_json_end(&json);
    assert_int_equal(json.depth, 0);
    assert_int_equal(out.data[out.size - 2], ']');
    nf_buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_laid_out_in_lines),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(what_is_no_utf8_is_replaced),
        cmocka_unit_test(numbers_that_json_lacks_are_null),
        cmocka_unit_test(sixty_four_levels_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
