/* fuzz_command_line.c: any words, a line each, are options and operands that were given, or a
 * mistake with a name; and what an option prints reads back to the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"

#define WORDS_MAX      64
#define REQUIRE(holds) require(holds, #holds)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nf_option rows[] = {
    {.name = "quiet", .letter = 'q', .type = NF_OPTION_FLAG, .help = "a flag"},
    {.name = "workers",
     .letter = 'j',
     .type = NF_OPTION_COUNT,
     .low = 1,
     .high = 4096,
     .help = "c"},
    {.name = "timeout", .type = NF_OPTION_SECONDS, .help = "seconds"},
    {.name = "backend", .letter = 'b', .type = NF_OPTION_CHOICE, .choices = "serial|threads"},
    {.name = "cc", .type = NF_OPTION_TEXT, .help = "text"},
    {.name = "set", .type = NF_OPTION_ASSIGN, .help = "names"},
    {0},
};

static void require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static nfold_options *make_options(void)
{
    nfold_options *options;
    nfold_error err;
    REQUIRE(nf_options_new(&options, &err) == 0);
    REQUIRE(nf_options_add(options, rows, &err) == 0);
    return options;
}

static int split(char *text, char **words)
{
    int count = 0;
    for (char *end; count < WORDS_MAX && (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        words[count++] = text;
    }
    return count;
}

/* NULL where both are unset. */
static int is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void check_values(const nfold_options *options)
{
    nfold_options *again = make_options();
    nfold_error err;
    for (const struct nf_option *row = rows; row->name != NULL; row++) {
        const char *text = nfold_options_get(options, row->name);
        if (!nf_options_is_set(options, row->name))
            continue;
        REQUIRE(nfold_options_set(again, row->name, text, &err) == 0);
        REQUIRE(is_same(nfold_options_get(again, row->name), text));
    }
    nfold_options_destroy(again);
}

static void check_operands(char **words, int count, const char *const *operands, size_t found)
{
    int at = 0;
    REQUIRE(found <= (size_t)count);
    for (size_t k = 0; k < found; k++, at++) {
        while (at < count && words[at] != operands[k])
            at++;
        REQUIRE(at < count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nfold_options *options = make_options();
    const char *operands[WORDS_MAX];
    char *words[WORDS_MAX + 1] = {NULL}, *text = malloc(size + 2);
    size_t found = 0;
    nfold_error err = {0};
    int count;

    REQUIRE(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\n';
    text[size + 1] = '\0';
    count = split(text, words);
    if (nf_command_line(options, count, words, operands, &found, &err) == 0) {
        check_values(options);
        check_operands(words, count, operands, found);
    } else {
        REQUIRE(err.code == NFOLD_E_USAGE || err.code == NFOLD_E_VALUE);
        REQUIRE(err.message[0] != '\0');
    }
    nfold_options_destroy(options);
    free(text);
    return 0;
}
