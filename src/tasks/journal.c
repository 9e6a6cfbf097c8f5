/* journal.c: entries to bytes and back. */
#include "journal.h"

#include <math.h>
#include <string.h>

#include "checksum.h"

#define FRAME_FRONT 5 /* mark and checksum */

/* ---- writing ---- */

static void put_number(struct nfold_buffer *out, uint64_t number)
{
    unsigned char byte[10];
    size_t size = 0;
    for (; number >= 0x80; number >>= 7)
        byte[size++] = (unsigned char)(number | 0x80);
    byte[size++] = (unsigned char)number;
    nf_buffer_bytes(out, byte, size);
}

static void put_signed(struct nfold_buffer *out, int64_t number)
{
    put_number(out, (uint64_t)number << 1 ^ (uint64_t)(number >> 63));
}

/* Whole microseconds; what is no time is 0. */
static void put_time(struct nfold_buffer *out, double seconds)
{
    put_number(out, seconds > 0 && seconds < 1e12 ? (uint64_t)llround(seconds * 1e6) : 0);
}

static void put_text(struct nfold_buffer *out, struct nf_journal_text text)
{
    size_t size = text.size < NF_JOURNAL_LARGEST / 4 ? text.size : NF_JOURNAL_LARGEST / 4;
    put_number(out, size);
    nf_buffer_bytes(out, text.data, size);
}

static void put_identity(struct nfold_buffer *out, const struct nf_identity *identity)
{
    unsigned char byte[16];
    for (int i = 0; i < 16; i++)
        byte[i] = (unsigned char)(identity->word[i / 8] >> (i % 8 * 8));
    nf_buffer_bytes(out, byte, sizeof byte);
}

static void put_end(struct nfold_buffer *out, const struct nf_journal_end *end)
{
    const struct nf_task_result *result = &end->result;
    put_number(out, end->sequence);
    put_identity(out, &end->identity);
    put_number(out, end->attempt);
    put_number(out, (uint64_t)result->status << 1 | (unsigned)(result->is_final != 0));
    put_signed(out, result->exit_code);
    put_number(out, (uint64_t)result->signal);
    put_number(out, result->slot);
    put_time(out, result->began);
    put_time(out, result->seconds);
    put_time(out, result->user_seconds);
    put_time(out, result->system_seconds);
    put_time(out, result->first_output < 0 ? 0 : result->first_output + 1e-6);
    put_number(out, result->peak_bytes);
    put_number(out, result->out_bytes);
    put_number(out, result->err_bytes);
    put_number(out, result->output_at);
    put_text(out, end->command);
}

static void put_close(struct nfold_buffer *out, const struct nf_journal_close *close)
{
    put_time(out, close->when);
    put_number(out, close->submitted);
    put_number(out, NF_TASK_STATUS_COUNT);
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        put_number(out, close->status[i]);
    put_number(out, close->is_input_over != 0);
    put_text(out, close->why);
}

static void put_payload(struct nfold_buffer *out, const struct nf_journal_entry *entry)
{
    unsigned char type = (unsigned char)entry->type;
    nf_buffer_bytes(out, &type, 1);
    put_number(out, entry->number);
    switch (entry->type) {
    case NF_JOURNAL_START:
        put_time(out, entry->start.when);
        put_number(out, entry->start.pid);
        put_text(out, entry->start.host);
        put_text(out, entry->start.pattern);
        break;
    case NF_JOURNAL_END:
        put_end(out, &entry->end);
        break;
    case NF_JOURNAL_CLOSE:
        put_close(out, &entry->close);
        break;
    }
}

void nf_journal_encode(struct nfold_buffer *out, const struct nf_journal_entry *entry)
{
    struct nfold_buffer payload = {0};
    put_payload(&payload, entry);
    size_t start = out->size;
    nf_buffer_bytes(out, "\xF5\0\0\0", FRAME_FRONT);
    put_number(out, payload.size);
    nf_buffer_bytes(out, payload.data, payload.size);
    out->failed |= payload.failed;
    nf_buffer_clear(&payload);
    if (out->failed)
        return;
    uint32_t sum =
        nf_checksum_crc(0, out->data + start + FRAME_FRONT, out->size - start - FRAME_FRONT);
    for (int i = 0; i < 4; i++)
        out->data[start + 1 + (size_t)i] = (char)(sum >> (8 * i));
}

/* ---- reading ---- */

/* What is left of a payload; a read beyond its end sets is_short and gives 0. */
struct source {
    const unsigned char *at, *end;
    int is_short;
};

static uint64_t get_number(struct source *source)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && source->at < source->end; shift += 7) {
        unsigned char byte = *source->at++;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return number;
    }
    source->is_short = 1;
    return 0;
}

static int64_t get_signed(struct source *source)
{
    uint64_t number = get_number(source);
    return (int64_t)(number >> 1 ^ (0 - (number & 1)));
}

static double get_time(struct source *source)
{
    return (double)get_number(source) * 1e-6;
}

static struct nf_journal_text get_text(struct source *source)
{
    uint64_t size = get_number(source);
    struct nf_journal_text text = {(const char *)source->at, (size_t)size};
    if (size > (uint64_t)(source->end - source->at)) {
        source->is_short = 1;
        return (struct nf_journal_text){"", 0};
    }
    source->at += size;
    return text;
}

static void get_identity(struct source *source, struct nf_identity *identity)
{
    *identity = (struct nf_identity){0};
    if (source->end - source->at < 16) {
        source->is_short = 1;
        return;
    }
    for (int i = 0; i < 16; i++)
        identity->word[i / 8] |= (uint64_t)*source->at++ << (i % 8 * 8);
}

static void get_end(struct source *source, struct nf_journal_end *end)
{
    struct nf_task_result *result = &end->result;
    *end = (struct nf_journal_end){.sequence = get_number(source)};
    get_identity(source, &end->identity);
    end->attempt = (unsigned)get_number(source);
    uint64_t status = get_number(source);
    if (status >> 1 >= NF_TASK_STATUS_COUNT)
        source->is_short = 1;
    else
        result->status = (enum nf_task_status)(status >> 1);
    result->is_final = (int)(status & 1);
    result->exit_code = (int)get_signed(source);
    result->signal = (int)get_number(source);
    result->slot = (unsigned)get_number(source);
    result->began = get_time(source);
    result->seconds = get_time(source);
    result->user_seconds = get_time(source);
    result->system_seconds = get_time(source);
    uint64_t first = get_number(source);
    result->first_output = first > 0 ? (double)(first - 1) * 1e-6 : -1;
    result->peak_bytes = get_number(source);
    result->out_bytes = get_number(source);
    result->err_bytes = get_number(source);
    result->output_at = get_number(source);
    end->command = get_text(source);
}

static void get_close(struct source *source, struct nf_journal_close *close)
{
    *close = (struct nf_journal_close){.when = get_time(source)};
    close->submitted = get_number(source);
    uint64_t count = get_number(source);
    for (uint64_t i = 0; i < count && !source->is_short; i++) {
        uint64_t number = get_number(source);
        if (i < NF_TASK_STATUS_COUNT)
            close->status[i] = number;
    }
    close->is_input_over = get_number(source) != 0;
    close->why = get_text(source);
}

static void get_start(struct source *source, struct nf_journal_start *start)
{
    start->when = get_time(source);
    start->pid = get_number(source);
    start->host = get_text(source);
    start->pattern = get_text(source);
}

/* The payload's place in the frame at data; 0: no frame can begin here. */
static size_t frame_front(const unsigned char *data, size_t size, uint64_t *payload_size)
{
    if (size <= FRAME_FRONT || data[0] != NF_JOURNAL_MARK)
        return 0;
    struct source source = {data + FRAME_FRONT, data + size, 0};
    *payload_size = get_number(&source);
    if (source.is_short || *payload_size < 2 || *payload_size > NF_JOURNAL_LARGEST)
        return 0;
    return (size_t)(source.at - data);
}

size_t nf_journal_size(const unsigned char *data, size_t size)
{
    uint64_t payload_size;
    size_t front = frame_front(data, size, &payload_size);
    return front > 0 ? front + (size_t)payload_size : 0;
}

static int is_sound(const unsigned char *data, size_t size)
{
    uint32_t sum = 0;
    for (int i = 0; i < 4; i++)
        sum |= (uint32_t)data[1 + i] << (8 * i);
    return sum == nf_checksum_crc(0, data + FRAME_FRONT, size - FRAME_FRONT);
}

size_t nf_journal_decode(const unsigned char *data, size_t size, struct nf_journal_entry *entry)
{
    uint64_t payload_size;
    size_t front = frame_front(data, size, &payload_size);
    if (front == 0 || payload_size > size - front)
        return 0;
    size_t whole = front + (size_t)payload_size;
    if (!is_sound(data, whole))
        return 0;
    struct source source = {data + front + 1, data + whole, 0};
    entry->type = (enum nf_journal_type)data[front];
    entry->number = get_number(&source);
    if (entry->type == NF_JOURNAL_START)
        get_start(&source, &entry->start);
    else if (entry->type == NF_JOURNAL_END)
        get_end(&source, &entry->end);
    else if (entry->type == NF_JOURNAL_CLOSE)
        get_close(&source, &entry->close);
    return source.is_short ? 0 : whole;
}
