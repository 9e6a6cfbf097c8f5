/* parser.c: one pass over the tokens builds the program; precedence climbing, no tree.
 *
 * Chains of left-associative operators are loops. Whatever nests (brackets, calls, signs, powers,
 * 'not', '?:') goes through parse_nested, which counts, so the C stack is bounded.
 */
#include "parser.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "error.h"
#include "lexer.h"
#include "lower.h"
#include "names.h"

/* How tightly an operator binds; NONE is no operator. */
enum level {
    LEVEL_NONE,
    LEVEL_CHOICE,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_SIGN,
    LEVEL_POWER
};

#define LEVEL_ALL LEVEL_CHOICE

#define ARGUMENTS_MAX 8

struct parser {
    struct nf_lexer lexer;
    struct nf_token token;    /* the next one, not yet used */
    struct nf_token previous; /* the one before; its length is 0 at first */
    const struct nf_expr_names *names;
    nf_ir *ir;
    unsigned depth;
    nfold_error *err;
};

static int parse(struct parser *parser, enum level level, struct nf_operand *out);

static void advance(struct parser *parser)
{
    parser->previous = parser->token;
    nf_lexer_next(&parser->lexer, &parser->token);
}

static enum level level_of(enum nf_token_kind kind)
{
    static const unsigned char levels[NF_TOKEN_KINDS] = {
        [NF_TOKEN_QUESTION] = LEVEL_CHOICE, [NF_TOKEN_OR] = LEVEL_OR,
        [NF_TOKEN_AND] = LEVEL_AND,         [NF_TOKEN_LT] = LEVEL_COMPARE,
        [NF_TOKEN_LE] = LEVEL_COMPARE,      [NF_TOKEN_GT] = LEVEL_COMPARE,
        [NF_TOKEN_GE] = LEVEL_COMPARE,      [NF_TOKEN_EQ] = LEVEL_COMPARE,
        [NF_TOKEN_NE] = LEVEL_COMPARE,      [NF_TOKEN_PLUS] = LEVEL_SUM,
        [NF_TOKEN_MINUS] = LEVEL_SUM,       [NF_TOKEN_STAR] = LEVEL_PRODUCT,
        [NF_TOKEN_SLASH] = LEVEL_PRODUCT,   [NF_TOKEN_PERCENT] = LEVEL_PRODUCT,
        [NF_TOKEN_POWER] = LEVEL_POWER,
    };

    return levels[kind];
}

/* ---- complaints ---------------------------------------------------------------------------- */

static struct nf_word word_of(const struct parser *parser, const struct nf_token *token)
{
    return (struct nf_word){parser->lexer.text + token->offset, token->length};
}

/* The token in quotes, as a complaint names it. */
static struct nf_quoted quote(const struct parser *parser, const struct nf_token *token)
{
    struct nf_quoted quoted;

    nf_quote(parser->lexer.text + token->offset, token->length, &quoted);
    return quoted;
}

#define COMPLAIN(parser, token, hint, ...)                                                         \
    nf_complain((parser)->err,                                                                     \
                &(struct nf_place){(parser)->lexer.text, (parser)->lexer.size, (token)->offset,    \
                                   (token)->length},                                               \
                hint, __VA_ARGS__)

static int is_value_start(enum nf_token_kind kind)
{
    return kind == NF_TOKEN_NUMBER || kind == NF_TOKEN_NAME || kind == NF_TOKEN_OPEN ||
           kind == NF_TOKEN_NOT;
}

static int complain_foreign(const struct parser *parser)
{
    const struct nf_token *token = &parser->token;
    struct nf_quoted quoted = quote(parser, token);

    return COMPLAIN(parser, token, token->hint, "%s %s", token->problem, quoted.text);
}

/* A value was expected, and the next token begins none. */
static int complain_no_value(const struct parser *parser)
{
    const struct nf_token *token = &parser->token, *previous = &parser->previous;
    struct nf_quoted before = quote(parser, previous), after = quote(parser, token);

    if (token->kind == NF_TOKEN_FOREIGN)
        return complain_foreign(parser);
    if (previous->length == 0)
        return COMPLAIN(parser, token, NULL, "a value is missing before %s", after.text);
    if (token->kind == NF_TOKEN_END)
        return COMPLAIN(parser, previous, NULL, "a value is missing after %s", before.text);
    return COMPLAIN(parser, token, NULL, "a value is missing between %s and %s", before.text,
                    after.text);
}

static int is_decimal_comma(const struct parser *parser)
{
    const struct nf_token *comma = &parser->token, *before = &parser->previous;

    return before->kind == NF_TOKEN_NUMBER && before->offset + before->length == comma->offset &&
           nf_lexer_is_digit(parser->lexer.text[comma->offset + 1]);
}

static int complain_comma(const struct parser *parser)
{
    const char *hint = is_decimal_comma(parser) ? "the decimal point is '.'" : NULL;

    return COMPLAIN(parser, &parser->token, hint, "',' outside the brackets of a function");
}

/* "2x", "x y", "(x+1)(x-1)", "a if c else b". */
static int complain_no_operator(const struct parser *parser)
{
    const struct nf_token *before = &parser->previous, *after = &parser->token;
    struct nf_word word = word_of(parser, after);
    struct nf_quoted quoted = quote(parser, after);
    struct nf_hint hint = {""};

    if (nf_names_is_choice(word))
        nf_names_hint_value(parser->names, word, &hint);
    else if (after->kind != NF_TOKEN_NOT && before->length + after->length <= NF_COMPLAIN_QUOTE)
        snprintf(hint.text, sizeof(hint.text), "did you mean '%.*s*%.*s'?", (int)before->length,
                 parser->lexer.text + before->offset, (int)after->length, word.text);
    return COMPLAIN(parser, after, hint.text, "an operator is missing before %s", quoted.text);
}

/* A value is complete, and the next token neither goes on with it nor ends what it is in. open is
 * the bracket that it is in, or NULL. */
static int complain_after_value(const struct parser *parser, const struct nf_token *open)
{
    const struct nf_token *token = &parser->token;

    if (token->kind == NF_TOKEN_FOREIGN)
        return complain_foreign(parser);
    if (is_value_start(token->kind))
        return complain_no_operator(parser);
    if (token->kind == NF_TOKEN_COMMA)
        return complain_comma(parser);
    if (token->kind == NF_TOKEN_COLON)
        return COMPLAIN(parser, token, NULL, "no '?' for the ':'");
    if (open != NULL)
        return COMPLAIN(parser, open, NULL, "no ')' for the bracket");
    return COMPLAIN(parser, token, NULL, "no '(' for the ')'");
}

static int complain_arguments(const struct parser *parser, const struct nf_token *name,
                              const struct nf_math_function *function, unsigned count)
{
    return COMPLAIN(parser, name, NULL, "'%s' needs %u argument%s, not %u,", function->name,
                    function->arguments, function->arguments == 1 ? "" : "s", count);
}

/* A function's name without brackets, or a name that nobody knows. */
static int complain_name(const struct parser *parser, const struct nf_token *name)
{
    struct nf_word word = word_of(parser, name);
    struct nf_quoted quoted = quote(parser, name);
    struct nf_hint hint;
    int has_argument = parser->token.kind == NF_TOKEN_NAME || parser->token.kind == NF_TOKEN_NUMBER;

    if (nf_names_function(word) == NULL) {
        nf_names_hint_value(parser->names, word, &hint);
        return COMPLAIN(parser, name, hint.text, "unknown name %s", quoted.text);
    }
    if (has_argument && parser->token.length <= NF_COMPLAIN_QUOTE)
        snprintf(hint.text, sizeof(hint.text), "write '%.*s(%.*s)'", (int)word.length, word.text,
                 (int)parser->token.length, parser->lexer.text + parser->token.offset);
    else
        snprintf(hint.text, sizeof(hint.text), "write '%.*s(...)'", (int)word.length, word.text);
    return COMPLAIN(parser, name, hint.text, "no brackets after the function %s", quoted.text);
}

/* A '(' follows, and the name is no function's. */
static int complain_function(const struct parser *parser, const struct nf_token *name)
{
    struct nf_word word = word_of(parser, name);
    struct nf_quoted quoted = quote(parser, name);
    struct nf_hint hint;
    double value;

    if (nf_names_find(parser->names, word, &value) == NF_NAME_UNKNOWN) {
        nf_names_hint_function(word, &hint);
        int rc = COMPLAIN(parser, name, hint.text, "unknown function %s", quoted.text);
        if (hint.text[0] == '\0')
            nf_names_list_functions(parser->err);
        return rc;
    }
    snprintf(hint.text, sizeof(hint.text), "did you mean '%.*s*(...)'?",
             word.length <= NF_COMPLAIN_QUOTE ? (int)word.length : NF_COMPLAIN_QUOTE, word.text);
    return COMPLAIN(parser, name, hint.text, "%s is a value, not a function,", quoted.text);
}

/* ---- grammar ------------------------------------------------------------------------------- */

/* parse, one level deeper, after the token that opens it. */
static int parse_nested(struct parser *parser, enum level level, struct nf_operand *out)
{
    if (parser->depth == NF_EXPR_DEPTH_MAX)
        return COMPLAIN(parser, &parser->previous, NULL,
                        "brackets, signs, powers and choices nest deeper than %d",
                        NF_EXPR_DEPTH_MAX);
    parser->depth++;
    int rc = parse(parser, level, out);
    parser->depth--;
    return rc;
}

static int parse_brackets(struct parser *parser, struct nf_operand *out)
{
    struct nf_token open = parser->token;

    advance(parser);
    if (parser->token.kind == NF_TOKEN_END)
        return complain_after_value(parser, &open);
    int rc = parse_nested(parser, LEVEL_ALL, out);
    if (rc < 0)
        return rc;
    if (parser->token.kind != NF_TOKEN_CLOSE)
        return complain_after_value(parser, &open);
    advance(parser);
    return 0;
}

/* The values between the brackets of a call; those beyond ARGUMENTS_MAX are read and counted only.
 */
static int parse_arguments(struct parser *parser, struct nf_operand *argument, unsigned *count)
{
    struct nf_token open = parser->token;
    struct nf_operand extra;

    *count = 0;
    advance(parser);
    if (parser->token.kind == NF_TOKEN_CLOSE) {
        advance(parser);
        return 0;
    }
    if (parser->token.kind == NF_TOKEN_END)
        return complain_after_value(parser, &open);
    for (;;) {
        struct nf_operand *place = *count < ARGUMENTS_MAX ? &argument[*count] : &extra;
        int rc = parse_nested(parser, LEVEL_ALL, place);
        if (rc < 0)
            return rc;
        ++*count;
        if (parser->token.kind != NF_TOKEN_COMMA)
            break;
        advance(parser);
    }
    if (parser->token.kind != NF_TOKEN_CLOSE)
        return complain_after_value(parser, &open);
    advance(parser);
    return 0;
}

/* where and '?:' are one thing: the condition stays a mask. */
static struct nf_operand build_call(nf_ir *ir, const struct nf_math_function *function,
                                    const struct nf_operand *argument)
{
    nf_value value[ARGUMENTS_MAX];

    if (strcmp(function->name, "where") == 0)
        return nf_lower_choose(ir, argument[0], argument[1], argument[2]);
    for (unsigned i = 0; i < function->arguments; i++)
        value[i] = nf_lower_number(ir, argument[i]);
    return nf_lower_value(function->build(ir, value));
}

static int parse_call(struct parser *parser, const struct nf_token *name, struct nf_operand *out)
{
    const struct nf_math_function *function = nf_names_function(word_of(parser, name));
    struct nf_operand argument[ARGUMENTS_MAX];
    unsigned count;

    if (function == NULL)
        return complain_function(parser, name);
    assert(function->arguments <= ARGUMENTS_MAX);
    int rc = parse_arguments(parser, argument, &count);
    if (rc < 0)
        return rc;
    if (count != function->arguments)
        return complain_arguments(parser, name, function, count);
    *out = build_call(parser->ir, function, argument);
    return 0;
}

static int parse_name(struct parser *parser, struct nf_operand *out)
{
    struct nf_token name = parser->token;
    double value;

    advance(parser);
    if (parser->token.kind == NF_TOKEN_OPEN)
        return parse_call(parser, &name, out);
    switch (nf_names_find(parser->names, word_of(parser, &name), &value)) {
    case NF_NAME_VARIABLE:
        *out = nf_lower_value(nf_ir_input(parser->ir, 0));
        return 0;
    case NF_NAME_VALUE:
        *out = nf_lower_value(nf_ir_const(parser->ir, value));
        return 0;
    default:
        return complain_name(parser, &name);
    }
}

/* '+', '-' or 'not' before a value. */
static int parse_prefix(struct parser *parser, enum level level, enum level operand,
                        struct nf_operand *out)
{
    struct nf_token sign = parser->token;

    if (level > operand)
        return COMPLAIN(parser, &sign, "write '(not ...)'", "brackets are needed around 'not'");
    advance(parser);
    int rc = parse_nested(parser, operand, out);
    if (rc >= 0)
        *out = nf_lower_prefix(parser->ir, sign.kind, *out);
    return rc;
}

/* Long expressions of costly operations would fill the memory. */
static int check_size(const struct parser *parser)
{
    const nf_ir *ir = parser->ir;

    if (ir->count <= NF_PARSER_INSTRUCTIONS_MAX && ir->rare_count <= NF_PARSER_RARE_MAX)
        return 0;
    return COMPLAIN(parser, &parser->token, NULL, "the expression computes too much");
}

static int parse_value(struct parser *parser, enum level level, struct nf_operand *out)
{
    int rc = check_size(parser);

    if (rc < 0)
        return rc;
    switch (parser->token.kind) {
    case NF_TOKEN_NUMBER:
        *out = nf_lower_literal(parser->ir, parser->token.number);
        advance(parser);
        return 0;
    case NF_TOKEN_NAME:
        return parse_name(parser, out);
    case NF_TOKEN_OPEN:
        return parse_brackets(parser, out);
    case NF_TOKEN_NOT:
        return parse_prefix(parser, level, LEVEL_NOT, out);
    case NF_TOKEN_PLUS:
    case NF_TOKEN_MINUS:
        return parse_prefix(parser, LEVEL_NONE, LEVEL_SIGN, out);
    default:
        return complain_no_value(parser);
    }
}

/* a < b < c: each value once, and all of the comparisons must hold. */
static int parse_comparisons(struct parser *parser, struct nf_operand *out)
{
    nf_value left = nf_lower_number(parser->ir, *out), all = 0;

    for (int is_first = 1; level_of(parser->token.kind) == LEVEL_COMPARE; is_first = 0) {
        enum nf_token_kind kind = parser->token.kind;
        struct nf_operand operand;
        advance(parser);
        int rc = parse(parser, LEVEL_COMPARE + 1, &operand);
        if (rc < 0)
            return rc;
        nf_value right = nf_lower_number(parser->ir, operand);
        nf_value holds = nf_lower_compare(parser->ir, kind, left, right);
        all = is_first ? holds : nf_ir_op2(parser->ir, NF_IR_AND, all, holds);
        left = right;
    }
    *out = nf_lower_truth(all);
    return 0;
}

/* After the condition: ? a : b. */
static int parse_choice(struct parser *parser, struct nf_operand *out)
{
    struct nf_token question = parser->token;
    struct nf_operand yes, no;

    advance(parser);
    int rc = parse_nested(parser, LEVEL_ALL, &yes);
    if (rc < 0)
        return rc;
    if (parser->token.kind == NF_TOKEN_FOREIGN || is_value_start(parser->token.kind))
        return complain_after_value(parser, NULL);
    if (parser->token.kind != NF_TOKEN_COLON)
        return COMPLAIN(parser, &question, "write 'c ? a : b'", "no ':' for the '?'");
    advance(parser);
    rc = parse_nested(parser, LEVEL_CHOICE, &no);
    if (rc >= 0)
        *out = nf_lower_choose(parser->ir, *out, yes, no);
    return rc;
}

static int parse_binary(struct parser *parser, struct nf_operand *out)
{
    enum nf_token_kind kind = parser->token.kind;
    struct nf_operand right;
    int rc;

    advance(parser);
    if (kind == NF_TOKEN_POWER) /* right-associative, and a sign is allowed */
        rc = parse_nested(parser, LEVEL_SIGN, &right);
    else
        rc = parse(parser, level_of(kind) + 1, &right);
    if (rc >= 0)
        *out = nf_lower_binary(parser->ir, kind, *out, right);
    return rc;
}

/* Everything from here on that binds at least as tightly as level. */
static int parse(struct parser *parser, enum level level, struct nf_operand *out)
{
    int rc = parse_value(parser, level, out);

    while (rc >= 0 && level_of(parser->token.kind) >= level) {
        switch (level_of(parser->token.kind)) {
        case LEVEL_CHOICE:
            rc = parse_choice(parser, out);
            break;
        case LEVEL_COMPARE:
            rc = parse_comparisons(parser, out);
            break;
        default:
            rc = parse_binary(parser, out);
        }
    }
    return rc;
}

int nf_parse(nf_ir *ir, const char *text, size_t size, const struct nf_expr_names *names,
             nf_value *result, nfold_error *err)
{
    struct parser parser = {
        .lexer = {.text = text, .size = size}, .names = names, .ir = ir, .err = err};
    struct nf_operand out;

    advance(&parser);
    if (parser.token.kind == NF_TOKEN_END)
        return nf_fail(err, NFOLD_E_SYNTAX, "the expression is empty");
    int rc = parse(&parser, LEVEL_ALL, &out);
    if (rc >= 0 && parser.token.kind != NF_TOKEN_END)
        rc = complain_after_value(&parser, NULL);
    if (rc >= 0)
        *result = nf_lower_number(ir, out);
    return rc;
}
