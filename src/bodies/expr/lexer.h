/* lexer.h: the text of an expression as tokens. */
#ifndef NF_LEXER_H
#define NF_LEXER_H

#include <stddef.h>

enum nf_token_kind {
    NF_TOKEN_END,
    NF_TOKEN_FOREIGN, /* nothing of the grammar: .problem and .hint say what to do about it */
    NF_TOKEN_NUMBER,
    NF_TOKEN_NAME,
    NF_TOKEN_OPEN,
    NF_TOKEN_CLOSE,
    NF_TOKEN_COMMA,
    NF_TOKEN_COLON,
    NF_TOKEN_QUESTION,
    NF_TOKEN_OR,
    NF_TOKEN_AND,
    NF_TOKEN_NOT,
    NF_TOKEN_LT,
    NF_TOKEN_LE,
    NF_TOKEN_GT,
    NF_TOKEN_GE,
    NF_TOKEN_EQ,
    NF_TOKEN_NE,
    NF_TOKEN_PLUS,
    NF_TOKEN_MINUS,
    NF_TOKEN_STAR,
    NF_TOKEN_SLASH,
    NF_TOKEN_PERCENT,
    NF_TOKEN_POWER,
    NF_TOKEN_KINDS
};

struct nf_token {
    enum nf_token_kind kind;
    size_t offset, length; /* of its bytes */
    double number;         /* NUMBER */
    const char *problem;   /* FOREIGN: "unexpected" */
    const char *hint;      /* FOREIGN: "did you mean 'and'?", or NULL */
};

/* Where the reading is. Set text (ended by a zero byte) and its size; offset is 0 at first. */
struct nf_lexer {
    const char *text;
    size_t size, offset;
};

/* Never fails; at the end it gives END, again and again. */
void nf_lexer_next(struct nf_lexer *lexer, struct nf_token *token);

/* Is name one of the text's words, other than a function's? */
int nf_lexer_mentions(const char *text, const char *name);
/* Is it a letter, a digit or '_'? In ASCII, whatever the locale. */
int nf_lexer_is_word(char c);
int nf_lexer_is_digit(char c);
/* "and", "or", "not": words that cannot be names. */
int nf_lexer_is_keyword(const char *word, size_t length);

#endif
