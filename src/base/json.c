/* json.c: the one JSON writer. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "double_bits.h"
#include "number.h"

static uint64_t level_bit(const struct nf_json *json)
{
    return UINT64_C(1) << (json->depth - 1);
}

static void write_line(struct nf_json *json)
{
    nf_buffer_string(json->out, "\n");
    for (unsigned i = 0; i < json->depth; i++)
        nf_buffer_string(json->out, "  ");
}

/* The length of the UTF-8 character at text; 0 if it is none. */
static size_t utf8_length(const unsigned char *text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xE0) == 0xC0 ? 2
                    : (text[0] & 0xF0) == 0xE0 ? 3
                    : (text[0] & 0xF8) == 0xF0 ? 4
                                               : 0;
    if (length < 2)
        return length;
    uint32_t code = text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    int is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= smallest[length] && code <= 0x10FFFF && !is_surrogate ? length : 0;
}

static void write_escaped(struct nfold_buffer *out, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof letters; i += 2) {
        if (c == (unsigned char)letters[i]) {
            nf_buffer_print(out, "\\%c", letters[i + 1]);
            return;
        }
    }
    nf_buffer_print(out, "\\u%04x", (unsigned)c);
}

/* Bytes that are no UTF-8 (an old file name) become U+FFFD: the output is always valid JSON. */
static void write_string(struct nfold_buffer *out, const char *value)
{
    nf_buffer_string(out, "\"");
    const unsigned char *text = (const unsigned char *)value;
    while (*text) {
        size_t length = utf8_length(text);
        if (length == 0)
            nf_buffer_string(out, "\xEF\xBF\xBD");
        else if (*text < 0x20 || *text == '"' || *text == '\\' || *text == 0x7F)
            write_escaped(out, *text);
        else
            nf_buffer_bytes(out, text, length);
        text += length ? length : 1;
    }
    nf_buffer_string(out, "\"");
}

/* The comma, the new line and the key in front of a value. */
static void write_front(struct nf_json *json, const char *key)
{
    if (json->depth == 0) {
        assert(!key);
        return;
    }
    assert(!key == !!(json->is_array & level_bit(json)));
    if (json->has_items & level_bit(json))
        nf_buffer_string(json->out, ",");
    json->has_items |= level_bit(json);
    write_line(json);
    if (key) {
        write_string(json->out, key);
        nf_buffer_string(json->out, ": ");
    }
}

static void write_value(struct nf_json *json, const char *key, const char *text)
{
    write_front(json, key);
    nf_buffer_string(json->out, text);
    if (json->depth == 0)
        nf_buffer_string(json->out, "\n");
}

static void open_level(struct nf_json *json, const char *key, int is_array)
{
    assert(json->depth < 64);
    write_front(json, key);
    nf_buffer_string(json->out, is_array ? "[" : "{");
    json->depth++;
    json->has_items &= ~level_bit(json);
    json->is_array &= ~level_bit(json);
    if (is_array)
        json->is_array |= level_bit(json);
}

void nf_json_object(struct nf_json *json, const char *key)
{
    open_level(json, key, 0);
}

void nf_json_array(struct nf_json *json, const char *key)
{
    open_level(json, key, 1);
}

void nf_json_end(struct nf_json *json)
{
    assert(json->depth > 0);
    int is_array = !!(json->is_array & level_bit(json));
    int has_items = !!(json->has_items & level_bit(json));
    json->depth--;
    if (has_items)
        write_line(json);
    nf_buffer_string(json->out, is_array ? "]" : "}");
    if (json->depth == 0)
        nf_buffer_string(json->out, "\n");
}

void nf_json_string(struct nf_json *json, const char *key, const char *value)
{
    struct nfold_buffer text = {0};
    if (value)
        write_string(&text, value);
    else
        nf_buffer_string(&text, "null");
    write_value(json, key, nf_buffer_text(&text));
    json->out->failed |= text.failed;
    nf_buffer_clear(&text);
}

void nf_json_number(struct nf_json *json, const char *key, double value)
{
    char text[NF_NUMBER_SIZE];
    int is_finite = (nf_double_to_bits(value) >> 52 & 0x7FF) != 0x7FF;
    write_value(json, key, is_finite ? nf_number_print(value, text) : "null");
}

void nf_json_hex(struct nf_json *json, const char *key, double value)
{
    char text[NF_NUMBER_SIZE];
    snprintf(text, sizeof text, "%a", value);
    nf_json_string(json, key, text);
}

void nf_json_integer(struct nf_json *json, const char *key, int64_t value)
{
    write_front(json, key);
    nf_buffer_print(json->out, "%" PRId64 "%s", value, json->depth == 0 ? "\n" : "");
}

void nf_json_unsigned(struct nf_json *json, const char *key, uint64_t value)
{
    write_front(json, key);
    nf_buffer_print(json->out, "%" PRIu64 "%s", value, json->depth == 0 ? "\n" : "");
}

void nf_json_bool(struct nf_json *json, const char *key, int value)
{
    write_value(json, key, value ? "true" : "false");
}
