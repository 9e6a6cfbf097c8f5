/* What a task is: the same in every build for ever, and cheap to remember by the million. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "task_identity.h"
#include "index.h"

/* From the authors' vectors.h: the message is bytes 0, 1, 2 … */
static void the_hash_is_siphash_as_published(void **state)
{
    (void)state;
    static const struct {
        unsigned size;
        unsigned char wanted[16];
    } rows[] = {
        {0,
         {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
          0x93}},
        {1,
         {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
          0x45}},
        {2,
         {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff,
          0xe4}},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct nf_hash hash;
        uint64_t word[2];
        unsigned char made[16];
        nf_hash_begin(&hash);
        for (unsigned j = 0; j < rows[i].size; j++)
            nf_hash_add(&hash, &(unsigned char){(unsigned char)j}, 1);
        nf_hash_end(&hash, word);
        for (unsigned j = 0; j < 16; j++)
            made[j] = (unsigned char)(word[j / 8] >> (j % 8 * 8));
        assert_memory_equal(made, rows[i].wanted, 16);
    }
}

static struct nf_identity identity_of(const char *pattern, char **values, unsigned count)
{
    struct nf_task task = {.values = values, .value_count = count};
    struct nf_identity identity;
    nf_identity_of_values(&identity, pattern, &task);
    return identity;
}

static int is_same(struct nf_identity a, struct nf_identity b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void where_one_value_ends_and_the_next_begins_matters(void **state)
{
    (void)state;
    struct nf_identity joined = identity_of("f {}", (char *[]){"ab", "c"}, 2);
    assert_true(is_same(joined, identity_of("f {}", (char *[]){"ab", "c"}, 2)));
    assert_false(is_same(joined, identity_of("f {}", (char *[]){"a", "bc"}, 2)));
    assert_false(is_same(joined, identity_of("f {}", (char *[]){"abc"}, 1)));
    assert_false(is_same(joined, identity_of("f {}a", (char *[]){"b", "c"}, 2)));
}

/* A journal of version 1 has this. */
static void the_identity_of_a_task_never_changes(void **state)
{
    (void)state;
    struct nf_identity identity = identity_of("python fit.py {}", (char *[]){"data/1.npz"}, 1);
    char text[33];
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)identity.word[0],
             (unsigned long long)identity.word[1]);
    assert_string_equal(text, "f09cdd7b3758071b286af19e195a61c6");
    nf_identity_of_occurrence(&identity, 2);
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)identity.word[0],
             (unsigned long long)identity.word[1]);
    assert_string_equal(text, "c8e798593eec192c627517ddc34cd926");
}

static void each_of_equals_has_its_own_identity(void **state)
{
    (void)state;
    struct nf_identity first = identity_of("f", (char *[]){"x"}, 1), second = first, third = first;
    nf_identity_of_occurrence(&second, 2);
    nf_identity_of_occurrence(&third, 3);
    assert_false(is_same(first, second));
    assert_false(is_same(first, third));
    assert_false(is_same(second, third));
}

static struct nf_identity number_identity(unsigned number)
{
    struct nf_identity identity;
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    nf_identity_of_command(&identity, text);
    return identity;
}

static void every_entry_is_found_again_with_its_mark(void **state)
{
    (void)state;
    struct nf_index *index;
    assert_int_equal(nf_index_open(&index, NULL), 0);
    for (unsigned i = 0; i < 50000; i++) {
        struct nf_identity identity = number_identity(i);
        assert_null(nf_index_find(index, &identity));
        uint32_t *mark = nf_index_at(index, &identity, NULL);
        *mark += NF_INDEX_SEEN_ONE * (i % 7);
        nf_index_set_ended(mark, (enum nf_task_status)(i % NF_TASK_STATUS_COUNT));
    }
    assert_int_equal(nf_index_count(index), 50000);
    for (unsigned i = 0; i < 50000; i++) {
        struct nf_identity identity = number_identity(i);
        const uint32_t *mark = nf_index_find(index, &identity);
        assert_int_equal(NF_INDEX_SEEN(*mark), i % 7);
        assert_int_equal(NF_INDEX_ENDED(*mark), i % NF_TASK_STATUS_COUNT);
    }
    nf_index_close(index);
}

static void a_hundred_thousand_tasks_take_less_than_forty_bytes_each(void **state)
{
    (void)state;
    struct nf_index *index;
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    assert_int_equal(nf_index_open(&index, NULL), 0);
    for (unsigned i = 0; i < 100000; i++) {
        struct nf_identity identity = number_identity(i);
        assert_non_null(nf_index_at(index, &identity, NULL));
        if (i % 9973 == 9972) {
            size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
            assert_true(now - before < 40 * (size_t)i + 65536);
        }
    }
    nf_index_close(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_siphash_as_published),
        cmocka_unit_test(where_one_value_ends_and_the_next_begins_matters),
        cmocka_unit_test(the_identity_of_a_task_never_changes),
        cmocka_unit_test(each_of_equals_has_its_own_identity),
        cmocka_unit_test(every_entry_is_found_again_with_its_mark),
        cmocka_unit_test(a_hundred_thousand_tasks_take_less_than_forty_bytes_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
