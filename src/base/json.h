/* json.h: the one JSON writer. Puts commas, indents by two, escapes; numbers as Python's repr reads
 * them back; what JSON cannot say (NaN, infinity) is written as null. Keys keep their order.
 *     struct nf_json json = {.out = &buffer};
 *     nf_json_object(&json, NULL); nf_json_number(&json, "value", v); nf_json_end(&json);
 * key is NULL inside an array and at the top. */
#ifndef NF_JSON_H
#define NF_JSON_H

#include <stdint.h>

#include "buffer.h"

struct nf_json {
    struct nfold_buffer *out;
    unsigned depth;
    uint64_t is_array;  /* one bit a level */
    uint64_t has_items; /* one bit a level */
};

void nf_json_object(struct nf_json *json, const char *key);
void nf_json_array(struct nf_json *json, const char *key);
void nf_json_end(struct nf_json *json); /* at depth 0 a newline follows */
void nf_json_string(struct nf_json *json, const char *key, const char *value); /* NULL: null */
void nf_json_number(struct nf_json *json, const char *key, double value);
/* As a string in C's hexadecimal notation, in which no bit is lost. */
void nf_json_hex(struct nf_json *json, const char *key, double value);
void nf_json_integer(struct nf_json *json, const char *key, int64_t value);
void nf_json_unsigned(struct nf_json *json, const char *key, uint64_t value);
void nf_json_bool(struct nf_json *json, const char *key, int value);

#endif
