/* mistake.c: the sentences; what was meant is guessed from the tokens around the mistake. */
#include "mistake.h"

#include <stdio.h>
#include <string.h>

struct nf_word nf_reader_word(const struct nf_reader *reader, const struct nf_token *token)
{
    return (struct nf_word){reader->lexer.text + token->offset, token->length};
}

/* The token in quotes, as a complaint names it. */
static struct nf_quoted quote(const struct nf_reader *reader, const struct nf_token *token)
{
    struct nf_quoted quoted;

    nf_quote(reader->lexer.text + token->offset, token->length, &quoted);
    return quoted;
}

static int is_value_start(enum nf_token_kind kind)
{
    return kind == NF_TOKEN_NUMBER || kind == NF_TOKEN_NAME || kind == NF_TOKEN_OPEN ||
           kind == NF_TOKEN_NOT;
}

/* The same character means one thing where a value begins, "|x|", and another behind one, "x!". */
static const char *hint_of_foreign(const struct nf_reader *reader, int is_after_value)
{
    const struct nf_token *token = &reader->token;
    const char *text = reader->lexer.text + token->offset;

    if (token->offset == 0 && strncmp(text, "./", 2) == 0)
        return NF_HINT_FILE;
    if (token->length == 1 && *text == '|' && !is_after_value)
        return "did you mean 'abs(...)'?";
    if (token->length == 1 && *text == '!' && is_after_value)
        return "there are no factorials";
    return token->hint;
}

static int complain_foreign(const struct nf_reader *reader, int is_after_value)
{
    const struct nf_token *token = &reader->token;
    struct nf_quoted quoted = quote(reader, token);

    return NF_MISTAKE(reader, token, hint_of_foreign(reader, is_after_value), "%s %s",
                      token->problem, quoted.text);
}

int nf_mistake_no_value(const struct nf_reader *reader)
{
    const struct nf_token *token = &reader->token, *previous = &reader->previous;
    struct nf_quoted before = quote(reader, previous), after = quote(reader, token);

    if (token->kind == NF_TOKEN_FOREIGN)
        return complain_foreign(reader, 0);
    if (previous->length == 0)
        return NF_MISTAKE(reader, token, NULL, "a value is missing before %s", after.text);
    if (token->kind == NF_TOKEN_END)
        return NF_MISTAKE(reader, previous, NULL, "a value is missing after %s", before.text);
    return NF_MISTAKE(reader, token, NULL, "a value is missing between %s and %s", before.text,
                      after.text);
}

static int is_decimal_comma(const struct nf_reader *reader)
{
    const struct nf_token *comma = &reader->token, *before = &reader->previous;

    return before->kind == NF_TOKEN_NUMBER && before->offset + before->length == comma->offset &&
           nf_lexer_is_digit(reader->lexer.text[comma->offset + 1]);
}

static int complain_comma(const struct nf_reader *reader)
{
    const char *hint = is_decimal_comma(reader) ? "the decimal point is '.'" : NULL;

    return NF_MISTAKE(reader, &reader->token, hint, "',' outside the brackets of a function");
}

/* "2x", "x y", "(x+1)(x-1)", "a if c else b". */
static int complain_no_operator(const struct nf_reader *reader)
{
    const struct nf_token *before = &reader->previous, *after = &reader->token;
    struct nf_word word = nf_reader_word(reader, after);
    struct nf_quoted quoted = quote(reader, after);
    struct nf_hint hint = {""};

    if (nf_names_is_choice(word))
        nf_names_hint_value(reader->names, word, &hint);
    else if (after->kind != NF_TOKEN_NOT && before->length + after->length <= NF_COMPLAIN_QUOTE)
        snprintf(hint.text, sizeof(hint.text), "did you mean '%.*s*%.*s'?", (int)before->length,
                 reader->lexer.text + before->offset, (int)after->length, word.text);
    return NF_MISTAKE(reader, after, hint.text, "an operator is missing before %s", quoted.text);
}

int nf_mistake_after_value(const struct nf_reader *reader, const struct nf_token *open)
{
    const struct nf_token *token = &reader->token;

    if (token->kind == NF_TOKEN_FOREIGN)
        return complain_foreign(reader, 1);
    if (is_value_start(token->kind))
        return complain_no_operator(reader);
    if (token->kind == NF_TOKEN_COMMA)
        return complain_comma(reader);
    if (token->kind == NF_TOKEN_COLON)
        return NF_MISTAKE(reader, token, NULL, "no '?' for the ':'");
    if (open != NULL)
        return NF_MISTAKE(reader, open, NULL, "no ')' for the bracket");
    return NF_MISTAKE(reader, token, NULL, "no '(' for the ')'");
}

int nf_mistake_no_colon(const struct nf_reader *reader, const struct nf_token *question)
{
    if (reader->token.kind == NF_TOKEN_FOREIGN || is_value_start(reader->token.kind))
        return nf_mistake_after_value(reader, NULL);
    return NF_MISTAKE(reader, question, "write 'c ? a : b'", "no ':' for the '?'");
}

int nf_mistake_arguments(const struct nf_reader *reader, const struct nf_token *name,
                         const struct nf_math_function *function, size_t count)
{
    return NF_MISTAKE(reader, name, NULL, "'%s' needs %u argument%s, not %zu,", function->name,
                      function->arguments, function->arguments == 1 ? "" : "s", count);
}

int nf_mistake_name(const struct nf_reader *reader, const struct nf_token *name)
{
    struct nf_word word = nf_reader_word(reader, name);
    struct nf_quoted quoted = quote(reader, name);
    struct nf_hint hint;
    int has_argument = reader->token.kind == NF_TOKEN_NAME || reader->token.kind == NF_TOKEN_NUMBER;

    if (nf_names_function(word) == NULL) {
        nf_names_hint_value(reader->names, word, &hint);
        return NF_MISTAKE(reader, name, hint.text, "unknown name %s", quoted.text);
    }
    if (has_argument && reader->token.length <= NF_COMPLAIN_QUOTE)
        snprintf(hint.text, sizeof(hint.text), "write '%.*s(%.*s)'", (int)word.length, word.text,
                 (int)reader->token.length, reader->lexer.text + reader->token.offset);
    else
        snprintf(hint.text, sizeof(hint.text), "write '%.*s(...)'", (int)word.length, word.text);
    return NF_MISTAKE(reader, name, hint.text, "no brackets after the function %s", quoted.text);
}

int nf_mistake_function(const struct nf_reader *reader, const struct nf_token *name)
{
    struct nf_word word = nf_reader_word(reader, name);
    struct nf_quoted quoted = quote(reader, name);
    struct nf_hint hint;
    double value;

    if (nf_names_find(reader->names, word, &value) == NF_NAME_UNKNOWN) {
        nf_names_hint_function(word, &hint);
        int rc = NF_MISTAKE(reader, name, hint.text, "unknown function %s", quoted.text);
        if (hint.text[0] == '\0')
            nf_names_list_functions(reader->err);
        return rc;
    }
    snprintf(hint.text, sizeof(hint.text), "did you mean '%.*s*(...)'?",
             word.length <= NF_COMPLAIN_QUOTE ? (int)word.length : NF_COMPLAIN_QUOTE, word.text);
    return NF_MISTAKE(reader, name, hint.text, "%s is a value, not a function,", quoted.text);
}
