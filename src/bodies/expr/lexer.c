/* lexer.c: numbers, names, operators, and the things that people write instead of them. */
#include "lexer.h"

#include <math.h>
#include <string.h>

#include "number.h"
#include "utf8.h"

struct spelling {
    const char *text;
    enum nf_token_kind kind;
    const char *hint; /* FOREIGN */
};

/* The first row that the text begins with counts, so longer spellings come first. */
static const struct spelling spellings[] = {
    {"**", NF_TOKEN_POWER, NULL},
    {"<=", NF_TOKEN_LE, NULL},
    {">=", NF_TOKEN_GE, NULL},
    {"===", NF_TOKEN_FOREIGN, "did you mean '=='?"},
    {"==", NF_TOKEN_EQ, NULL},
    {"!==", NF_TOKEN_FOREIGN, "did you mean '!='?"},
    {"!=", NF_TOKEN_NE, NULL},
    {"&&", NF_TOKEN_AND, NULL},
    {"||", NF_TOKEN_OR, NULL},
    {"//", NF_TOKEN_FOREIGN, "did you mean 'floor(a/b)'?"},
    {"<>", NF_TOKEN_FOREIGN, "did you mean '!='?"},
    {"<<", NF_TOKEN_FOREIGN, "write 'a * 2^n' to shift"},
    {">>", NF_TOKEN_FOREIGN, "write 'floor(a / 2^n)' to shift"},
    {"=<", NF_TOKEN_FOREIGN, "did you mean '<='?"},
    {"=>", NF_TOKEN_FOREIGN, "did you mean '>='?"},
    {"->", NF_TOKEN_FOREIGN, NULL},
    {"+", NF_TOKEN_PLUS, NULL},
    {"-", NF_TOKEN_MINUS, NULL},
    {"*", NF_TOKEN_STAR, NULL},
    {"/", NF_TOKEN_SLASH, NULL},
    {"%", NF_TOKEN_PERCENT, NULL},
    {"^", NF_TOKEN_POWER, NULL},
    {"(", NF_TOKEN_OPEN, NULL},
    {")", NF_TOKEN_CLOSE, NULL},
    {",", NF_TOKEN_COMMA, NULL},
    {"?", NF_TOKEN_QUESTION, NULL},
    {":", NF_TOKEN_COLON, NULL},
    {"<", NF_TOKEN_LT, NULL},
    {">", NF_TOKEN_GT, NULL},
    {"=", NF_TOKEN_FOREIGN, "did you mean '=='?"},
    {"!", NF_TOKEN_FOREIGN, "did you mean 'not'?"},
    {"~", NF_TOKEN_FOREIGN, "did you mean 'not'?"},
    {"&", NF_TOKEN_FOREIGN, "there are no bitwise operators, did you mean 'and'?"},
    {"|", NF_TOKEN_FOREIGN, "there are no bitwise operators, did you mean 'or'?"},
    {"[", NF_TOKEN_FOREIGN, "did you mean '('?"},
    {"{", NF_TOKEN_FOREIGN, "did you mean '('?"},
    {"]", NF_TOKEN_FOREIGN, "did you mean ')'?"},
    {"}", NF_TOKEN_FOREIGN, "did you mean ')'?"},
    {";", NF_TOKEN_FOREIGN, "did you mean ','?"},
    /* What a word processor or a web page makes of them. */
    {"\u2212", NF_TOKEN_FOREIGN, "did you mean '-'?"},
    {"\u2013", NF_TOKEN_FOREIGN, "did you mean '-'?"},
    {"\u2014", NF_TOKEN_FOREIGN, "did you mean '-'?"},
    {"\u00d7", NF_TOKEN_FOREIGN, "did you mean '*'?"},
    {"\u00b7", NF_TOKEN_FOREIGN, "did you mean '*'?"},
    {"\u22c5", NF_TOKEN_FOREIGN, "did you mean '*'?"},
    {"\u00f7", NF_TOKEN_FOREIGN, "did you mean '/'?"},
    {"\u00b2", NF_TOKEN_FOREIGN, "did you mean '^2'?"},
    {"\u00b3", NF_TOKEN_FOREIGN, "did you mean '^3'?"},
    {"\u221a", NF_TOKEN_FOREIGN, "did you mean 'sqrt'?"},
    {"\u03c0", NF_TOKEN_FOREIGN, "did you mean 'pi'?"},
    {"\u221e", NF_TOKEN_FOREIGN, "did you mean 'inf'?"},
    {"\u2264", NF_TOKEN_FOREIGN, "did you mean '<='?"},
    {"\u2265", NF_TOKEN_FOREIGN, "did you mean '>='?"},
    {"\u2260", NF_TOKEN_FOREIGN, "did you mean '!='?"},
    {"\u00a0", NF_TOKEN_FOREIGN, "did you mean a blank?"},
};

static const struct spelling keywords[] = {
    {"and", NF_TOKEN_AND, NULL}, {"or", NF_TOKEN_OR, NULL}, {"not", NF_TOKEN_NOT, NULL}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int nf_lexer_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int nf_lexer_is_word(char c)
{
    return is_letter(c) || nf_lexer_is_digit(c);
}

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const struct spelling *find_keyword(const char *word, size_t length)
{
    for (size_t i = 0; i < COUNT(keywords); i++)
        if (strlen(keywords[i].text) == length && memcmp(keywords[i].text, word, length) == 0)
            return &keywords[i];
    return NULL;
}

int nf_lexer_is_keyword(const char *word, size_t length)
{
    return find_keyword(word, length) != NULL;
}

static void make_foreign(struct nf_token *token, const char *problem, const char *hint)
{
    token->kind = NF_TOKEN_FOREIGN;
    token->problem = problem;
    token->hint = hint;
}

/* 0x and at least one digit: length is more than that of "0". */
static int is_hexadecimal(const char *text, size_t length)
{
    return length > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

/* "1.2.3", "1_000", "0x1p": numbers that are glued to what cannot be another token. After a decimal
 * number a letter may begin a name, and an operator is missing; nobody multiplies like 0x1p. */
static size_t malformed_length(const char *text, size_t length)
{
    int is_glued = text[length] == '.' || text[length] == '_' || nf_lexer_is_digit(text[length]);

    if (!is_glued && !(is_hexadecimal(text, length) && is_letter(text[length])))
        return 0;
    while (nf_lexer_is_word(text[length]) || text[length] == '.')
        length++;
    return length;
}

static void read_number(const char *text, struct nf_token *token)
{
    token->length = nf_number_read(text, &token->number);
    size_t malformed = malformed_length(text, token->length);

    if (malformed > 0) {
        token->length = malformed;
        make_foreign(token, "malformed number",
                     is_hexadecimal(text, malformed)
                         ? "numbers in hexadecimal are written like 0x1p-3"
                         : "numbers are written like 1000, 0.5 or 1.5e-3");
    } else if (isinf(token->number)) {
        make_foreign(token, "too large number", "infinity is written 'inf'");
    } else {
        token->kind = NF_TOKEN_NUMBER;
    }
}

static void read_word(const char *text, struct nf_token *token)
{
    while (nf_lexer_is_word(text[token->length]))
        token->length++;
    const struct spelling *keyword = find_keyword(text, token->length);
    token->kind = keyword ? keyword->kind : NF_TOKEN_NAME;
}

static void read_other(const char *text, size_t size, struct nf_token *token)
{
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (spellings[i].text[0] != text[0])
            continue;
        size_t length = strlen(spellings[i].text);
        if (strncmp(text, spellings[i].text, length) != 0)
            continue;
        token->length = length;
        if (spellings[i].kind == NF_TOKEN_FOREIGN)
            make_foreign(token, "unexpected", spellings[i].hint);
        token->kind = spellings[i].kind;
        return;
    }
    nf_utf8_read(text, size, &token->length);
    make_foreign(token, "unexpected", NULL);
}

void nf_lexer_next(struct nf_lexer *lexer, struct nf_token *token)
{
    while (is_blank(lexer->text[lexer->offset]))
        lexer->offset++;
    const char *text = lexer->text + lexer->offset;

    memset(token, 0, sizeof(*token));
    token->offset = lexer->offset;
    if (lexer->offset >= lexer->size)
        token->kind = NF_TOKEN_END;
    else if (nf_lexer_is_digit(text[0]) || (text[0] == '.' && nf_lexer_is_digit(text[1])))
        read_number(text, token);
    else if (is_letter(text[0]))
        read_word(text, token);
    else
        read_other(text, lexer->size - lexer->offset, token);
    lexer->offset += token->length;
}

int nf_lexer_mentions(const char *text, const char *name)
{
    struct nf_lexer lexer = {.text = text, .size = strlen(text)};
    struct nf_token token, next;
    nf_lexer_next(&lexer, &token);
    for (; token.kind != NF_TOKEN_END; token = next) {
        nf_lexer_next(&lexer, &next);
        if (token.kind == NF_TOKEN_NAME && next.kind != NF_TOKEN_OPEN &&
            token.length == strlen(name) && memcmp(text + token.offset, name, token.length) == 0)
            return 1;
    }
    return 0;
}
