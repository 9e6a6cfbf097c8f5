/* Tests of the file of a checkpoint: whatever happened to it, what is read of it is right, or it is
 * refused and kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint_file.h"

#define CHUNKS 1000

static const struct nf_plan plan = {
    .items = CHUNKS, .chunk_items = 1, .chunks = CHUNKS, .has_ends = 1, .has_even = 1};
static const char identity[] = "operand x*x\norder v1\nn 999\nfunction expression 0123\n";
static const _Atomic int never;

struct place {
    char folder[64], path[96];
};

/* In memory where that can be had: thousands of files are waited for otherwise. */
static struct place make_place(void)
{
    struct place place = {"", ""};
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(place.folder, sizeof place.folder, "%s/nfold-checkpoint-XXXXXX", root);
    assert_non_null(mkdtemp(place.folder));
    snprintf(place.path, sizeof place.path, "%s/kept", place.folder);
    return place;
}

static void remove_place(const struct place *place)
{
    unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
}

struct image {
    size_t size;
    char data[1 << 14];
};

static struct image read_image(const char *path)
{
    struct image image;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    image.size = fread(image.data, 1, sizeof image.data, file);
    assert_true(image.size < sizeof image.data);
    fclose(file);
    return image;
}

static void write_image(const char *path, const struct image *image)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->data, 1, image->size, file), image->size);
    assert_int_equal(fclose(file), 0);
}

static struct nfold_fragment fragment_of(uint64_t first, uint64_t count)
{
    struct nfold_fragment fragment;
    nf_fragment_start(&fragment, first);
    for (uint64_t k = first; k < first + count; k++)
        nf_fragment_append(&plan, &fragment, (struct nfold_node){1.0 / (double)(k + 1), 0},
                           (struct nfold_node){k % 2 ? 0 : 1, 0});
    return fragment;
}

static int append(struct nf_checkpoint_file *file, const struct nfold_range *range, unsigned count)
{
    struct nfold_buffer body = {0};
    int cause;
    for (unsigned k = 0; k < count; k++) {
        struct nfold_fragment fragment = fragment_of(range[k].first, range[k].count);
        nf_checkpoint_file_put(&body, &fragment);
    }
    cause = nf_checkpoint_file_append(file, NF_CHECKPOINT_FRAGMENTS, body.data, body.size);
    nf_buffer_clear(&body);
    return cause;
}

/* Opens, reads and closes. */
static int read_again(const char *path, struct nf_pieces *pieces, nfold_error *err)
{
    struct nf_checkpoint_file file;
    int rc = nf_checkpoint_file_open(&file, path, identity, &never, err);
    *pieces = (struct nf_pieces){0};
    if (rc == 0) {
        rc = nf_checkpoint_file_read(&file, &plan, pieces, err);
        nf_checkpoint_file_close(&file);
    }
    return rc;
}

static const struct nfold_range records[3][2] = {
    {{CHUNKS, 1}, {0, 100}}, {{300, 7}, {501, 99}}, {{100, 200}, {999, 1}}};

/* A signature and three records; ends[k]: where record k-1 ends. */
static struct image make_file(const char *path, uint64_t ends[4])
{
    struct nf_checkpoint_file file;
    assert_int_equal(nf_checkpoint_file_open(&file, path, identity, &never, NULL), 0);
    assert_int_equal(nf_checkpoint_file_sign(&file, NULL), 0);
    for (unsigned k = 0; k < 3; k++) {
        ends[k] = file.end;
        assert_int_equal(append(&file, records[k], 2), 0);
    }
    ends[3] = file.end;
    nf_checkpoint_file_close(&file);
    return read_image(path);
}

static uint64_t chunks_in(const struct nf_pieces *pieces)
{
    uint64_t chunks = 0;
    for (unsigned k = 0; k < pieces->count; k++)
        chunks += pieces->piece[k]->chunks.count;
    return chunks;
}

static uint64_t chunks_of_records(unsigned count)
{
    uint64_t chunks = 0;
    for (unsigned k = 0; k < count; k++)
        chunks += records[k][0].count + records[k][1].count;
    return chunks;
}

static void check_piece(const struct nfold_fragment *piece)
{
    struct nfold_fragment expected = fragment_of(piece->chunks.first, piece->chunks.count);
    assert_int_equal(piece->node_count, expected.node_count);
    assert_memory_equal(piece->node, expected.node, piece->node_count * sizeof *piece->node);
    assert_true(piece->even_hi == expected.even_hi && piece->even_lo == expected.even_lo);
}

static void check_pieces(const struct nf_pieces *pieces)
{
    for (unsigned k = 0; k < pieces->count; k++)
        check_piece(pieces->piece[k]);
}

static void what_was_written_is_read_again(void **state)
{
    struct place place = make_place();
    struct nf_pieces pieces;
    uint64_t ends[4];
    (void)state;
    make_file(place.path, ends);
    assert_int_equal(read_again(place.path, &pieces, NULL), 0);
    assert_int_equal(chunks_in(&pieces), chunks_of_records(3));
    check_pieces(&pieces);
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

/* Continues a file that was cut off: its good records are there, and new ones hold. */
static void continue_cut(const char *path, const struct image *whole, size_t size,
                         const uint64_t *ends)
{
    struct image cut = *whole;
    struct nf_checkpoint_file file;
    struct nf_pieces pieces = {0};
    unsigned good = 0;
    cut.size = size;
    while (good < 3 && ends[good + 1] <= size)
        good++;
    write_image(path, &cut);
    assert_int_equal(nf_checkpoint_file_open(&file, path, identity, &never, NULL), 0);
    assert_int_equal(nf_checkpoint_file_read(&file, &plan, &pieces, NULL), 0);
    assert_int_equal(chunks_in(&pieces), chunks_of_records(good));
    assert_int_equal(append(&file, (const struct nfold_range[]){{700, 33}}, 1), 0);
    nf_checkpoint_file_close(&file);
    nf_pieces_clear(&pieces);
    assert_int_equal(read_again(path, &pieces, NULL), 0);
    assert_int_equal(chunks_in(&pieces), chunks_of_records(good) + 33);
    check_pieces(&pieces);
    nf_pieces_clear(&pieces);
}

static void a_file_that_was_cut_off_at_any_byte_has_all_records_before(void **state)
{
    struct place place = make_place();
    uint64_t ends[4];
    struct image whole = make_file(place.path, ends);
    (void)state;
    for (size_t size = 0; size <= whole.size; size++)
        continue_cut(place.path, &whole, size, ends);
    remove_place(&place);
}

static void a_tail_of_zeros_is_cut_off(void **state)
{
    struct place place = make_place();
    struct nf_pieces pieces;
    uint64_t ends[4];
    struct image whole = make_file(place.path, ends);
    (void)state;
    /* A power failure: as long as it should be, or longer, and partly never written. */
    for (size_t size = (size_t)ends[2]; size < whole.size - 8; size++) {
        struct image cut = whole;
        memset(cut.data + size, 0, sizeof cut.data - size);
        cut.size = size % 2 ? whole.size : sizeof cut.data - 1;
        write_image(place.path, &cut);
        if (read_again(place.path, &pieces, NULL) == 0) {
            assert_int_equal(chunks_in(&pieces), chunks_of_records(2));
            assert_int_equal(read_image(place.path).size, ends[2]);
        } else {
            assert_true(size > ends[2] && size < ends[2] + 16); /* a head in halves */
        }
        nf_pieces_clear(&pieces);
    }
    remove_place(&place);
}

static void any_changed_byte_is_seen_and_the_file_is_kept(void **state)
{
    struct place place = make_place();
    struct nf_pieces pieces;
    uint64_t ends[4];
    struct image whole = make_file(place.path, ends);
    nfold_error err;
    (void)state;
    for (size_t at = 0; at < whole.size; at++) {
        struct image changed = whole, now;
        changed.data[at] ^= (char)(1 << at % 8);
        write_image(place.path, &changed);
        if (read_again(place.path, &pieces, &err) != NFOLD_E_VALUE)
            fail_msg("byte %zu of %zu", at, whole.size);
        now = read_image(place.path);
        assert_int_equal(now.size, changed.size);
        assert_memory_equal(now.data, changed.data, now.size);
        check_pieces(&pieces);
        nf_pieces_clear(&pieces);
    }
    remove_place(&place);
}

static void damage_is_named_with_what_can_be_saved(void **state)
{
    struct place place = make_place();
    struct nf_pieces pieces;
    uint64_t ends[4];
    struct image whole = make_file(place.path, ends);
    char words[64];
    nfold_error err;
    (void)state;
    whole.data[ends[1] + 30] ^= 1;
    write_image(place.path, &whole);
    assert_int_equal(read_again(place.path, &pieces, &err), NFOLD_E_VALUE);
    nf_pieces_clear(&pieces);
    snprintf(words, sizeof words, "is damaged at byte %u of %u", (unsigned)ends[1],
             (unsigned)whole.size);
    assert_non_null(strstr(err.message, words));
    snprintf(words, sizeof words, "`head -c %u ", (unsigned)ends[1]);
    assert_non_null(strstr(err.detail, words));
    /* The advice is right. */
    whole.size = ends[1];
    write_image(place.path, &whole);
    assert_int_equal(read_again(place.path, &pieces, &err), 0);
    assert_int_equal(chunks_in(&pieces), chunks_of_records(1));
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

static void a_record_counts_only_in_its_place(void **state)
{
    struct place place = make_place();
    struct nf_pieces pieces;
    uint64_t ends[4];
    struct image whole = make_file(place.path, ends), again = whole;
    (void)state;
    /* The second record once more behind the third. */
    memcpy(again.data + whole.size, whole.data + ends[1], ends[2] - ends[1]);
    again.size += ends[2] - ends[1];
    write_image(place.path, &again);
    assert_int_equal(read_again(place.path, &pieces, NULL), NFOLD_E_VALUE);
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

static void chunks_that_are_there_already_are_taken_once(void **state)
{
    const struct nfold_range twice[] = {{10, 20}, {15, 2}, {0, 11}, {30, 1}, {10, 20}};
    struct place place = make_place();
    struct nf_checkpoint_file file;
    struct nf_pieces pieces;
    (void)state;
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    assert_int_equal(append(&file, twice, 5), 0);
    nf_checkpoint_file_close(&file);
    assert_int_equal(read_again(place.path, &pieces, NULL), 0);
    assert_int_equal(chunks_in(&pieces), 21);
    check_pieces(&pieces);
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

/* A fragment's numbers, whose record checks. */
static void expect_refused(const uint64_t *number, unsigned count)
{
    struct place place = make_place();
    struct nf_checkpoint_file file;
    struct nf_pieces pieces;
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    assert_int_equal(
        nf_checkpoint_file_append(&file, NF_CHECKPOINT_FRAGMENTS, number, count * sizeof *number),
        0);
    nf_checkpoint_file_close(&file);
    assert_int_equal(read_again(place.path, &pieces, NULL), NFOLD_E_VALUE);
    assert_int_equal(pieces.count, 0);
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

static void fragments_that_the_plan_cannot_have_are_refused(void **state)
{
    static const uint64_t beyond[] = {CHUNKS, 2, 0, 0, 2, 0, 0, 0, 0}, empty[] = {5, 0, 0, 0, 0},
                          far[] = {UINT64_MAX, 1, 0, 0, 1, 0, 0},
                          wrapped[] = {5, UINT64_MAX - 2, 0, 0, 1, 0, 0},
                          too_few[] = {5, 2, 0, 0, 1, 0, 0},
                          too_many[] = {4, 2, 0, 0, UINT64_MAX / 16 + 2, 0, 0},
                          cut[] = {4, 2, 0, 0, 1}, cut_head[] = {4, 2, 0};
    (void)state;
    expect_refused(beyond, 9);
    expect_refused(empty, 5);
    expect_refused(far, 7);
    expect_refused(wrapped, 7);
    expect_refused(too_few, 7);
    expect_refused(too_many, 7);
    expect_refused(cut, 5);
    expect_refused(cut_head, 3);
}

static void a_newer_format_is_refused_with_both_numbers(void **state)
{
    static const char newer[] = "nfold-checkpoint 2\nsomething else\n";
    struct place place = make_place();
    struct nf_pieces pieces;
    struct image image = {.size = sizeof newer - 1};
    nfold_error err;
    (void)state;
    memcpy(image.data, newer, sizeof newer);
    write_image(place.path, &image);
    assert_int_equal(read_again(place.path, &pieces, &err), NFOLD_E_VALUE);
    assert_non_null(strstr(err.message, "has format 2, and this nfold knows 1"));
    assert_memory_equal(read_image(place.path).data, newer, sizeof newer - 1);
    remove_place(&place);
}

static void what_could_not_be_written_can_be_written_later(void **state)
{
    struct place place = make_place();
    struct nf_checkpoint_file file;
    struct nf_pieces pieces;
    struct rlimit before, small;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    small = (struct rlimit){.rlim_cur = file.end + 50, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(append(&file, records[0], 2), EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(append(&file, records[0], 2), 0);
    nf_checkpoint_file_close(&file);
    assert_int_equal(read_again(place.path, &pieces, NULL), 0);
    assert_int_equal(chunks_in(&pieces), chunks_of_records(1));
    nf_pieces_clear(&pieces);
    remove_place(&place);
}

static void a_file_that_others_change_is_written_no_more(void **state)
{
    struct place place = make_place();
    struct nf_checkpoint_file file;
    struct nf_pieces pieces = {0};
    uint64_t ends[4];
    (void)state;
    make_file(place.path, ends);
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    assert_int_equal(nf_checkpoint_file_read(&file, &plan, &pieces, NULL), 0);
    nf_checkpoint_file_close(&file);
    nf_pieces_clear(&pieces);
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    file.end = ends[3];
    assert_int_equal(truncate(place.path, (off_t)ends[2]), 0);
    assert_int_equal(append(&file, records[0], 2), EBUSY);
    assert_int_equal(read_image(place.path).size, ends[2]);
    assert_int_equal(unlink(place.path), 0);
    assert_int_equal(append(&file, records[0], 2), ENOENT);
    nf_checkpoint_file_close(&file);
    remove_place(&place);
}

static void a_file_in_use_is_refused_with_the_name_of_its_user(void **state)
{
    struct place place = make_place();
    struct nf_checkpoint_file file, second;
    char words[64];
    nfold_error err;
    (void)state;
    assert_int_equal(nf_checkpoint_file_open(&file, place.path, identity, &never, NULL), 0);
    assert_int_equal(nf_checkpoint_file_sign(&file, NULL), 0);
    /* Not even in the same process, whose locks POSIX would not keep apart. */
    assert_int_equal(nf_checkpoint_file_open(&second, place.path, identity, &never, &err),
                     NFOLD_E_USAGE);
    snprintf(words, sizeof words, "in use by another run (process %ld on ", (long)getpid());
    assert_non_null(strstr(err.message, words));
    nf_checkpoint_file_close(&file);
    assert_int_equal(nf_checkpoint_file_open(&second, place.path, identity, &never, &err), 0);
    nf_checkpoint_file_close(&second);
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_file_that_was_cut_off_at_any_byte_has_all_records_before),
        cmocka_unit_test(a_tail_of_zeros_is_cut_off),
        cmocka_unit_test(any_changed_byte_is_seen_and_the_file_is_kept),
        cmocka_unit_test(damage_is_named_with_what_can_be_saved),
        cmocka_unit_test(a_record_counts_only_in_its_place),
        cmocka_unit_test(chunks_that_are_there_already_are_taken_once),
        cmocka_unit_test(fragments_that_the_plan_cannot_have_are_refused),
        cmocka_unit_test(a_newer_format_is_refused_with_both_numbers),
        cmocka_unit_test(what_could_not_be_written_can_be_written_later),
        cmocka_unit_test(a_file_that_others_change_is_written_no_more),
        cmocka_unit_test(a_file_in_use_is_refused_with_the_name_of_its_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
