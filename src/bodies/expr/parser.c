/* parser.c: one pass over the tokens builds the program; no tree and no recursion.
 *
 * Whatever waits for a value to its right (an operator, a bracket, a call, a choice) is on a stack.
 * A value that is complete goes to the operators on top of the stack that bind it tighter than the
 * next token does, then either waits with that token or ends what is on top. The C stack does not
 * grow with the text, so any thread can parse.
 */
#include "parser.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lexer.h"
#include "lower.h"
#include "mistake.h"
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

#define ARGUMENTS_MAX 3

enum pending_kind {
    PENDING_BRACKET,
    PENDING_CALL,
    PENDING_YES, /* between '?' and ':' */
    PENDING_NO,  /* after the ':' */
    PENDING_PREFIX,
    PENDING_BINARY
};

struct pending {
    enum pending_kind kind;
    enum level takes;      /* what is to its right ends at operators below this; NONE: at none */
    struct nf_token token; /* the bracket, the '?' or the operator */
    struct nf_token name;  /* CALL */
    const struct nf_math_function *function;
    struct nf_operand operand[ARGUMENTS_MAX]; /* left of it; CALL: those read so far, at most */
    size_t count;                             /* CALL: of arguments, also those beyond the most */
};

struct parser {
    struct nf_reader reader;
    nf_ir *ir;
    struct pending *stack;
    size_t count, capacity;
    size_t depth; /* of those on the stack that nest */
};

/* What the parser does next; errors are negative. */
enum step { STEP_VALUE, STEP_OPERATOR, STEP_DONE };

static void advance(struct nf_reader *reader)
{
    reader->previous = reader->token;
    nf_lexer_next(&reader->lexer, &reader->token);
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

/* ---- the stack ------------------------------------------------------------------------------ */

static struct pending *top_of(const struct parser *parser)
{
    return parser->count > 0 ? &parser->stack[parser->count - 1] : NULL;
}

/* Left-associative operators never wait for each other, so there are few of them on the stack. */
static int nests(const struct pending *pending)
{
    return pending->kind != PENDING_BINARY || pending->token.kind == NF_TOKEN_POWER;
}

static int grow(struct parser *parser)
{
    size_t capacity = parser->capacity > 0 ? 2 * parser->capacity : 16;
    struct pending *stack = realloc(parser->stack, capacity * sizeof(*stack));

    if (stack == NULL)
        return nf_fail_memory(parser->reader.err);
    parser->stack = stack;
    parser->capacity = capacity;
    return 0;
}

/* Puts the next token on the stack and goes on; a value is next. */
static int push(struct parser *parser, struct pending pending)
{
    struct nf_reader *reader = &parser->reader;

    pending.token = reader->token;
    if (nests(&pending) && parser->depth == NF_EXPR_DEPTH_MAX)
        return NF_MISTAKE(reader, &reader->token, NULL,
                          "brackets, signs, powers and choices nest deeper than %d",
                          NF_EXPR_DEPTH_MAX);
    if (parser->count == parser->capacity && grow(parser) < 0)
        return NFOLD_E_MEMORY;
    parser->depth += (size_t)nests(&pending);
    parser->stack[parser->count++] = pending;
    advance(reader);
    return STEP_VALUE;
}

static struct pending pop(struct parser *parser)
{
    struct pending pending = *top_of(parser);

    parser->count--;
    parser->depth -= (size_t)nests(&pending);
    return pending;
}

/* ---- where a value is expected -------------------------------------------------------------- */

static int open_brackets(struct parser *parser, struct pending pending)
{
    int rc = push(parser, pending);

    if (rc >= 0 && parser->reader.token.kind == NF_TOKEN_END)
        return nf_mistake_after_value(&parser->reader, &parser->reader.previous);
    return rc;
}

static int open_call(struct parser *parser, const struct nf_token *name)
{
    struct nf_reader *reader = &parser->reader;
    struct pending call = {.kind = PENDING_CALL, .name = *name};

    call.function = nf_names_function(nf_reader_word(reader, name));
    if (call.function == NULL)
        return nf_mistake_function(reader, name);
    assert(call.function->arguments >= 1 && call.function->arguments <= ARGUMENTS_MAX);
    int rc = open_brackets(parser, call);
    if (rc >= 0 && reader->token.kind == NF_TOKEN_CLOSE)
        return nf_mistake_arguments(reader, name, call.function, 0);
    return rc;
}

static int read_name(struct parser *parser, struct nf_operand *operand)
{
    struct nf_reader *reader = &parser->reader;
    struct nf_token name = reader->token;
    double value;

    advance(reader);
    if (reader->token.kind == NF_TOKEN_OPEN)
        return open_call(parser, &name);
    switch (nf_names_find(reader->names, nf_reader_word(reader, &name), &value)) {
    case NF_NAME_VARIABLE:
        *operand = nf_lower_value(nf_ir_input(parser->ir, 0));
        return STEP_OPERATOR;
    case NF_NAME_VALUE:
        *operand = nf_lower_value(nf_ir_const(parser->ir, value));
        return STEP_OPERATOR;
    default:
        return nf_mistake_name(reader, &name);
    }
}

static int read_not(struct parser *parser)
{
    const struct pending *top = top_of(parser);

    if (top != NULL && top->takes > LEVEL_NOT)
        return NF_MISTAKE(&parser->reader, &parser->reader.token, "write '(not ...)'",
                          "brackets are needed around 'not'");
    return push(parser, (struct pending){.kind = PENDING_PREFIX, .takes = LEVEL_NOT});
}

/* Long expressions of costly operations would fill the memory. */
static int check_size(const struct parser *parser)
{
    const nf_ir *ir = parser->ir;

    if (ir->count <= NF_PARSER_INSTRUCTIONS_MAX && ir->rare_count <= NF_PARSER_RARE_MAX)
        return 0;
    return NF_MISTAKE(&parser->reader, &parser->reader.token, NULL,
                      "the expression computes too much");
}

static int expect_value(struct parser *parser, struct nf_operand *operand)
{
    int rc = check_size(parser);

    if (rc < 0)
        return rc;
    switch (parser->reader.token.kind) {
    case NF_TOKEN_NUMBER:
        *operand = nf_lower_literal(parser->ir, parser->reader.token.number);
        advance(&parser->reader);
        return STEP_OPERATOR;
    case NF_TOKEN_NAME:
        return read_name(parser, operand);
    case NF_TOKEN_OPEN:
        return open_brackets(parser, (struct pending){.kind = PENDING_BRACKET});
    case NF_TOKEN_NOT:
        return read_not(parser);
    case NF_TOKEN_PLUS:
    case NF_TOKEN_MINUS:
        return push(parser, (struct pending){.kind = PENDING_PREFIX, .takes = LEVEL_SIGN});
    default:
        return nf_mistake_no_value(&parser->reader);
    }
}

/* ---- where a value is complete -------------------------------------------------------------- */

/* The operator on top has its right side now. */
static int reduce(struct parser *parser, struct nf_operand *right)
{
    struct pending top = pop(parser);
    enum nf_token_kind kind = top.token.kind;

    if (top.kind == PENDING_NO)
        *right = nf_lower_choose(parser->ir, top.operand[0], top.operand[1], *right);
    else if (top.kind == PENDING_PREFIX)
        *right = nf_lower_prefix(parser->ir, kind, *right);
    else if (level_of(kind) == LEVEL_COMPARE)
        *right = nf_lower_compare(parser->ir, kind, top.operand[0], *right);
    else
        *right = nf_lower_binary(parser->ir, kind, top.operand[0], *right);
    return STEP_OPERATOR;
}

static int push_operator(struct parser *parser, const struct nf_operand *left)
{
    enum nf_token_kind kind = parser->reader.token.kind;
    struct pending pending = {.kind = PENDING_BINARY, .operand = {*left}};

    if (kind == NF_TOKEN_QUESTION)
        pending.kind = PENDING_YES;
    else if (kind == NF_TOKEN_POWER) /* from the right, and a sign may follow */
        pending.takes = LEVEL_SIGN;
    else
        pending.takes = level_of(kind) + 1;
    return push(parser, pending);
}

static int end_brackets(struct parser *parser, struct nf_operand *operand)
{
    if (parser->reader.token.kind != NF_TOKEN_CLOSE)
        return nf_mistake_after_value(&parser->reader, &top_of(parser)->token);
    pop(parser);
    advance(&parser->reader);
    *operand = nf_lower_brackets(*operand);
    return STEP_OPERATOR;
}

/* where and '?:' are one thing: the condition stays a mask. */
static struct nf_operand build_call(nf_ir *ir, const struct pending *call)
{
    nf_value value[ARGUMENTS_MAX];

    if (strcmp(call->function->name, "where") == 0)
        return nf_lower_choose(ir, call->operand[0], call->operand[1], call->operand[2]);
    for (size_t i = 0; i < call->function->arguments; i++)
        value[i] = nf_lower_number(ir, call->operand[i]);
    return nf_lower_value(call->function->build(ir, value));
}

static int end_argument(struct parser *parser, struct nf_operand *operand)
{
    struct nf_reader *reader = &parser->reader;
    struct pending *call = top_of(parser);
    enum nf_token_kind kind = reader->token.kind;

    if (kind != NF_TOKEN_COMMA && kind != NF_TOKEN_CLOSE)
        return nf_mistake_after_value(reader, &call->token);
    if (call->count < ARGUMENTS_MAX)
        call->operand[call->count] = *operand;
    call->count++;
    advance(reader);
    if (kind == NF_TOKEN_COMMA)
        return STEP_VALUE;
    if (call->count != call->function->arguments)
        return nf_mistake_arguments(reader, &call->name, call->function, call->count);
    *operand = build_call(parser->ir, call);
    pop(parser);
    return STEP_OPERATOR;
}

static int end_yes(struct parser *parser, const struct nf_operand *operand)
{
    struct pending *choice = top_of(parser);

    if (parser->reader.token.kind != NF_TOKEN_COLON)
        return nf_mistake_no_colon(&parser->reader, &choice->token);
    choice->operand[1] = *operand;
    choice->kind = PENDING_NO;
    choice->takes = LEVEL_CHOICE;
    advance(&parser->reader);
    return STEP_VALUE;
}

static int end_expression(const struct parser *parser)
{
    if (parser->reader.token.kind != NF_TOKEN_END)
        return nf_mistake_after_value(&parser->reader, NULL);
    return STEP_DONE;
}

static int expect_operator(struct parser *parser, struct nf_operand *operand)
{
    enum level level = level_of(parser->reader.token.kind);
    const struct pending *top = top_of(parser);

    if (top != NULL && level < top->takes)
        return reduce(parser, operand);
    if (level != LEVEL_NONE)
        return push_operator(parser, operand);
    if (top == NULL)
        return end_expression(parser);
    if (top->kind == PENDING_BRACKET)
        return end_brackets(parser, operand);
    return top->kind == PENDING_CALL ? end_argument(parser, operand) : end_yes(parser, operand);
}

int nf_parse(nf_ir *ir, const char *text, size_t size, const struct nf_expr_names *names,
             nf_value *result, nfold_error *err)
{
    struct parser parser = {
        .reader = {.lexer = {.text = text, .size = size}, .names = names, .err = err}, .ir = ir};
    struct nf_operand operand = {0};
    int step = STEP_VALUE;

    advance(&parser.reader);
    if (parser.reader.token.kind == NF_TOKEN_END)
        return nf_fail(err, NFOLD_E_SYNTAX, "the expression is empty");
    while (step >= 0 && step != STEP_DONE)
        step = step == STEP_VALUE ? expect_value(&parser, &operand)
                                  : expect_operator(&parser, &operand);
    if (step >= 0)
        *result = nf_lower_number(ir, operand);
    free(parser.stack);
    return step < 0 ? step : 0;
}
