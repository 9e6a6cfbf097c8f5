/* compiler_words.c: a compiler's words about file.c:f, in terms of what the user wrote. */
#include "compiler_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define SOURCE_MAX (4 << 20) /* of a file, this much is searched for the names of functions */

int nf_is_identifier(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return 0;
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return *name == '\0';
}

/* Keeps the nearest of the names that stand in front of a parenthesis in C text. */
static void nearest_in_source(const char *text, const char *wanted, char best[NF_SYMBOL_MAX])
{
    while (*text) {
        size_t length = 0;
        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
        if (length == 0) {
            text++;
            continue;
        }
        char name[NF_SYMBOL_MAX];
        const char *after = text + length + strspn(text + length, " \t\n");
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        if (*after == '(' && length < sizeof name && nf_is_identifier(name) &&
            strcmp(name, wanted) != 0 && /* a macro, or words in a comment */
            nf_suggest_nearer(wanted, strlen(wanted), *best ? best : NULL, name) == name)
            snprintf(best, NF_SYMBOL_MAX, "%s", name);
        text += length;
    }
}

static void suggest_from_source(const char *path, const char *symbol, char best[NF_SYMBOL_MAX])
{
    FILE *file = fopen(path, "re");
    char *text = malloc(SOURCE_MAX);
    *best = '\0';
    if (file && text) {
        text[fread(text, 1, SOURCE_MAX - 1, file)] = '\0';
        nearest_in_source(text, symbol, best);
    }
    free(text);
    if (file)
        fclose(file);
}

/* Our own lines have no name but this. */
static int is_ours(const char *line)
{
    return strncmp(line, "<stdin>", 7) == 0;
}

/* Takes our lines out of what the compiler says; 1 if it found an error in others. */
static int keep_the_user_s(const char *said, nfold_error *err)
{
    int is_wrong = 0;
    while (*said) {
        size_t length = strcspn(said, "\n");
        const char *error = strstr(said, "error: ");
        if (!is_ours(said)) {
            is_wrong |= error && error < said + length;
            nf_error_detail(err, "%.*s\n", (int)length, said);
        }
        said += length + (said[length] == '\n');
    }
    return is_wrong;
}

/* What is wrong with the symbol, from what the compiler says about our lines, which the user never
 * wrote. */
static int explain_symbol(const char *path, const char *symbol, const char *said, nfold_error *err)
{
    char best[NF_SYMBOL_MAX];
    if (strstr(said, "undeclared")) {
        suggest_from_source(path, symbol, best);
        return nf_fail(err, NFOLD_E_BODY, "%s has no function '%s'%s%s%s", path, symbol,
                       *best ? "; did you mean '" : "", best, *best ? "'?" : "");
    }
    return nf_fail(err, NFOLD_E_BODY,
                   strstr(said, "incompatible") ? "%s: '%s' must be double %s(double)"
                                                : "%s: '%s' is no function double %s(double)",
                   path, symbol, symbol);
}

int nf_compiler_words_explain(const char *path, const char *symbol, nfold_error *err)
{
    const nfold_error said = *err;
    if (!*said.detail)
        return nf_fail(err, NFOLD_E_BODY, "%s: %s and did not say why", path, said.message);
    nf_fail(err, NFOLD_E_BODY, "%s does not compile", path);
    if (!keep_the_user_s(said.detail, err) && strstr(said.detail, "<stdin>"))
        return explain_symbol(path, symbol, said.detail, err);
    return NFOLD_E_BODY;
}

int nf_compiler_words_loading(const char *path, nfold_error *err)
{
    static const char sign[] = "undefined symbol: ";
    const nfold_error said = err ? *err : (nfold_error){0};
    const char *name = strstr(said.message, sign);
    if (name)
        return nf_fail(
            err, NFOLD_E_BODY,
            "%s uses '%s', which neither it nor the C library defines; `--cflags -lNAME` "
            "adds a library",
            path, name + strlen(sign));
    return nf_fail(err, NFOLD_E_BODY, "%s: %s", path, said.message);
}
