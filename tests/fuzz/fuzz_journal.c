/* fuzz_journal.c: any bytes are a journal that is read to its end, or none: what is sound, damaged
 * and torn adds up to the file, and reading goes on behind what is damaged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "earlier.h"
#include "journal_reader.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An entry that was read can be written, and is then read as the same. */
static void check_entry(const struct nf_journal_entry *entry)
{
    struct nfold_buffer bytes = {0};
    struct nf_journal_entry again;
    if (entry->type != NF_JOURNAL_END)
        return;
    REQUIRE(entry->end.result.status < NF_TASK_STATUS_COUNT);
    nf_journal_encode(&bytes, entry);
    REQUIRE(!bytes.failed);
    REQUIRE(nf_journal_decode((const unsigned char *)bytes.data, bytes.size, &again) == bytes.size);
    REQUIRE(again.number == entry->number && again.end.sequence == entry->end.sequence);
    REQUIRE(again.end.command.size == entry->end.command.size);
    nf_buffer_clear(&bytes);
}

static void check_reader(int fd, uint64_t size)
{
    struct nf_journal_reader reader;
    struct nf_journal_entry entry;
    uint64_t sound = 0;
    if (nf_journal_reader_open(&reader, fd, "journal", NULL) < 0)
        return;
    while (nf_journal_reader_next(&reader, &entry, NULL) > 0) {
        REQUIRE(reader.sound_end > sound && reader.sound_end <= size);
        sound = reader.sound_end;
        check_entry(&entry);
    }
    REQUIRE(reader.sound_end + reader.torn_bytes == size);
    REQUIRE(reader.damaged_bytes <= reader.sound_end);
    nf_journal_reader_close(&reader);
}

static void check_earlier(int fd)
{
    struct nf_index *index;
    struct nf_earlier earlier;
    REQUIRE(nf_index_open(&index, NULL) >= 0);
    if (nf_earlier_journal(&earlier, index, fd, "journal", NULL) >= 0) {
        REQUIRE(earlier.tasks == nf_index_count(index));
        nf_earlier_clear(&earlier);
    }
    nf_index_close(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("journal", MFD_CLOEXEC);
    REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    check_reader(fd, size);
    check_earlier(fd);
    close(fd);
    return 0;
}
