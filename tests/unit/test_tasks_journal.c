/* The journal: what was written is read back, and no torn or damaged byte invents or hides an end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checksum.h"
#include "journal_reader.h"
#include "journal_writer.h"
#include "read_file.h"

#define ENTRIES 6

static struct nf_journal_entry end_entry(unsigned sequence)
{
    return (struct nf_journal_entry){
        .type = NF_JOURNAL_END,
        .end = {.sequence = sequence,
                .identity = {{sequence * UINT64_C(0x9E3779B97F4A7C15), ~(uint64_t)sequence}},
                .attempt = 1,
                .result = {.status = sequence % 2 ? NF_TASK_OK : NF_TASK_FAILED,
                           .exit_code = sequence % 2 ? 0 : -1,
                           .signal = 15,
                           .slot = 3,
                           .began = 1795346047.5,
                           .seconds = 0.25,
                           .first_output = 0.125,
                           .peak_bytes = 1 << 20,
                           .out_bytes = 12,
                           .output_at = 4096,
                           .is_final = 1},
                .command = {"exit 1", sequence % 2 ? 0 : 6}}};
}

/* A journal of ENTRIES ends, as bytes; free them. */
static unsigned char *sample(size_t *size)
{
    struct nf_journal_writer writer;
    int fd = memfd_create("journal", MFD_CLOEXEC);
    nf_journal_writer_open(&writer);
    for (unsigned i = 1; i <= ENTRIES; i++) {
        struct nf_journal_entry entry = end_entry(i);
        assert_int_equal(nf_journal_writer_add(&writer, &entry, NULL), 0);
        if (i == 2)
            assert_int_equal(nf_journal_writer_attach(&writer, dup(fd), strdup("journal"), 0, NULL),
                             0);
    }
    assert_int_equal(nf_journal_writer_close(&writer, NULL), 0);
    *size = (size_t)lseek(fd, 0, SEEK_END);
    unsigned char *bytes = malloc(*size);
    assert_int_equal(pread(fd, bytes, *size, 0), *size);
    close(fd);
    return bytes;
}

struct reading {
    unsigned count, sequence[ENTRIES + 1];
    struct nf_journal_reader reader;
};

static int read_bytes(struct reading *reading, const unsigned char *bytes, size_t size)
{
    struct nf_journal_entry entry;
    int fd = memfd_create("journal", MFD_CLOEXEC), rc;
    assert_int_equal(write(fd, bytes, size), size);
    *reading = (struct reading){0};
    rc = nf_journal_reader_open(&reading->reader, fd, "journal", NULL);
    while (rc >= 0 && (rc = nf_journal_reader_next(&reading->reader, &entry, NULL)) > 0) {
        assert_true(reading->count < ENTRIES);
        reading->sequence[reading->count++] = (unsigned)entry.end.sequence;
    }
    nf_journal_reader_close(&reading->reader);
    close(fd);
    return rc;
}

static void the_checksum_is_crc32c(void **state)
{
    (void)state;
    assert_int_equal(nf_checksum_crc(0, "123456789", 9), 0xe3069283);
    assert_int_equal(nf_checksum_crc(0, "", 0), 0);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    struct nfold_buffer bytes = {0};
    struct nf_journal_entry wrote = end_entry(4), read;
    wrote.number = 300;
    nf_journal_encode(&bytes, &wrote);
    assert_int_equal(nf_journal_decode((unsigned char *)bytes.data, bytes.size, &read), bytes.size);
    assert_int_equal(read.number, 300);
    assert_int_equal(read.end.sequence, 4);
    assert_memory_equal(&read.end.identity, &wrote.end.identity, sizeof wrote.end.identity);
    assert_int_equal(read.end.attempt, 1);
    assert_int_equal(read.end.result.status, NF_TASK_FAILED);
    assert_int_equal(read.end.result.exit_code, -1);
    assert_int_equal(read.end.result.signal, 15);
    assert_int_equal(read.end.result.slot, 3);
    assert_true(read.end.result.began == 1795346047.5 && read.end.result.seconds == 0.25);
    assert_true(read.end.result.first_output > 0.1249 && read.end.result.first_output < 0.1251);
    assert_int_equal(read.end.result.peak_bytes, 1 << 20);
    assert_int_equal(read.end.result.out_bytes, 12);
    assert_int_equal(read.end.result.output_at, 4096);
    assert_int_equal(read.end.result.is_final, 1);
    assert_int_equal(read.end.command.size, 6);
    assert_memory_equal(read.end.command.data, "exit 1", 6);
    nf_buffer_clear(&bytes);
}

static void the_end_of_an_ok_task_takes_few_bytes(void **state)
{
    (void)state;
    struct nfold_buffer bytes = {0};
    struct nf_journal_entry entry = end_entry(100001);
    entry.number = 100000;
    nf_journal_encode(&bytes, &entry);
    assert_true(bytes.size <= 80);
    nf_buffer_clear(&bytes);
}

/* Cut at any byte: what stands before the cut is read, the torn entry is said, nothing is made up.
 */
static void a_journal_torn_at_any_byte_keeps_what_was_whole(void **state)
{
    (void)state;
    size_t size, boundary = 0;
    unsigned char *bytes = sample(&size);
    struct reading reading;
    unsigned whole = 0;
    for (size_t cut = 0; cut <= size; cut++) {
        assert_int_equal(read_bytes(&reading, bytes, cut), 0);
        assert_true(reading.count == whole || reading.count == whole + 1);
        if (reading.count == whole + 1 || cut == NF_JOURNAL_HEADER_SIZE) {
            whole = reading.count;
            boundary = cut;
        }
        for (unsigned i = 0; i < reading.count; i++)
            assert_int_equal(reading.sequence[i], i + 1);
        assert_int_equal(reading.reader.sound_end, boundary);
        assert_int_equal(reading.reader.torn_bytes, cut - boundary);
        assert_int_equal(reading.reader.damages, 0);
    }
    assert_int_equal(whole, ENTRIES);
    free(bytes);
}

/* One byte wrong: at most one entry is lost, it is said, and all others are read. */
static void a_damaged_byte_costs_one_entry_and_is_said(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    struct reading reading;
    for (size_t at = NF_JOURNAL_HEADER_SIZE; at < size; at++) {
        bytes[at] ^= 0x41;
        assert_int_equal(read_bytes(&reading, bytes, size), 0);
        bytes[at] ^= 0x41;
        assert_int_equal(reading.count, ENTRIES - 1);
        unsigned missing = 1;
        while (missing < ENTRIES && reading.sequence[missing - 1] == missing)
            missing++;
        for (unsigned i = missing; i < ENTRIES; i++)
            assert_int_equal(reading.sequence[i - 1], i + 1);
        if (missing == ENTRIES) {
            assert_true(reading.reader.torn_bytes > 0);
        } else {
            assert_int_equal(reading.reader.damages, 1);
            assert_int_equal(reading.reader.lost_entries, 1);
            assert_true(reading.reader.damaged_bytes > 0);
        }
    }
    free(bytes);
}

static void what_is_no_journal_is_refused(void **state)
{
    (void)state;
    struct reading reading;
    static const char *const wrong[] = {"hello", "nfold journal 2\nxxxxxxx",
                                        "nfold output 12\n....."};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_bytes(&reading, (const unsigned char *)wrong[i], strlen(wrong[i])),
                         NFOLD_E_VALUE);
}

/* A later version adds types and fields: both are passed over. */
static void entries_of_a_later_version_are_passed_over(void **state)
{
    (void)state;
    struct nfold_buffer bytes = {0};
    struct reading reading;
    struct nf_journal_entry unknown = {.type = (enum nf_journal_type)99, .number = 1};
    struct nf_journal_entry known = end_entry(7);
    known.number = 2;
    nf_buffer_string(&bytes, NF_JOURNAL_HEADER);
    nf_journal_encode(&bytes, &unknown);
    nf_journal_encode(&bytes, &known);
    assert_int_equal(read_bytes(&reading, (unsigned char *)bytes.data, bytes.size), 0);
    assert_int_equal(reading.count, 2);
    assert_int_equal(reading.sequence[1], 7);
    assert_int_equal(reading.reader.damages, 0);
    nf_buffer_clear(&bytes);
}

static void a_writer_continues_behind_the_last_whole_entry(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    struct reading reading;
    struct nf_journal_writer writer;
    struct nf_journal_entry entry = end_entry(ENTRIES);
    assert_int_equal(read_bytes(&reading, bytes, size - 3), 0);
    int fd = memfd_create("journal", MFD_CLOEXEC);
    assert_int_equal(write(fd, bytes, size - 3), size - 3);
    nf_journal_writer_open(&writer);
    writer.next_number = reading.reader.next_number;
    assert_int_equal(nf_journal_writer_attach(&writer, dup(fd), strdup("journal"),
                                              reading.reader.sound_end, NULL),
                     0);
    assert_int_equal(nf_journal_writer_add(&writer, &entry, NULL), 0);
    assert_int_equal(nf_journal_writer_close(&writer, NULL), 0);
    unsigned char *now = malloc(size);
    assert_int_equal(lseek(fd, 0, SEEK_END), size);
    assert_int_equal(pread(fd, now, size, 0), size);
    assert_memory_equal(now, bytes, size);
    close(fd);
    free(now);
    free(bytes);
}

/* An entry as tests/recorded/journals has it. */
static void describe(struct nfold_buffer *out, const struct nf_journal_entry *entry)
{
    const struct nf_journal_end *end = &entry->end;
    const struct nf_task_result *result = &end->result;
    nf_buffer_print(out, "%llu ", (unsigned long long)entry->number);
    if (entry->type == NF_JOURNAL_START)
        nf_buffer_print(out, "start %.6f pid %llu template %.*s\n", entry->start.when,
                        (unsigned long long)entry->start.pid, (int)entry->start.pattern.size,
                        entry->start.pattern.data);
    else if (entry->type == NF_JOURNAL_CLOSE)
        nf_buffer_print(out, "close %.6f submitted %llu ok %llu failed %llu over %d why '%.*s'\n",
                        entry->close.when, (unsigned long long)entry->close.submitted,
                        (unsigned long long)entry->close.status[NF_TASK_OK],
                        (unsigned long long)entry->close.status[NF_TASK_FAILED],
                        entry->close.is_input_over, (int)entry->close.why.size,
                        entry->close.why.data);
    else
        nf_buffer_print(
            out,
            "end task %llu attempt %u %016llx%016llx %s exit %d signal %d slot %u "
            "began %.6f took %.6f bytes %llu %llu at %llu final %d '%.*s'\n",
            (unsigned long long)end->sequence, end->attempt,
            (unsigned long long)end->identity.word[0], (unsigned long long)end->identity.word[1],
            nf_task_status_name(result->status), result->exit_code, result->signal, result->slot,
            result->began, result->seconds, (unsigned long long)result->out_bytes,
            (unsigned long long)result->err_bytes, (unsigned long long)result->output_at,
            result->is_final, (int)end->command.size, end->command.data);
}

static void journals_of_version_1_are_read_for_ever(void **state)
{
    (void)state;
    struct nf_journal_reader reader;
    struct nf_journal_entry entry;
    struct nfold_buffer text = {0};
    char path[4096];
    const char *root = getenv("NFOLD_SOURCE_ROOT");
    assert_non_null(root);
    snprintf(path, sizeof path, "%s/tests/recorded/journals/version-1", root);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(nf_journal_reader_open(&reader, fd, path, NULL), 0);
    while (nf_journal_reader_next(&reader, &entry, NULL) > 0)
        describe(&text, &entry);
    nf_journal_reader_close(&reader);
    close(fd);
    char *wanted = nf_read_file(path, ".txt");
    if (wanted == NULL)
        fprintf(stderr, "%s", nf_buffer_text(&text));
    assert_non_null(wanted);
    assert_string_equal(nf_buffer_text(&text), wanted);
    free(wanted);
    nf_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_crc32c),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_end_of_an_ok_task_takes_few_bytes),
        cmocka_unit_test(a_journal_torn_at_any_byte_keeps_what_was_whole),
        cmocka_unit_test(a_damaged_byte_costs_one_entry_and_is_said),
        cmocka_unit_test(what_is_no_journal_is_refused),
        cmocka_unit_test(entries_of_a_later_version_are_passed_over),
        cmocka_unit_test(journals_of_version_1_are_read_for_ever),
        cmocka_unit_test(a_writer_continues_behind_the_last_whole_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
