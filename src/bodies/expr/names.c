/* names.c: the words of an expression; functions come from the table of math.c. */
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "lexer.h"
#include "suggest.h"

#define SHOWN_LENGTH_MAX NF_COMPLAIN_QUOTE /* of a name in a hint */

#define LIST_HEAD    "  functions:"
#define LIST_COLUMNS (NF_COMPLAIN_COLUMNS + 2)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct nf_expr_binding constants[] = {
    {"pi", 3.14159265358979323846}, {"e", 2.71828182845904523536}, {"inf", INFINITY}, {"nan", NAN}};

/* What other languages call it. */
struct synonym {
    const char *word, *here;
};

static const struct synonym function_synonyms[] = {
    {"ln", "log"},      {"lg", "log10"},     {"ld", "log2"},         {"fabs", "abs"},
    {"power", "pow"},   {"fmin", "min"},     {"fmax", "max"},        {"minimum", "min"},
    {"maximum", "max"}, {"rint", "round"},   {"nearbyint", "round"}, {"int", "trunc"},
    {"fix", "trunc"},   {"sgn", "sign"},     {"signum", "sign"},     {"if", "where"},
    {"iff", "where"},   {"ifelse", "where"}, {"select", "where"},    {"tg", "tan"},
    {"arcsin", "asin"}, {"arccos", "acos"},  {"arctan", "atan"},     {"arctan2", "atan2"},
    {"sh", "sinh"},     {"ch", "cosh"},      {"th", "tanh"},         {"remainder", "mod"},
    {"root", "sqrt"},   {"ceiling", "ceil"}, {"absolute", "abs"},    {"modf", "mod"},
};

static const struct synonym value_synonyms[] = {
    {"True", "1"},       {"true", "1"},  {"False", "0"}, {"false", "0"},
    {"infinity", "inf"}, {"M_PI", "pi"}, {"M_E", "e"},   {"NaN", "nan"},
};

static int is_word(struct nf_word word, const char *text)
{
    return strncmp(text, word.text, word.length) == 0 && text[word.length] == '\0';
}

static int is_word_of_any_case(struct nf_word word, const char *text)
{
    return strncasecmp(text, word.text, word.length) == 0 && text[word.length] == '\0';
}

enum nf_name_kind nf_names_find(const struct nf_expr_names *names, struct nf_word word,
                                double *value)
{
    if (names->variable != NULL && is_word(word, names->variable))
        return NF_NAME_VARIABLE;
    for (size_t i = names->set_count; i > 0; i--) {
        if (!is_word(word, names->set[i - 1].name))
            continue;
        *value = names->set[i - 1].value;
        return NF_NAME_VALUE;
    }
    for (size_t i = 0; i < COUNT(constants); i++) {
        if (!is_word(word, constants[i].name))
            continue;
        *value = constants[i].value;
        return NF_NAME_VALUE;
    }
    return NF_NAME_UNKNOWN;
}

const struct nf_math_function *nf_names_function(struct nf_word word)
{
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++)
        if (is_word(word, f->name))
            return f;
    return NULL;
}

static const char *synonym_of(const struct synonym *synonyms, size_t count, struct nf_word word)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(word, synonyms[i].word))
            return synonyms[i].here;
    return NULL;
}

/* The known word nearest to word, seen so far. A word in other letters ("PI") is nearest of all. */
struct nearest {
    struct nf_word word;
    const char *best;
    int is_exact;
};

static void nearest_try(struct nearest *nearest, const char *candidate)
{
    if (candidate == NULL || nearest->is_exact)
        return;
    nearest->is_exact = is_word_of_any_case(nearest->word, candidate);
    if (nearest->is_exact)
        nearest->best = candidate;
    else
        nearest->best =
            nf_suggest_nearer(nearest->word.text, nearest->word.length, nearest->best, candidate);
}

static const char *nearest_function(struct nf_word word)
{
    struct nearest nearest = {word, NULL, 0};
    const char *synonym = synonym_of(function_synonyms, COUNT(function_synonyms), word);

    if (synonym != NULL && nf_names_function((struct nf_word){synonym, strlen(synonym)}) != NULL)
        return synonym;
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++)
        nearest_try(&nearest, f->name);
    return nearest.best;
}

static const char *nearest_value(const struct nf_expr_names *names, struct nf_word word)
{
    struct nearest nearest = {word, NULL, 0};
    const char *synonym = synonym_of(value_synonyms, COUNT(value_synonyms), word);

    if (synonym != NULL)
        return synonym;
    nearest_try(&nearest, names->variable);
    for (size_t i = 0; i < names->set_count; i++)
        nearest_try(&nearest, names->set[i].name);
    for (size_t i = 0; i < COUNT(constants); i++)
        nearest_try(&nearest, constants[i].name);
    return nearest.best;
}

int nf_names_is_choice(struct nf_word word)
{
    return is_word(word, "if") || is_word(word, "else");
}

/* "np.sin": the word after the point. */
static struct nf_word after_point(struct nf_word word)
{
    struct nf_word rest = {word.text + word.length + 1, 0};

    if (word.text[word.length] != '.')
        return (struct nf_word){NULL, 0};
    while (nf_lexer_is_word(rest.text[rest.length]))
        rest.length++;
    return rest;
}

/* "f.py:f", "f.c:f:g": not the prefix of a name, but a file that no other body took. */
static const char *hint_of_file(struct nf_word ending)
{
    int has_colon = ending.text != NULL && ending.text[ending.length] == ':';

    if (ending.length > 0 && is_word(ending, "py"))
        return "functions in Python cannot be run yet, those in C can: file.c:f";
    if (has_colon && (is_word(ending, "c") || is_word(ending, "so")))
        return NF_HINT_FILE;
    return NULL;
}

#define HINT(hint, ...) snprintf((hint)->text, sizeof((hint)->text), __VA_ARGS__)

void nf_names_hint_value(const struct nf_expr_names *names, struct nf_word word,
                         struct nf_hint *hint)
{
    struct nf_word rest = after_point(word);
    const char *nearest = nearest_value(names, word), *file = hint_of_file(rest);
    struct nf_quoted quoted;

    hint->text[0] = '\0';
    if (file != NULL)
        HINT(hint, "%s", file);
    else if (rest.length > 0)
        HINT(hint, "names have no prefix here, write %s",
             nf_quote(rest.text, rest.length, &quoted));
    else if (nf_names_is_choice(word))
        HINT(hint, "write 'c ? a : b' or 'where(c, a, b)'");
    else if (nearest != NULL)
        HINT(hint, "did you mean '%s'?", nearest);
    else if (names->variable != NULL && word.length == 1)
        HINT(hint, "the variable here is '%s'; other names need --set %c=VALUE", names->variable,
             word.text[0]);
    else if (word.length <= SHOWN_LENGTH_MAX)
        HINT(hint, "give it a value with --set %.*s=VALUE", (int)word.length, word.text);
}

void nf_names_hint_function(struct nf_word word, struct nf_hint *hint)
{
    const char *nearest = nearest_function(word);

    hint->text[0] = '\0';
    if (nearest != NULL)
        HINT(hint, "did you mean '%s'?", nearest);
}

void nf_names_list_functions(nfold_error *err)
{
    size_t column = strlen(LIST_HEAD);

    nf_error_detail(err, LIST_HEAD);
    for (const struct nf_math_function *f = nf_math_functions; f->name != NULL; f++) {
        size_t length = strlen(f->name) + 1;
        if (column + length > LIST_COLUMNS) {
            nf_error_detail(err, "\n   ");
            column = strlen("   ");
        }
        nf_error_detail(err, " %s", f->name);
        column += length;
    }
    nf_error_detail(err, "\n");
}

static int is_name(const char *text)
{
    if (text[0] == '\0' || nf_lexer_is_digit(text[0]))
        return 0;
    for (size_t i = 0; text[i] != '\0'; i++)
        if (!nf_lexer_is_word(text[i]))
            return 0;
    return !nf_lexer_is_keyword(text, strlen(text));
}

static int check_variable(const char *name, nfold_error *err)
{
    struct nf_quoted quoted;

    nf_quote(name, strlen(name), &quoted);
    if (!is_name(name))
        return nf_fail(err, NFOLD_E_USAGE,
                       "the variable %s is not a name: letters, digits and '_', a letter first",
                       quoted.text);
    if (nf_names_function((struct nf_word){name, strlen(name)}) != NULL)
        return nf_fail(err, NFOLD_E_USAGE, "the variable %s has the name of a function",
                       quoted.text);
    return 0;
}

int nf_names_check(const struct nf_expr_names *names, nfold_error *err)
{
    struct nf_quoted quoted;

    if (names->variable != NULL && check_variable(names->variable, err) < 0)
        return NFOLD_E_USAGE;
    for (size_t i = 0; i < names->set_count; i++) {
        const char *name = names->set[i].name;
        nf_quote(name, strlen(name), &quoted);
        if (!is_name(name))
            return nf_fail(err, NFOLD_E_VALUE,
                           "--set %s: not a name: letters, digits and '_', a letter first",
                           quoted.text);
        if (names->variable != NULL && strcmp(name, names->variable) == 0)
            return nf_fail(err, NFOLD_E_VALUE, "--set %s: this is the variable of the expression",
                           quoted.text);
    }
    return 0;
}
