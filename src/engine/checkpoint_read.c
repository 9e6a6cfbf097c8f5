/* checkpoint_read.c: reads the file of a checkpoint. Any bytes may be in it: nothing is believed
 * that does not check. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint_record.h"
#include "checksum.h"
#include "double_bits.h"
#include "error.h"

#define HEAD_MAX   8192
#define BLOCK_SIZE 4096
#define LEFT_ALONE "; it is left as it is"

static uint32_t get_32(const unsigned char *byte)
{
    return byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

static uint64_t get_64(const unsigned char *byte)
{
    return get_32(byte) | (uint64_t)get_32(byte + 4) << 32;
}

static double get_double(const unsigned char *byte)
{
    return nf_double_of_bits(get_64(byte));
}

/* As many bytes as there are, at most size; -1 and errno. */
static ssize_t read_at(int fd, uint64_t place, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread(fd, (char *)data + done, size - done, (off_t)(place + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (ssize_t)done;
}

/* Exactly so many bytes: 0, or -1 and errno. */
static int read_whole(int fd, uint64_t place, void *data, size_t size)
{
    ssize_t count = read_at(fd, place, data, size);
    if (count == (ssize_t)size)
        return 0;
    if (count >= 0)
        errno = EIO; /* it has shrunk meanwhile */
    return -1;
}

/* ---- the head -------------------------------------------------------------------------------- */

struct line {
    const char *text;
    size_t length;
};

static struct line take_line(const char **rest)
{
    struct line line = {*rest, strcspn(*rest, "\n")};
    *rest += line.length + ((*rest)[line.length] == '\n');
    return line;
}

static int begins(struct line line, const char *word)
{
    return line.length >= strlen(word) && memcmp(line.text, word, strlen(word)) == 0;
}

static int is_equal(struct line one, struct line other)
{
    return one.length == other.length && memcmp(one.text, other.text, one.length) == 0;
}

/* What is behind the word that a line begins with. */
static struct line value_of(struct line line)
{
    size_t word = 0;
    while (word < line.length && line.text[word] != ' ')
        word++;
    word += word < line.length;
    return (struct line){line.text + word, line.length - word};
}

static int refuse_other(const struct nf_checkpoint_file *file, struct line operand,
                        struct line operand_here, struct line there, struct line here,
                        nfold_error *err)
{
    const char *of = "is the checkpoint of another computation";
    int key = (int)strcspn(here.text, " \n");
    struct line is = value_of(here), was = value_of(there);
    if (!begins(here, "function "))
        return nf_fail(err, NFOLD_E_VALUE, "%s %s: %.*s %.*s there, %.*s here" LEFT_ALONE,
                       file->path, of, key, here.text, (int)was.length, was.text, (int)is.length,
                       is.text);
    was = value_of(operand);
    is = value_of(operand_here);
    if (is_equal(was, is))
        return nf_fail(err, NFOLD_E_VALUE,
                       "%s %s: '%.*s' is another function by now (its file, a flag, a value or "
                       "nfold's mathematics has changed)" LEFT_ALONE,
                       file->path, of, (int)is.length, is.text);
    return nf_fail(err, NFOLD_E_VALUE, "%s %s: '%.*s' there, '%.*s' here" LEFT_ALONE, file->path,
                   of, (int)was.length, was.text, (int)is.length, is.text);
}

/* Both heads are whole and end with the line of the checksum. The operand is for people: the same
 * function may be written in two ways. */
static int compare_heads(const struct nf_checkpoint_file *file, const char *there, const char *here,
                         nfold_error *err)
{
    struct line operand = {"", 0}, operand_here = {"", 0};
    for (;;) {
        struct line theirs = take_line(&there), ours = take_line(&here);
        if (begins(ours, NF_HEAD_CRC) && begins(theirs, NF_HEAD_CRC))
            return 0;
        if (begins(ours, "operand ") && begins(theirs, "operand ")) {
            operand = theirs;
            operand_here = ours;
        } else if (!is_equal(theirs, ours)) {
            return refuse_other(file, operand, operand_here, theirs, ours, err);
        }
    }
}

/* Returns the head's size, or 0. text is terminated. */
static size_t check_head(struct nf_checkpoint_file *file, const char *text)
{
    const char *line = strstr(text, "\n" NF_HEAD_CRC);
    size_t size;
    if (!line || strlen(line + 1) < NF_HEAD_CRC_SIZE || line[NF_HEAD_CRC_SIZE] != '\n')
        return 0;
    size = (size_t)(line + 1 - text);
    file->seed = nf_checksum_crc(0, text, size);
    if (strtoul(line + sizeof NF_HEAD_CRC, NULL, 16) != file->seed)
        return 0;
    return size + NF_HEAD_CRC_SIZE;
}

static int take_head(struct nf_checkpoint_file *file, const char *text, const char *head,
                     nfold_error *err)
{
    const char first[] = NF_HEAD_FIRST, version[] = NF_HEAD_VERSION "\n";
    const char *format = text + sizeof first - 1;
    if (strncmp(text, first, sizeof first - 1) != 0)
        return nf_fail(err, NFOLD_E_VALUE, "%s is no checkpoint of nfold" LEFT_ALONE, file->path);
    if (strncmp(format, version, sizeof version - 1) != 0)
        return nf_fail(err, NFOLD_E_VALUE,
                       "the checkpoint %s has format %.*s, and this nfold knows " NF_HEAD_VERSION
                       ": continue it with the nfold that wrote it",
                       file->path, (int)strcspn(format, "\n") % 16, format);
    file->end = check_head(file, text);
    if (file->end == 0)
        return nf_fail(err, NFOLD_E_VALUE,
                       "the checkpoint %s is damaged in its first lines" LEFT_ALONE
                       "; delete it to begin anew",
                       file->path);
    return compare_heads(file, text, head, err);
}

int nf_checkpoint_read_head(struct nf_checkpoint_file *file, const struct nfold_buffer *head,
                            nfold_error *err)
{
    char *text = malloc(HEAD_MAX + 1);
    ssize_t size = text ? read_at(file->fd, 0, text, HEAD_MAX) : 0;
    int rc;
    if (!text)
        return nf_fail_memory(err);
    if (size < 0)
        rc = nf_fail_errno(err, "cannot read the checkpoint %s", file->path);
    else if ((size_t)size < head->size && memcmp(text, head->data, (size_t)size) == 0)
        rc = 1;
    else {
        text[size] = '\0';
        rc = take_head(file, text, head->data, err);
    }
    free(text);
    return rc;
}

/* ---- records --------------------------------------------------------------------------------- */

enum verdict { GOOD, AT_END, TORN, DAMAGED, UNREADABLE };

struct reader {
    struct nf_checkpoint_file *file;
    uint64_t size; /* the file's */
    enum nf_checkpoint_kind kind;
    unsigned char *body; /* [capacity], of the latest record */
    size_t body_size, capacity;
};

static int reader_start(struct reader *reader, struct nf_checkpoint_file *file)
{
    struct stat status;
    *reader = (struct reader){.file = file};
    if (fstat(file->fd, &status) < 0)
        return -1;
    reader->size = (uint64_t)status.st_size;
    return 0;
}

/* Blocks that a file system promised and never wrote. */
static int is_zero_from(const struct reader *reader, uint64_t place)
{
    unsigned char block[BLOCK_SIZE];
    ssize_t count;
    while ((count = read_at(reader->file->fd, place, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            if (block[i] != 0)
                return 0;
        place += (uint64_t)count;
    }
    return count == 0;
}

static enum verdict torn_or_damaged(const struct reader *reader, uint64_t zeros_from)
{
    return is_zero_from(reader, zeros_from) ? TORN : DAMAGED;
}

static int make_room(struct reader *reader, size_t size)
{
    unsigned char *grown;
    if (size <= reader->capacity)
        return 0;
    grown = realloc(reader->body, size);
    if (!grown)
        return -1;
    reader->body = grown;
    reader->capacity = size;
    return 0;
}

static enum verdict read_record_head(struct reader *reader, unsigned char *head)
{
    const struct nf_checkpoint_file *file = reader->file;
    uint64_t left = reader->size - file->end;
    const size_t checked = NF_RECORD_HEAD_SIZE - NF_RECORD_WORD;
    if (left == 0)
        return AT_END;
    if (left < NF_RECORD_HEAD_SIZE)
        return TORN;
    if (read_whole(file->fd, file->end, head, NF_RECORD_HEAD_SIZE) < 0)
        return UNREADABLE;
    if (memcmp(head, NF_RECORD_MAGIC, NF_RECORD_WORD) != 0 ||
        get_32(head + checked) != nf_checkpoint_record_crc(file, file->end, head, checked))
        return torn_or_damaged(reader, file->end);
    reader->kind = (enum nf_checkpoint_kind)get_32(head + NF_RECORD_WORD);
    reader->body_size = get_32(head + 2 * NF_RECORD_WORD);
    return reader->body_size <= NF_RECORD_BODY_MAX ? GOOD : DAMAGED;
}

/* The record at file->end, which moves behind it when it is good. */
static enum verdict read_record(struct reader *reader)
{
    struct nf_checkpoint_file *file = reader->file;
    unsigned char head[NF_RECORD_HEAD_SIZE], *tail;
    uint64_t body = file->end + NF_RECORD_HEAD_SIZE;
    enum verdict verdict = read_record_head(reader, head);
    size_t rest;
    if (verdict != GOOD)
        return verdict;
    /* The length is right: a file that ends before was cut off there. */
    rest = reader->body_size + NF_RECORD_TAIL_SIZE;
    if (reader->size - body < rest)
        return TORN;
    if (make_room(reader, rest) < 0 || read_whole(file->fd, body, reader->body, rest) < 0)
        return UNREADABLE;
    tail = reader->body + reader->body_size;
    if (memcmp(tail + NF_RECORD_WORD, NF_RECORD_END, NF_RECORD_WORD) != 0)
        return torn_or_damaged(reader, body + reader->body_size);
    if (get_32(tail) != nf_checkpoint_record_crc(file, file->end, reader->body, reader->body_size))
        return DAMAGED;
    file->end = body + rest;
    return GOOD;
}

void nf_checkpoint_read_holder(struct nf_checkpoint_file *file)
{
    struct reader reader;
    char text[HEAD_MAX + 1];
    ssize_t size = read_at(file->fd, 0, text, HEAD_MAX);
    if (size <= 0 || reader_start(&reader, file) < 0)
        return;
    text[size] = '\0';
    file->end = check_head(file, text);
    while (file->end > 0 && read_record(&reader) == GOOD)
        if (reader.kind == NF_CHECKPOINT_RUN)
            snprintf(file->holder, sizeof file->holder, "%.*s", (int)reader.body_size,
                     (const char *)reader.body);
    free(reader.body);
}

/* ---- fragments ------------------------------------------------------------------------------- */

#define FRAGMENT_HEAD_SIZE 40
#define NODE_SIZE          16

/* Moves *byte behind it. 0: there is none that this plan could have. */
static int get_fragment(const struct nf_plan *plan, const unsigned char **byte, size_t *left,
                        struct nfold_fragment *fragment)
{
    static const struct nf_pieces none;
    uint64_t nodes;
    if (*left < FRAGMENT_HEAD_SIZE)
        return 0;
    fragment->chunks = (struct nfold_range){get_64(*byte), get_64(*byte + 8)};
    fragment->even_hi = get_double(*byte + 16);
    fragment->even_lo = get_double(*byte + 24);
    nodes = get_64(*byte + 32);
    *byte += FRAGMENT_HEAD_SIZE;
    *left -= FRAGMENT_HEAD_SIZE;
    if (fragment->chunks.count == 0 || nodes > NFOLD_FRAGMENT_NODES || *left < nodes * NODE_SIZE)
        return 0;
    fragment->node_count = (uint32_t)nodes;
    for (uint32_t k = 0; k < fragment->node_count; k++, *byte += NODE_SIZE)
        fragment->node[k] = (struct nfold_node){get_double(*byte), get_double(*byte + 8)};
    *left -= nodes * NODE_SIZE;
    return nf_pieces_has_room(plan, &none, fragment);
}

/* What is there already is there with the same bits: two runs without locks have both done it. */
static int take_fragments(const struct reader *reader, const struct nf_plan *plan,
                          struct nf_pieces *pieces)
{
    const unsigned char *byte = reader->body;
    size_t left = reader->body_size;
    struct nfold_fragment fragment;
    while (left > 0) {
        if (!get_fragment(plan, &byte, &left, &fragment))
            return NFOLD_E_VALUE;
        if (nf_pieces_has_room(plan, pieces, &fragment) &&
            nf_pieces_add(plan, pieces, &fragment) < 0)
            return NFOLD_E_MEMORY;
    }
    return 0;
}

static double share_of(const struct nf_plan *plan, const struct nf_pieces *pieces)
{
    double items = 0;
    for (unsigned k = 0; k < pieces->count; k++)
        items += (double)nf_plan_items_of(plan, pieces->piece[k]->chunks.first,
                                          pieces->piece[k]->chunks.count);
    return items / (double)plan->items;
}

static int refuse_damaged(const struct reader *reader, uint64_t good, double share,
                          nfold_error *err)
{
    const char *path = reader->file->path;
    nf_fail(err, NFOLD_E_VALUE, "the checkpoint %s is damaged at byte %llu of %llu" LEFT_ALONE,
            path, (unsigned long long)good, (unsigned long long)reader->size);
    if (share > 0)
        nf_error_detail(err,
                        "`head -c %llu %s >NEW` makes a good one of its first part (%.0f %%)\n",
                        (unsigned long long)good, path, 100 * share);
    else
        nf_error_detail(err, "delete it to begin anew\n");
    return NFOLD_E_VALUE;
}

static int cut_off(struct reader *reader, nfold_error *err)
{
    if (ftruncate(reader->file->fd, (off_t)reader->file->end) == 0)
        return 0;
    return nf_fail_errno(err, "cannot write the checkpoint %s", reader->file->path);
}

int nf_checkpoint_file_read(struct nf_checkpoint_file *file, const struct nf_plan *plan,
                            struct nf_pieces *pieces, nfold_error *err)
{
    struct reader reader;
    enum verdict verdict = GOOD;
    uint64_t good = file->end;
    int rc = 0;
    if (reader_start(&reader, file) < 0)
        verdict = UNREADABLE;
    while (verdict == GOOD && rc == 0) {
        good = file->end;
        verdict = read_record(&reader);
        if (verdict == GOOD && reader.kind == NF_CHECKPOINT_FRAGMENTS)
            rc = take_fragments(&reader, plan, pieces);
        else if (verdict == GOOD && reader.kind != NF_CHECKPOINT_RUN)
            rc = NFOLD_E_VALUE;
    }
    if (verdict == UNREADABLE)
        rc = nf_fail_errno(err, "cannot read the checkpoint %s", file->path);
    else if (rc == NFOLD_E_MEMORY)
        nf_fail_memory(err);
    else if (rc < 0 || verdict == DAMAGED)
        rc = refuse_damaged(&reader, good, share_of(plan, pieces), err);
    else if (verdict == TORN)
        rc = cut_off(&reader, err);
    free(reader.body);
    return rc;
}
