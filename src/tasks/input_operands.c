/* input_operands.c: from words to sources. */
#include "input_operands.h"

#include <stdio.h>
#include <string.h>

/* Those that were found so far. */
struct sources {
    struct nf_combine *combine;
    const struct nf_record_rules *rules;
    int uses_stdin;
    unsigned lists; /* of words, for their names */
};

enum separator { SEPARATOR_NONE, SEPARATOR_LIST, SEPARATOR_FILES };

static enum separator read_separator(const nfold_options *options, const char *word, int *is_linked)
{
    const char *list = nf_options_text(options, "arg-sep");
    const char *files = nf_options_text(options, "arg-file-sep");
    const char *both[] = {list, files};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(both[i]);
        if (strncmp(word, both[i], length) != 0)
            continue;
        *is_linked = word[length] == '+';
        if (word[length + (size_t)*is_linked] == '\0')
            return i == 0 ? SEPARATOR_LIST : SEPARATOR_FILES;
    }
    return SEPARATOR_NONE;
}

size_t nf_input_template_words(const nfold_options *options, const char *const *operands,
                               size_t count)
{
    int is_linked;
    size_t i = 0;
    while (i < count && read_separator(options, operands[i], &is_linked) == SEPARATOR_NONE)
        i++;
    return i;
}

static int add_list(struct sources *sources, const char *const *words, size_t count, int is_linked,
                    nfold_error *err)
{
    struct nf_source *source;
    char name[32];
    snprintf(name, sizeof name, "list %u", ++sources->lists);
    int rc = nf_source_open_list(&source, name, words, count, sources->rules, err);
    return rc < 0 ? rc : nf_combine_add(sources->combine, source, is_linked, err);
}

static int add_file(struct sources *sources, const char *path, int is_linked, nfold_error *err)
{
    struct nf_source *source;
    if (strcmp(path, "-") == 0 && sources->uses_stdin)
        return nf_fail(err, NFOLD_E_USAGE, "standard input can be one source, not two");
    sources->uses_stdin |= strcmp(path, "-") == 0;
    int rc = nf_source_open_file(&source, path, sources->rules, err);
    return rc < 0 ? rc : nf_combine_add(sources->combine, source, is_linked, err);
}

static int add_files(struct sources *sources, const char *const *paths, size_t count, int is_linked,
                     nfold_error *err)
{
    int rc = 0;
    if (count == 0)
        return nf_fail(err, NFOLD_E_USAGE, "no file is named after ::::");
    for (size_t i = 0; rc >= 0 && i < count; i++)
        rc = add_file(sources, paths[i], is_linked, err);
    return rc;
}

static int add_operands(struct sources *sources, const nfold_options *options,
                        const char *const *operands, size_t count, nfold_error *err)
{
    int links_all = nf_options_flag(options, "link"), rc = 0;
    for (size_t i = 0; rc >= 0 && i < count;) {
        int is_linked = 0;
        enum separator separator = read_separator(options, operands[i], &is_linked);
        const char *const *words = operands + ++i;
        size_t length = nf_input_template_words(options, words, count - i);
        is_linked |= links_all;
        rc = separator == SEPARATOR_LIST ? add_list(sources, words, length, is_linked, err)
                                         : add_files(sources, words, length, is_linked, err);
        i += length;
    }
    return rc;
}

int nf_input_operands_open(struct nf_combine **combine, const nfold_options *options,
                           const char *const *operands, size_t count,
                           const struct nf_record_rules *rules, int *uses_stdin, nfold_error *err)
{
    int links_all = nf_options_flag(options, "link");
    int rc = nf_combine_open(combine, links_all, err);
    struct sources found = {.combine = *combine, .rules = rules}, *sources = &found;
    unsigned files = nf_options_list_count(options, "arg-file");
    for (unsigned i = 0; rc >= 0 && i < files; i++)
        rc = add_file(sources, nf_options_list(options, "arg-file", i), links_all, err);
    if (rc >= 0)
        rc = add_operands(sources, options, operands, count, err);
    if (rc >= 0)
        rc = nf_combine_check(sources->combine, err);
    if (rc >= 0 && !nf_combine_source(sources->combine, 0))
        rc = add_file(sources, "-", 0, err);
    *uses_stdin = found.uses_stdin;
    return rc;
}
