/* The ring that fragments come through: order, fullness, and what a writer gone mad leaves in it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "processes/ring.h"

static struct nf_ring *make_ring(void)
{
    struct nf_ring *ring = aligned_alloc(128, sizeof *ring);
    assert_non_null(ring);
    memset(ring, 0, sizeof *ring);
    return ring;
}

/* Number k: as many nodes as fit a fragment, in turn; all values tell k. */
static struct nfold_fragment fragment_of(unsigned k)
{
    struct nfold_fragment fragment = {.chunks = {k, 1}, .even_hi = k, .even_lo = -(double)k};
    fragment.node_count = k % (NFOLD_FRAGMENT_NODES + 1);
    for (unsigned n = 0; n < fragment.node_count; n++)
        fragment.node[n] = (struct nfold_node){k + n, n};
    return fragment;
}

static void check_fragment(const struct nfold_fragment *got, unsigned k)
{
    struct nfold_fragment wanted = fragment_of(k);
    assert_int_equal(got->node_count, wanted.node_count);
    assert_memory_equal(got, &wanted, nf_ring_size(&wanted));
}

static void what_goes_in_comes_out_in_order_round_and_round(void **state)
{
    struct nf_ring *ring = make_ring();
    struct nfold_fragment fragment;
    uint64_t taken = 0;
    unsigned in = 0, out = 0;
    (void)state;
    while (out < 5000) {
        for (;; in++) {
            fragment = fragment_of(in);
            if (!nf_ring_put(ring, &fragment))
                break;
        }
        assert_true(in > out + 10);
        for (unsigned k = 0; k < 7; k++, out++) {
            assert_int_equal(nf_ring_take(ring, &taken, &fragment), 1);
            check_fragment(&fragment, out);
        }
    }
    for (; out < in; out++) {
        assert_int_equal(nf_ring_take(ring, &taken, &fragment), 1);
        check_fragment(&fragment, out);
    }
    assert_int_equal(nf_ring_take(ring, &taken, &fragment), 0);
    free(ring);
}

static void a_scribbled_ring_is_refused(void **state)
{
    struct nf_ring *ring = make_ring();
    struct nfold_fragment fragment = fragment_of(3), got;
    uint64_t taken = 0;
    (void)state;
    atomic_store(&ring->head, UINT64_MAX / 2);
    assert_true(nf_ring_take(ring, &taken, &got) < 0);
    atomic_store(&ring->head, 8);
    assert_true(nf_ring_take(ring, &taken, &got) < 0);
    atomic_store(&ring->head, 0);
    assert_int_equal(nf_ring_put(ring, &fragment), 1);
    atomic_store(&ring->head, nf_ring_size(&fragment) - 8);
    assert_true(nf_ring_take(ring, &taken, &got) < 0);
    memset(ring->bytes, 0xff, sizeof ring->bytes);
    atomic_store(&ring->head, NF_RING_BYTES);
    assert_true(nf_ring_take(ring, &taken, &got) < 0);
    assert_int_equal(taken, 0);
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_in_order_round_and_round),
        cmocka_unit_test(a_scribbled_ring_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
