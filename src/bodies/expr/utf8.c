/* utf8.c: reads UTF-8 strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "utf8.h"

static size_t length_of(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

static int is_encoded_as(uint32_t character, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    return character >= least[length] && character <= 0x10ffff &&
           !(character >= 0xd800 && character <= 0xdfff);
}

uint32_t nf_utf8_read(const char *text, size_t size, size_t *length)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t bytes = length_of(byte[0]);

    *length = 1;
    if (bytes == 1)
        return byte[0];
    if (bytes == 0 || bytes > size)
        return NF_UTF8_INVALID;
    uint32_t character = byte[0] & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return NF_UTF8_INVALID;
        character = character << 6 | (byte[i] & 0x3f);
    }
    if (!is_encoded_as(character, bytes))
        return NF_UTF8_INVALID;
    *length = bytes;
    return character;
}

int nf_utf8_is_shown(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return 0;
    if (character >= 0x200b && character <= 0x200f) /* no width, direction marks */
        return 0;
    if (character >= 0x2028 && character <= 0x202e) /* separators, direction overrides */
        return 0;
    if (character >= 0x2060 && character <= 0x206f)
        return 0;
    return character != 0xfeff && character != NF_UTF8_INVALID;
}

size_t nf_utf8_count(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t at = 0, length; at < size; at += length, count++)
        nf_utf8_read(text + at, size - at, &length);
    return count;
}
