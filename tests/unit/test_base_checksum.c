/* Tests of the checksums: published values, and bytes that come in pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "checksum.h"

static void the_published_values_come_out(void **state)
{
    (void)state;
    assert_int_equal(nf_checksum_crc(0, "123456789", 9), 0xe3069283);
    assert_int_equal(nf_checksum_crc(0, "", 0), 0);
    assert_true(nf_checksum_hash(NF_CHECKSUM_HASH, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void bytes_may_come_in_pieces(void **state)
{
    const char text[] = "the same whatever the pieces";
    const size_t size = sizeof text;
    (void)state;
    for (size_t cut = 0; cut <= size; cut++) {
        uint32_t crc = nf_checksum_crc(0, text, cut);
        uint64_t hash = nf_checksum_hash(NF_CHECKSUM_HASH, text, cut);
        assert_int_equal(nf_checksum_crc(crc, text + cut, size - cut),
                         nf_checksum_crc(0, text, size));
        assert_true(nf_checksum_hash(hash, text + cut, size - cut) ==
                    nf_checksum_hash(NF_CHECKSUM_HASH, text, size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_values_come_out),
        cmocka_unit_test(bytes_may_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
