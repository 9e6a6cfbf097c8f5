/* plain_words.c: splitting command lines that need no shell. In doubt they do. */
#include "plain_words.h"

#include <stdlib.h>
#include <string.h>

#include "places.h"

/* Outside of quotes these mean something, somewhere; = only where it may assign. */
#define SPECIAL "|&;<>()$`*?[#~!{}\n\r\v\f"

/* "…" without any expansion; returns what follows it, or NULL. */
static const char *take_double(const char *at, struct nfold_buffer *words)
{
    for (; *at != '"'; at++) {
        if (*at == '\0' || *at == '$' || *at == '`')
            return NULL;
        if (*at == '\\' && at[1] && strchr("$`\"\\\n", at[1])) {
            if (*++at == '\n')
                continue;
        }
        nf_buffer_bytes(words, at, 1);
    }
    return at + 1;
}

static const char *take_single(const char *at, struct nfold_buffer *words)
{
    const char *end = strchr(at, '\'');
    if (!end)
        return NULL;
    nf_buffer_bytes(words, at, (size_t)(end - at));
    return end + 1;
}

/* A run of ordinary bytes up to a blank, a quote or a backslash. */
static const char *take_ordinary(const char *at, struct nfold_buffer *words)
{
    size_t length = strcspn(at, " \t'\"\\" SPECIAL);
    nf_buffer_bytes(words, at, length);
    return at + length;
}

static const char *take_word(const char *at, int is_first, struct nfold_buffer *words)
{
    while (at && *at && *at != ' ' && *at != '\t') {
        if (*at == '\'')
            at = take_single(at + 1, words);
        else if (*at == '"')
            at = take_double(at + 1, words);
        else if (*at == '\\' && at[1] && at[1] != '\n') {
            nf_buffer_bytes(words, at + 1, 1);
            at += 2;
        } else if (*at == '\\' || strchr(SPECIAL, *at) || (is_first && *at == '='))
            return NULL;
        else if (is_first) {
            nf_buffer_bytes(words, at, 1);
            at++;
        } else
            at = take_ordinary(at, words);
    }
    return at;
}

int nf_shell_plain_words(const char *line, struct nfold_buffer *words)
{
    int count = 0;
    for (;;) {
        line += strspn(line, " \t");
        if (!*line)
            return count;
        line = take_word(line, count == 0, words);
        if (!line)
            return -1;
        nf_buffer_bytes(words, "", 1);
        count++;
    }
}

/* Is this byte no text, but what ends a command or binds it to the next? */
static int is_operator(const struct nf_shell_byte *byte, char c)
{
    return byte->place == NF_SHELL_BARE && byte->flags == 0 && strchr(";&|\n", c);
}

/* How long the operator is if a command that failed before it ends the line's work: |, |& and &&,
 * and & beside < or >; otherwise 0. */
static size_t needs_before(const char *line, size_t at)
{
    char before = at > 0 ? line[at - 1] : '\0', after = line[at + 1];
    if (line[at] == '|')
        return after == '|' ? 0 : 1 + (after == '&');
    if (line[at] != '&')
        return 0;
    return after == '&' ? 2 : after == '>' || before == '>' || before == '<';
}

int nf_shell_needed_word(const char *line, struct nfold_buffer *words)
{
    size_t size = strlen(line), begin = strspn(line, " \t"), before = words->size, needs = 1;
    struct nf_shell_byte *bytes = calloc(size + 1, sizeof *bytes);
    struct nf_shell_fault fault;
    const char *end = line[begin] ? take_word(line + begin, 1, words) : NULL;
    if (!bytes || !end || nf_shell_places(line, size, bytes, &fault) != 0)
        needs = 0;
    for (size_t i = end ? (size_t)(end - line) : size; needs > 0 && i < size; i += needs)
        needs = is_operator(&bytes[i], line[i]) ? needs_before(line, i) : 1;
    free(bytes);
    if (needs == 0)
        words->size = before;
    else
        nf_buffer_bytes(words, "", 1);
    return needs > 0;
}

int nf_shell_is_own_word(const char *word)
{
    static const char *const own[] = {
        /* keywords */
        "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
        "function", "if", "in", "select", "then", "time", "until", "while", "{", "}",
        /* builtins of bash, dash, and what POSIX allows to be one */
        ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "chdir",
        "command", "compgen", "complete", "compopt", "continue", "declare", "dirs", "disown",
        "echo", "enable", "eval", "exec", "exit", "export", "false", "fc", "fg", "getopts", "hash",
        "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "newgrp", "popd",
        "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set", "shift",
        "shopt", "source", "suspend", "test", "times", "trap", "true", "type", "typeset", "ulimit",
        "umask", "unalias", "unset", "wait"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i], word) == 0)
            return 1;
    return 0;
}
