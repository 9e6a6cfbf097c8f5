/* Buffers: growing, formatting, failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "buffer.h"

static void an_empty_buffer_is_empty_text(void **state)
{
    (void)state;
    struct nfold_buffer buffer = {0};
    assert_string_equal(nf_buffer_text(&buffer), "");
    nf_buffer_string(&buffer, "");
    assert_string_equal(nf_buffer_text(&buffer), "");
    assert_int_equal(buffer.size, 0);
    nf_buffer_clear(&buffer);
    nf_buffer_clear(&buffer);
}

static void appends_of_every_size_keep_what_was_there(void **state)
{
    (void)state;
    for (size_t step = 1; step < 200; step++) {
        struct nfold_buffer buffer = {0};
        char piece[200];
        memset(piece, 'a' + (int)(step % 26), sizeof piece);
        for (int i = 0; i < 40; i++) {
            nf_buffer_bytes(&buffer, piece, step);
            assert_int_equal(buffer.size, step * (size_t)(i + 1));
            assert_int_equal(strlen(buffer.data), buffer.size);
            assert_true(buffer.size < buffer.capacity);
        }
        assert_int_equal(strspn(buffer.data, (char[]){piece[0], '\0'}), buffer.size);
        nf_buffer_clear(&buffer);
    }
}

static void printing_of_every_length_fits(void **state)
{
    (void)state;
    struct nfold_buffer buffer = {0};
    size_t expected = 0;
    for (int i = 0; i < 300; i++) {
        nf_buffer_print(&buffer, "%*s|", i, "");
        expected += (size_t)i + 1;
        assert_int_equal(buffer.size, expected);
        assert_int_equal(buffer.data[buffer.size - 1], '|');
        assert_int_equal(buffer.data[buffer.size], '\0');
    }
    nf_buffer_clear(&buffer);
}

static void bytes_may_be_zero(void **state)
{
    (void)state;
    struct nfold_buffer buffer = {0};
    nf_buffer_bytes(&buffer, "a\0b", 3);
    nf_buffer_string(&buffer, "c");
    assert_int_equal(buffer.size, 4);
    assert_memory_equal(buffer.data, "a\0bc", 5);
    nf_buffer_clear(&buffer);
}

static void an_impossible_size_fails_once_and_for_all(void **state)
{
    (void)state;
    struct nfold_buffer buffer = {0};
    nf_buffer_string(&buffer, "kept");
    nf_buffer_bytes(&buffer, "", SIZE_MAX - 2);
    assert_true(buffer.failed);
    nf_buffer_string(&buffer, "not added");
    nf_buffer_print(&buffer, "%d", 1);
    assert_string_equal(nf_buffer_text(&buffer), "kept");
    nf_buffer_clear(&buffer);
    assert_false(buffer.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_empty_text),
        cmocka_unit_test(appends_of_every_size_keep_what_was_there),
        cmocka_unit_test(printing_of_every_length_fits),
        cmocka_unit_test(bytes_may_be_zero),
        cmocka_unit_test(an_impossible_size_fails_once_and_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
