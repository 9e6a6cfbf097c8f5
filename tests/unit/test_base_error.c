/* Errors: filling, context, detail, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "error.h"

static void failing_fills_the_error_and_returns_the_code(void **state)
{
    (void)state;
    nfold_error err = {.detail = "old\n"};
    assert_int_equal(nf_fail(&err, NFOLD_E_VALUE, "%d is not %s", 3, "four"), NFOLD_E_VALUE);
    assert_int_equal(err.code, NFOLD_E_VALUE);
    assert_string_equal(err.message, "3 is not four");
    assert_string_equal(err.detail, "");
}

static void an_error_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(nf_fail(NULL, NFOLD_E_BODY, "x"), NFOLD_E_BODY);
    assert_int_equal(nf_fail_memory(NULL), NFOLD_E_MEMORY);
    errno = ENOENT;
    assert_int_equal(nf_fail_errno(NULL, "x"), NFOLD_E_SYSTEM);
    nf_error_detail(NULL, "x\n");
}

static void a_message_may_quote_the_message_before_it(void **state)
{
    (void)state;
    nfold_error err;
    nf_fail(&err, NFOLD_E_BODY, "inner");
    nf_fail(&err, NFOLD_E_VALUE, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
}

static void a_system_error_keeps_its_cause(void **state)
{
    (void)state;
    nfold_error err;
    errno = ENOENT;
    assert_int_equal(nf_fail_errno(&err, "cannot open '%s'", "a"), NFOLD_E_SYSTEM);
    assert_string_equal(err.message, "cannot open 'a': No such file or directory");
    assert_int_equal(errno, ENOENT);
    errno = ENOMEM;
    assert_int_equal(nf_fail_errno(&err, "x"), NFOLD_E_MEMORY);
}

static void context_stands_in_front(void **state)
{
    (void)state;
    nfold_error err;
    nf_fail(&err, NFOLD_E_VALUE, "not a number");
    nf_error_detail(&err, "line\n");
    assert_int_equal(nf_error_context(&err, "option '%s': ", "workers"), NFOLD_E_VALUE);
    assert_string_equal(err.message, "option 'workers': not a number");
    assert_string_equal(err.detail, "line\n");
}

static void a_message_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    char text[2000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA4", 3);
    for (int shift = 0; shift < 2; shift++) {
        nfold_error err;
        nf_fail(&err, NFOLD_E_VALUE, "%s%s", shift ? "x" : "", text);
        size_t length = strlen(err.message);
        assert_true(length < sizeof err.message && length > sizeof err.message - 6);
        assert_string_equal(err.message + length - 3, "...");
        assert_int_equal((length - 3 - (size_t)shift) % 2, 0);
        nf_error_context(&err, "%s", text);
        assert_true(strlen(err.message) < sizeof err.message);
    }
}

static void details_end_with_a_line_even_when_cut(void **state)
{
    (void)state;
    nfold_error err;
    nf_fail(&err, NFOLD_E_BODY, "x");
    nf_error_detail(&err, "first %d\n", 1);
    assert_string_equal(err.detail, "first 1\n");
    for (int i = 0; i < 400; i++)
        nf_error_detail(&err, "line %d of many\n", i);
    size_t length = strlen(err.detail);
    assert_true(length < sizeof err.detail && length > sizeof err.detail - 40);
    assert_int_equal(err.detail[length - 1], '\n');
    assert_int_equal(strncmp(err.detail, "first 1\nline 0 of many\n", 23), 0);
}

static void every_code_has_its_name_and_status(void **state)
{
    (void)state;
    assert_string_equal(nfold_error_name(0), "NFOLD_OK");
    assert_string_equal(nfold_error_name(-2), "NFOLD_E_VALUE");
    assert_string_equal(nfold_error_name(-999), "NFOLD_E_INTERNAL");
    assert_int_equal(nfold_error_status(0), 0);
    assert_int_equal(nfold_error_status(7), 0);
    assert_int_equal(nfold_error_status(NFOLD_E_USAGE), 2);
    assert_int_equal(nfold_error_status(NFOLD_E_STOPPED), 102);
    assert_int_equal(nfold_error_status(NFOLD_E_MISMATCH), 1);
    assert_int_equal(nfold_error_status(-999), 3);
#define CHECK_NAME(name, value, status, exception, meaning)                                        \
    assert_string_equal(nfold_error_name(value), "NFOLD_E_" #name);                                \
    assert_int_equal(nfold_error_status(value), status);
    NFOLD_ERRORS(CHECK_NAME)
#undef CHECK_NAME
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_fills_the_error_and_returns_the_code),
        cmocka_unit_test(an_error_may_be_null),
        cmocka_unit_test(a_message_may_quote_the_message_before_it),
        cmocka_unit_test(a_system_error_keeps_its_cause),
        cmocka_unit_test(context_stands_in_front),
        cmocka_unit_test(a_message_too_long_is_cut_between_characters),
        cmocka_unit_test(details_end_with_a_line_even_when_cut),
        cmocka_unit_test(every_code_has_its_name_and_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
