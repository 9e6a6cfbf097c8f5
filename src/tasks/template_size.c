/* template_size.c: how long a command line becomes, without making it: for packing. */
#include "template_pieces.h"

#include <string.h>

#include "quote.h"

#define MOST_DIGITS 20 /* of {#} and {%} */

/* Groups as put_pieces has them, each with the blank before it. */
static size_t group_end(const struct nf_template *pattern, size_t begin)
{
    size_t end = begin + 1;
    while (end < pattern->piece_count && !nf_piece_ends_group(pattern->pieces[end].kind))
        end++;
    return end;
}

static size_t count_for_each(const struct nf_template *pattern, size_t begin, size_t end)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++)
        count += nf_piece_is_for_each(&pattern->pieces[i]) != 0;
    return count;
}

/* Bytes of the group that are there whatever the values are. */
static long text_bytes(const struct nf_template *pattern, size_t begin, size_t end)
{
    long bytes = 0;
    for (size_t i = begin; i < end; i++) {
        const struct nf_piece *piece = &pattern->pieces[i];
        if (piece->kind != PIECE_REPLACEMENT)
            bytes += piece->kind == PIECE_WORD ? 1 : (long)(piece->end - piece->begin);
        else if (piece->replacement.what != NF_REPLACE_VALUE)
            bytes += MOST_DIGITS;
    }
    return bytes;
}

long nf_template_fixed_bytes(const struct nf_template *pattern)
{
    long bytes = 0;
    for (size_t begin = 0, end; begin < pattern->piece_count; begin = end) {
        end = group_end(pattern, begin);
        size_t values = count_for_each(pattern, begin, end);
        int is_blank = pattern->pieces[begin].kind == PIECE_BLANK;
        if (values > 0 && pattern->repeats_context)
            bytes += is_blank - 1L;
        else
            bytes += text_bytes(pattern, begin, end) - (long)values;
    }
    return bytes;
}

static long piece_bytes(const struct nf_piece *piece, const char *value)
{
    struct nfold_buffer quoted = {0};
    size_t length = strlen(value);
    if (piece->kind != PIECE_REPLACEMENT || piece->replacement.what != NF_REPLACE_VALUE)
        return 0;
    value = nf_replacement_take(piece->replacement.form, value, &length);
    nf_quote_word(&quoted, value, length);
    length = quoted.size;
    nf_buffer_clear(&quoted);
    return (long)length;
}

long nf_template_value_bytes(const struct nf_template *pattern, const char *value)
{
    long bytes = 0;
    for (size_t begin = 0, end; begin < pattern->piece_count; begin = end) {
        end = group_end(pattern, begin);
        size_t values = count_for_each(pattern, begin, end);
        for (size_t i = begin; i < end; i++)
            bytes += piece_bytes(&pattern->pieces[i], value);
        if (values > 0 && pattern->repeats_context)
            bytes +=
                text_bytes(pattern, begin, end) + 1 - (pattern->pieces[begin].kind == PIECE_BLANK);
        else
            bytes += (long)values;
    }
    return pattern->is_argv ? 3 * bytes : bytes;
}
