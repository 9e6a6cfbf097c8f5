/* mistake.h: what the parser says when it cannot go on. Each returns NFOLD_E_SYNTAX. */
#ifndef NF_MISTAKE_H
#define NF_MISTAKE_H

#include "complain.h"
#include "lexer.h"
#include "names.h"

/* Where the parser is in the text. */
struct nf_reader {
    struct nf_lexer lexer;
    struct nf_token token;    /* the next one, not yet used */
    struct nf_token previous; /* the one before; its length is 0 at first */
    const struct nf_expr_names *names;
    nfold_error *err;
};

struct nf_word nf_reader_word(const struct nf_reader *reader, const struct nf_token *token);

/* nf_complain about a token. */
#define NF_MISTAKE(reader, at, hint, ...)                                                          \
    nf_complain((reader)->err,                                                                     \
                &(struct nf_place){(reader)->lexer.text, (reader)->lexer.size, (at)->offset,       \
                                   (at)->length},                                                  \
                hint, __VA_ARGS__)

/* A value was expected, and the next token begins none. */
int nf_mistake_no_value(const struct nf_reader *reader);
/* A value is complete, and the next token neither goes on with it nor ends what it is in. open is
 * the bracket that it is in, or NULL. */
int nf_mistake_after_value(const struct nf_reader *reader, const struct nf_token *open);
/* The same, where only the ':' of the '?' at question could follow. */
int nf_mistake_no_colon(const struct nf_reader *reader, const struct nf_token *question);
/* A name without brackets behind it: a function's, or one that nobody knows. */
int nf_mistake_name(const struct nf_reader *reader, const struct nf_token *name);
/* A '(' follows, and the name is no function's. */
int nf_mistake_function(const struct nf_reader *reader, const struct nf_token *name);
int nf_mistake_arguments(const struct nf_reader *reader, const struct nf_token *name,
                         const struct nf_math_function *function, size_t count);

#endif
