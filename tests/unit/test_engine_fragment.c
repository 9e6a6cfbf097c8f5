/* Tests of fragment.h and pieces.h: however chunks are grouped and merged, the tree is the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "pieces.h"

static uint64_t random_state = 1;

static uint64_t draw(uint64_t below)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* Values whose sum depends on every association. */
static struct nfold_node chunk_node(uint64_t chunk)
{
    double hi = 1.0 / (double)(chunk + 3) * (chunk % 3 ? 1e10 : -1.0);
    return (struct nfold_node){hi, hi * 0x1p-60};
}

/* The definition, word for word. */
static struct nfold_node tree_of(uint64_t first, uint64_t count)
{
    uint64_t left = 1;
    if (count == 1)
        return chunk_node(first);
    while (2 * left < count)
        left *= 2;
    return nf_dd_add(tree_of(first, left), tree_of(first + left, count - left));
}

static void fill(const struct nf_plan *plan, struct nfold_fragment *fragment, uint64_t first,
                 uint64_t count)
{
    nf_fragment_start(fragment, first);
    for (uint64_t k = 0; k < count; k++)
        nf_fragment_append(plan, fragment, chunk_node(first + k), (struct nfold_node){0, 0});
}

static void check_tree(const struct nf_plan *plan, const struct nfold_fragment *whole)
{
    struct nfold_node ends, expected = tree_of(0, plan->chunks), got;
    assert_non_null(whole);
    got = nf_fragment_tree(plan, whole, &ends);
    assert_memory_equal(&got, &expected, sizeof got);
    expected = plan->has_ends ? chunk_node(plan->chunks) : (struct nfold_node){0, 0};
    assert_memory_equal(&ends, &expected, sizeof ends);
}

static void appending_all_chunks_gives_the_tree(void **state)
{
    struct nfold_fragment fragment;
    (void)state;
    for (uint64_t m = 1; m < 300; m++) {
        struct nf_plan plan = {.chunks = m, .has_ends = (int)(m % 2)};
        fill(&plan, &fragment, 0, nf_plan_claims(&plan));
        check_tree(&plan, &fragment);
    }
}

static void fill_some(const struct nf_plan *plan, struct nfold_fragment *fragment, uint64_t first,
                      uint64_t count)
{
    struct nfold_node node[4], even[4];
    nf_fragment_start(fragment, first);
    for (uint64_t k = 0; k < count;) {
        uint64_t some = draw(3) ? 4 - (first + k) % 4 : 1 + draw(4);
        if (some > count - k)
            some = count - k;
        for (uint64_t i = 0; i < some; i++) {
            node[i] = chunk_node(first + k + i);
            even[i] = chunk_node(2 * (first + k + i));
        }
        nf_fragment_append_some(plan, fragment, node, even, (unsigned)some);
        k += some;
    }
}

static void chunks_that_come_several_at_a_time_give_the_same_fragment(void **state)
{
    struct nf_plan plan = {.chunks = 1000, .has_even = 1};
    (void)state;
    for (uint64_t k = 0; k < 500; k++) {
        struct nfold_fragment one_by_one, several;
        uint64_t first = draw(70), count = 1 + draw(200);
        nf_fragment_start(&one_by_one, first);
        for (uint64_t c = first; c < first + count; c++)
            nf_fragment_append(&plan, &one_by_one, chunk_node(c), chunk_node(2 * c));
        fill_some(&plan, &several, first, count);
        assert_int_equal(several.node_count, one_by_one.node_count);
        assert_memory_equal(&several.chunks, &one_by_one.chunks, sizeof several.chunks);
        assert_memory_equal(&several.even_hi, &one_by_one.even_hi, sizeof(double));
        assert_memory_equal(&several.even_lo, &one_by_one.even_lo, sizeof(double));
        assert_memory_equal(several.node, one_by_one.node,
                            several.node_count * sizeof *several.node);
    }
}

/* Ranges of random sizes, in random order. */
static void merge_at_random(uint64_t m)
{
    struct nf_plan plan = {.chunks = m, .has_ends = (int)(m % 2)};
    struct nf_pieces pieces = {0};
    struct nfold_fragment fragment;
    struct nfold_range range[512];
    unsigned count = 0;
    for (uint64_t at = 0, all = nf_plan_claims(&plan); at < all && count < 512; count++) {
        uint64_t size = 1 + draw(1 + draw(m / 4 + 1));
        if (size > all - at || count == 511)
            size = all - at;
        range[count] = (struct nfold_range){at, size};
        at += size;
    }
    for (unsigned k = count; k > 0; k--) {
        unsigned other = (unsigned)draw(k);
        struct nfold_range taken = range[other];
        range[other] = range[k - 1];
        assert_null(nf_pieces_whole(&plan, &pieces));
        fill(&plan, &fragment, taken.first, taken.count);
        assert_int_equal(nf_pieces_add(&plan, &pieces, &fragment), 0);
    }
    check_tree(&plan, nf_pieces_whole(&plan, &pieces));
    nf_pieces_clear(&pieces);
}

static void merging_in_any_order_gives_the_tree(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++)
        merge_at_random(1 + draw(round % 4 ? 40 : 3000));
}

/* Workers that merge in turn, one claim in hand each: the list is no longer than they are many. */
static void the_list_of_pieces_does_not_grow_with_the_chunks(void **state)
{
    enum { WORKERS = 7, CHUNKS = 20000 };
    struct nf_plan plan = {.chunks = CHUNKS};
    struct nf_pieces pieces = {0};
    struct nfold_fragment fragment;
    uint64_t hand[WORKERS], next = 0, done = 0;
    (void)state;
    while (next < WORKERS) {
        hand[next] = next;
        next++;
    }
    while (done < CHUNKS) {
        uint64_t worker = draw(WORKERS);
        if (hand[worker] == UINT64_MAX)
            continue;
        fill(&plan, &fragment, hand[worker], 1);
        assert_int_equal(nf_pieces_add(&plan, &pieces, &fragment), 0);
        hand[worker] = next < CHUNKS ? next++ : UINT64_MAX;
        done++;
        assert_true(pieces.count <= WORKERS);
    }
    check_tree(&plan, nf_pieces_whole(&plan, &pieces));
    nf_pieces_clear(&pieces);
}

/* The largest run there can be: 2^38 chunks in two halves that are not aligned. */
static void a_fragment_has_room_for_the_largest_run(void **state)
{
    struct nf_plan plan = {.chunks = UINT64_C(1) << 38};
    struct nfold_fragment left, right;
    (void)state;
    nf_fragment_start(&left, 1);
    left.chunks.count = (UINT64_C(1) << 37) - 2;
    left.node_count = 72;
    memset(left.node, 0, sizeof left.node);
    nf_fragment_start(&right, (UINT64_C(1) << 37) - 1);
    right.chunks.count = UINT64_C(1) << 37;
    right.node_count = 38;
    memset(right.node, 0, sizeof right.node);
    nf_fragment_join(&plan, &left, &right);
    assert_true(left.node_count <= NFOLD_FRAGMENT_NODES);
    assert_int_equal(left.chunks.count, (UINT64_C(1) << 38) - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_all_chunks_gives_the_tree),
        cmocka_unit_test(chunks_that_come_several_at_a_time_give_the_same_fragment),
        cmocka_unit_test(merging_in_any_order_gives_the_tree),
        cmocka_unit_test(the_list_of_pieces_does_not_grow_with_the_chunks),
        cmocka_unit_test(a_fragment_has_room_for_the_largest_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
