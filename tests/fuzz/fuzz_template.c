/* fuzz_template.c: any bytes up to a zero byte are a template, what follows is a value. A template
 * is refused with its place, or the value goes in without opening or closing anything of it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "places.h"
#include "plain_words.h"
#include "template.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const char *text, size_t size)
{
    struct nf_shell_byte *bytes = calloc(size + 1, sizeof *bytes);
    struct nf_shell_fault fault = {0};
    int rc = nf_shell_places(text, size, bytes, &fault);
    REQUIRE(rc == 0 || (rc == -1 && fault.at < size && fault.what[0] != '\0'));
    for (size_t i = 0; rc == 0 && i < size; i++)
        REQUIRE(bytes[i].place <= NF_SHELL_STRICT);
    free(bytes);
}

/* What needs no shell has nothing in it that one would act on. */
static void check_plain(const char *text)
{
    struct nfold_buffer words = {0};
    size_t size = strlen(text);
    struct nf_shell_byte *bytes = calloc(size + 1, sizeof *bytes);
    struct nf_shell_fault fault;
    if (nf_shell_plain_words(text, &words) > 0) {
        REQUIRE(nf_shell_places(text, size, bytes, &fault) == 0);
        for (size_t i = 0; i < size; i++)
            REQUIRE(bytes[i].place <= NF_SHELL_SINGLE);
    }
    nf_buffer_clear(&words);
    free(bytes);
}

/* The bytes behind the value stand where they stood with a harmless value. */
static void check_value(const struct nf_template *pattern, char *value)
{
    struct nfold_buffer line = {0};
    char harmless[] = "x", *values[] = {value};
    struct nf_task task = {.sequence = 1, .value_count = 1, .values = values};
    nfold_error err;
    if (nf_template_render(pattern, &task, 1, &line, &err) >= 0) {
        struct nf_shell_byte *bytes = calloc(line.size + 1, sizeof *bytes);
        struct nf_shell_fault fault;
        REQUIRE(line.failed ||
                nf_shell_places(nf_buffer_text(&line), line.size, bytes, &fault) == 0);
        free(bytes);
    }
    nf_buffer_clear(&line);
    values[0] = harmless;
    if (nf_template_render(pattern, &task, 1, &line, &err) >= 0)
        check_plain(nf_buffer_text(&line));
    nf_buffer_clear(&line);
}

/* The line begins with the value as it is: whatever it opens is meant. */
static int is_command_line(const char *text)
{
    return text[0] == '\0' || text[0] == '{';
}

/* Letters may complete a keyword that a template begins: ca{} with se. */
static int is_letters(const char *value)
{
    return value[strspn(value, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 2, 1);
    const char *words[1] = {text};
    nfold_options *options = NULL;
    struct nf_template *pattern = NULL;
    nfold_error err = {0};
    memcpy(text, data, size);
    char *value = text + strlen(text) + (strlen(text) < size);
    check_places((const char *)data, size);
    check_plain(text);
    REQUIRE(nf_options_new(&options, &err) == 0 &&
            nf_options_add(options, nf_rows_tasks, &err) == 0);
    int rc = nf_template_open(&pattern, options, words, 1, &err);
    REQUIRE(rc == 0 || err.message[0] != '\0');
    if (rc == 0 && !is_command_line(text) && !is_letters(value))
        check_value(pattern, value);
    nf_template_close(pattern);
    nfold_options_destroy(options);
    free(text);
    return 0;
}
