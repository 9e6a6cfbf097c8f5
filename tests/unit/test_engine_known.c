/* Tests of known ranges: against a row of flags. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "known.h"

#define CHUNKS 40

static void check_skip(const struct nf_known *known, const int *is_known, uint64_t from)
{
    uint64_t first = from, expected = from, end;
    end = nf_known_skip(known, &first);
    while (expected < CHUNKS && is_known[expected])
        expected++;
    assert_int_equal(first, expected);
    for (expected = first; expected < CHUNKS && !is_known[expected]; expected++)
        ;
    assert_true(expected < CHUNKS ? end == expected : end == UINT64_MAX || first >= CHUNKS);
}

static void check_count(const struct nf_known *known, const int *is_known, uint64_t first,
                        uint64_t end)
{
    uint64_t expected = 0;
    for (uint64_t k = first; k < end; k++)
        expected += is_known[k] != 0;
    assert_int_equal(nf_known_count(known, first, end), expected);
}

static void gaps_and_counts_are_those_of_a_row_of_flags(void **state)
{
    static const struct nfold_range rows[][4] = {{{0}},
                                                 {{0, CHUNKS}},
                                                 {{0, 1}},
                                                 {{39, 1}},
                                                 {{3, 4}, {7, 2}, {20, 1}},
                                                 {{0, 5}, {6, 1}, {8, 30}}};
    (void)state;
    for (unsigned row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct nf_known known = {0};
        int is_known[CHUNKS] = {0};
        unsigned count = 0;
        for (; count < 4 && rows[row][count].count > 0; count++)
            for (uint64_t k = 0; k < rows[row][count].count; k++)
                is_known[rows[row][count].first + k] = 1;
        assert_int_equal(nf_known_set(&known, rows[row], count), 0);
        for (uint64_t first = 0; first < CHUNKS; first++) {
            check_skip(&known, is_known, first);
            for (uint64_t end = first; end <= CHUNKS; end++)
                check_count(&known, is_known, first, end);
        }
        nf_known_clear(&known);
    }
}

static void ranges_that_overlap_are_refused(void **state)
{
    static const struct nfold_range overlap[] = {{3, 4}, {6, 1}}, over[] = {{UINT64_MAX, 1}},
                                    empty[] = {{4, 0}};
    struct nf_known known = {0};
    (void)state;
    assert_int_equal(nf_known_set(&known, overlap, 2), NFOLD_E_INTERNAL);
    assert_int_equal(nf_known_set(&known, over, 1), NFOLD_E_INTERNAL);
    assert_int_equal(nf_known_set(&known, empty, 1), NFOLD_E_INTERNAL);
    assert_int_equal(known.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_and_counts_are_those_of_a_row_of_flags),
        cmocka_unit_test(ranges_that_overlap_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
