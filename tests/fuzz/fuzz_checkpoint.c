/* fuzz_checkpoint.c: any bytes are either a checkpoint, of which only chunks of the plan are read
 * and which can be continued, or are refused with a reason. Inputs that begin with 'f' are a whole
 * file; of others the rest is the body of a record whose checksums are right. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint_file.h"
#include "require.h"

#define CHUNKS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char identity[] = "operand x*x\norder v1\nn 999\nfunction expression 0123\n";
static const struct nf_plan plan = {
    .items = CHUNKS, .chunk_items = 1, .chunks = CHUNKS, .has_ends = 1, .has_even = 1};
static const _Atomic int never;

static void make_file(char *path, const uint8_t *data, size_t size)
{
    struct nf_checkpoint_file file;
    int fd;
    strcpy(path,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/nfold-fuzz-XXXXXX" : "/tmp/nfold-fuzz-XXXXXX");
    fd = mkstemp(path);
    REQUIRE(fd >= 0);
    if (size > 0 && data[0] == 'f')
        REQUIRE(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    close(fd);
    if (size > 0 && data[0] == 'f')
        return;
    REQUIRE(nf_checkpoint_file_open(&file, path, identity, &never, NULL) == 0);
    REQUIRE(nf_checkpoint_file_append(&file, NF_CHECKPOINT_FRAGMENTS, size > 0 ? data + 1 : data,
                                      size > 0 ? size - 1 : 0) == 0);
    nf_checkpoint_file_close(&file);
}

/* Ascending, apart from each other, none beyond the plan. */
static uint64_t check_pieces(const struct nf_pieces *pieces)
{
    uint64_t end = 0, chunks = 0;
    for (unsigned k = 0; k < pieces->count; k++) {
        const struct nfold_range *range = &pieces->piece[k]->chunks;
        REQUIRE(range->count > 0 && range->count <= CHUNKS + 1);
        REQUIRE(range->first >= end && range->first <= CHUNKS);
        REQUIRE(pieces->piece[k]->node_count == nf_fragment_node_count(&plan, *range));
        end = range->first + range->count;
        REQUIRE(end <= CHUNKS + 1);
        chunks += range->count;
    }
    return chunks;
}

/* Returns the chunks in it, or -1: refused. */
static int64_t read_file(const char *path, int must_continue)
{
    struct nf_pieces pieces = {0};
    struct nf_checkpoint_file file;
    nfold_error err = {0};
    int64_t chunks = -1;
    int rc = nf_checkpoint_file_open(&file, path, identity, &never, &err);
    if (rc == 0) {
        rc = nf_checkpoint_file_read(&file, &plan, &pieces, &err);
        chunks = (int64_t)check_pieces(&pieces);
        if (rc == 0 && must_continue)
            REQUIRE(nf_checkpoint_file_sign(&file, &err) == 0);
        nf_checkpoint_file_close(&file);
    }
    nf_pieces_clear(&pieces);
    REQUIRE(rc == 0 || (rc == NFOLD_E_VALUE && err.message[0] != '\0'));
    return rc == 0 ? chunks : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int64_t chunks;
    make_file(path, data, size);
    chunks = read_file(path, 1);
    REQUIRE(read_file(path, 0) == chunks);
    unlink(path);
    return 0;
}
