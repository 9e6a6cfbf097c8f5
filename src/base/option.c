/* option.c: the values of options declared in tables: setting, checking, reading. */
#include "option.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "option_check.h"
#include "suggest.h"

enum source { SOURCE_DEFAULT, SOURCE_ENVIRONMENT, SOURCE_SET };

/* One item of an ASSIGN row, or, without a value, of a LIST row. */
struct assignment {
    char *name;
    double value;
    int is_taken;
};

/* The value in force of one row. text is NULL while only the row's own default is. */
struct option_value {
    const struct nf_option *row;
    enum source source;
    char *text;
    struct assignment *assign;
    unsigned assign_count;
};

struct nfold_options {
    unsigned count, table_count;
    struct option_value *values; /* a row each, in the order of the tables */
    const volatile int *stop;
    const char *command;
    const void *communicator;
};

static struct option_value *value_find(const nfold_options *options, const char *name)
{
    for (unsigned i = 0; options && i < options->count; i++)
        if (strcmp(options->values[i].row->name, name) == 0)
            return &options->values[i];
    return NULL;
}

static void value_clear(struct option_value *value)
{
    for (unsigned i = 0; i < value->assign_count; i++)
        free(value->assign[i].name);
    free(value->assign);
    free(value->text);
    *value = (struct option_value){.row = value->row};
}

static int append_item(struct option_value *value, const char *text, size_t length, double number,
                       nfold_error *err)
{
    struct assignment *grown =
        reallocarray(value->assign, (size_t)value->assign_count + 1, sizeof *grown);
    if (!grown)
        return nf_fail_memory(err);
    value->assign = grown;
    char *name = strndup(text, length);
    if (!name)
        return nf_fail_memory(err);
    value->assign[value->assign_count++] = (struct assignment){name, number, 0};
    return 0;
}

/* Adds one NAME=NUMBER, or replaces the one of that name. */
static int assign_one(struct option_value *value, const char *text, size_t length, nfold_error *err)
{
    double number;
    int rc = nf_option_read_assignment(text, length, &number, err);
    if (rc < 0)
        return rc;
    size_t name_length = strcspn(text, "=");
    for (unsigned i = 0; i < value->assign_count; i++) {
        struct assignment *known = &value->assign[i];
        if (strlen(known->name) == name_length && memcmp(known->name, text, name_length) == 0) {
            known->value = number;
            return 0;
        }
    }
    return append_item(value, text, name_length, number, err);
}

/* The list that reads back to all assignments: k=3.0,m=0.5 */
static int assign_text(struct option_value *value, nfold_error *err)
{
    struct nfold_buffer text = {0};
    for (unsigned i = 0; i < value->assign_count; i++) {
        char number[NF_NUMBER_SIZE];
        nf_buffer_print(&text, "%s%s=%s", i > 0 ? "," : "", value->assign[i].name,
                        nf_number_print(value->assign[i].value, number));
    }
    if (text.failed) {
        nf_buffer_clear(&text);
        return nf_fail_memory(err);
    }
    free(value->text);
    value->text = text.data;
    return 0;
}

static int assign_list(struct option_value *value, const char *text, nfold_error *err)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        int rc = assign_one(value, text, length, err);
        if (rc < 0)
            return rc;
        if (!text[length])
            return assign_text(value, err);
        text += length + 1;
    }
}

static int value_set(struct option_value *value, const char *text, enum source source,
                     nfold_error *err)
{
    if (value->row->refused)
        return nf_fail(err, NFOLD_E_USAGE, "%s", value->row->refused);
    int rc = nf_option_check(value->row, text, err);
    if (rc >= 0 && value->row->type == NF_OPTION_LIST)
        rc = append_item(value, text, strlen(text), 0, err);
    if (rc < 0)
        return rc;
    if (value->row->type == NF_OPTION_ASSIGN) {
        rc = assign_list(value, text, err);
        if (rc < 0)
            return rc;
    } else {
        char *copy = strdup(text);
        if (!copy)
            return nf_fail_memory(err);
        free(value->text);
        value->text = copy;
    }
    value->source = source;
    return 0;
}

int nf_options_new(nfold_options **options, nfold_error *err)
{
    *options = calloc(1, sizeof **options);
    return *options ? 0 : nf_fail_memory(err);
}

int nf_options_add(nfold_options *options, const struct nf_option *table, nfold_error *err)
{
    unsigned count = 0;
    while (table[count].type != NF_OPTION_END)
        count++;
    if (options->table_count == NF_OPTION_TABLES)
        return nf_fail(err, NFOLD_E_INTERNAL, "more than %d option tables", NF_OPTION_TABLES);
    struct option_value *values =
        reallocarray(options->values, (size_t)options->count + count + 1, sizeof *values);
    if (!values)
        return nf_fail_memory(err);
    options->values = values;
    for (unsigned i = 0; i < count; i++) {
        assert(!value_find(options, table[i].name));
        assert(!table[i].letter || !nf_options_find_letter(options, table[i].letter));
        assert(!table[i].initial || table[i].type != NF_OPTION_ASSIGN);
        assert(!table[i].initial || table[i].type != NF_OPTION_LIST);
        assert(!table[i].initial || nf_option_check(&table[i], table[i].initial, NULL) == 0);
        options->values[options->count++] = (struct option_value){.row = &table[i]};
    }
    options->table_count++;
    return 0;
}

static int value_copy(struct option_value *copy, const struct option_value *value)
{
    if (value->text && !(copy->text = strdup(value->text)))
        return 0;
    copy->source = value->source;
    if (value->assign_count == 0)
        return 1;
    copy->assign = calloc(value->assign_count, sizeof *copy->assign);
    if (!copy->assign)
        return 0;
    for (unsigned i = 0; i < value->assign_count; i++) {
        copy->assign[i] = value->assign[i];
        copy->assign[i].name = strdup(value->assign[i].name);
        if (!copy->assign[i].name)
            return 0;
        copy->assign_count++;
    }
    return 1;
}

int nf_options_copy(nfold_options **copy, const nfold_options *options, nfold_error *err)
{
    int rc = nf_options_new(copy, err);
    if (rc < 0)
        return rc;
    (*copy)->table_count = options->table_count;
    (*copy)->stop = options->stop;
    (*copy)->command = options->command;
    (*copy)->communicator = options->communicator;
    (*copy)->values = calloc((size_t)options->count + 1, sizeof *(*copy)->values);
    int is_whole = (*copy)->values != NULL;
    for (unsigned i = 0; is_whole && i < options->count; i++) {
        (*copy)->values[i].row = options->values[i].row;
        (*copy)->count++;
        is_whole = value_copy(&(*copy)->values[i], &options->values[i]);
    }
    if (is_whole)
        return 0;
    nfold_options_destroy(*copy);
    *copy = NULL;
    return nf_fail_memory(err);
}

void nfold_options_destroy(nfold_options *options)
{
    if (!options)
        return;
    for (unsigned i = 0; i < options->count; i++)
        value_clear(&options->values[i]);
    free(options->values);
    free(options);
}

void nf_options_watch(nfold_options *options, const volatile int *stop)
{
    options->stop = stop;
}

const volatile int *nf_options_stop(const nfold_options *options)
{
    return options ? options->stop : NULL;
}

void nf_options_command(nfold_options *options, const char *text)
{
    options->command = text;
}

const char *nf_options_command_text(const nfold_options *options)
{
    return options ? options->command : NULL;
}

int nfold_options_set_communicator(nfold_options *options, const void *mpi_comm, nfold_error *err)
{
    if (!options)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_options_set_communicator: options are missing");
    options->communicator = mpi_comm;
    return 0;
}

const void *nf_options_communicator(const nfold_options *options)
{
    return options ? options->communicator : NULL;
}

/* ---- finding rows ---- */

static int match_word(const char *word, size_t size, const char *text, size_t length)
{
    if (length > size || memcmp(word, text, length) != 0)
        return 0;
    return length == size ? 2 : 1;
}

static int match_alias(const struct nf_option *row, const char *text, size_t length)
{
    int best = 0;
    for (const char *alias = row->aliases; alias;) {
        size_t size = strcspn(alias, "|");
        int match = match_word(alias, size, text, length);
        best = match > best ? match : best;
        alias = alias[size] ? alias + size + 1 : NULL;
    }
    return best;
}

int nf_option_match(const struct nf_option *row, const char *text, size_t length)
{
    int name = match_word(row->name, strlen(row->name), text, length);
    int alias = match_alias(row, text, length);
    return name > alias ? name : alias;
}

const struct nf_option *nf_options_row(const nfold_options *options, unsigned index)
{
    return options && index < options->count ? options->values[index].row : NULL;
}

const struct nf_option *nf_options_find(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_find(options, name);
    return value ? value->row : NULL;
}

const struct nf_option *nf_options_find_letter(const nfold_options *options, char letter)
{
    for (unsigned i = 0; letter && options && i < options->count; i++) {
        const struct nf_option *row = options->values[i].row;
        if (row->letter == letter || match_alias(row, &letter, 1) == 2)
            return row;
    }
    return NULL;
}

const char *nf_options_suggest(const nfold_options *options, const char *name)
{
    name += strspn(name, "-");
    const char *best = NULL;
    for (unsigned i = 0; options && i < options->count; i++)
        if (!options->values[i].row->is_hidden)
            best = nf_suggest_nearer(name, strlen(name), best, options->values[i].row->name);
    return best;
}

/* ---- setting ---- */

int nfold_options_set(nfold_options *options, const char *name, const char *value, nfold_error *err)
{
    if (!options || !name || !value)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_options_set: options, name and value are needed");
    struct option_value *known = value_find(options, name);
    if (!known) {
        const char *near = nf_options_suggest(options, name);
        return nf_fail(err, NFOLD_E_USAGE,
                       near ? "no option '%s'; did you mean '%s'?" : "no option '%s'", name, near);
    }
    int rc = value_set(known, value, SOURCE_SET, err);
    if (rc < 0)
        nf_error_context(err, "option '%s': ", name);
    return rc;
}

void nf_option_variable(const struct nf_option *row, char name[NF_OPTION_VARIABLE_SIZE])
{
    static const char prefix[] = "NFOLD_";
    size_t length = strlen(row->name), at = sizeof prefix - 1;
    assert(at + length < NF_OPTION_VARIABLE_SIZE);
    memcpy(name, prefix, at);
    for (size_t i = 0; i < length; i++) {
        char c = row->name[i];
        name[at++] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    name[at] = '\0';
}

int nf_options_environment(nfold_options *options, nfold_error *err)
{
    for (unsigned i = 0; i < options->count; i++) {
        if (options->values[i].row->is_hidden)
            continue;
        char name[NF_OPTION_VARIABLE_SIZE];
        nf_option_variable(options->values[i].row, name);
        const char *text = getenv(name);
        if (!text || !*text || options->values[i].source == SOURCE_SET)
            continue;
        int rc = value_set(&options->values[i], text, SOURCE_ENVIRONMENT, err);
        if (rc < 0) {
            nf_error_context(err, "variable %s: ", name);
            return rc;
        }
    }
    return 0;
}

/* ---- reading ---- */

#define TYPE_BIT(type) (1u << (type))

/* A wrong name or type is a defect of the caller. */
static const struct option_value *value_of(const nfold_options *options, const char *name,
                                           unsigned types)
{
    const struct option_value *value = value_find(options, name);
    assert(!options || (value && TYPE_BIT(value->row->type) & types));
    (void)types;
    return value;
}

static const char *value_text(const struct option_value *value)
{
    return value->text ? value->text : value->row->initial;
}

const char *nfold_options_get(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_find(options, name);
    if (!value)
        return NULL;
    const char *text = value_text(value);
    return text ? text : value->row->type == NF_OPTION_FLAG ? "off" : "";
}

int nf_options_flag(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_FLAG));
    const char *text = value ? value_text(value) : NULL;
    return text && strcmp(text, "on") == 0;
}

double nf_options_count(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_COUNT));
    const char *text = value ? value_text(value) : NULL;
    return text ? nf_option_read_number(text, strlen(text)) : NAN;
}

double nf_options_size(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_SIZE));
    const char *text = value ? value_text(value) : NULL;
    return text ? nf_option_read_size(text) : NAN;
}

double nf_options_seconds(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_SECONDS));
    const char *text = value ? value_text(value) : NULL;
    return text ? nf_option_read_seconds(text) : NAN;
}

const char *nf_options_text(const nfold_options *options, const char *name)
{
    const struct option_value *value =
        value_of(options, name, TYPE_BIT(NF_OPTION_TEXT) | TYPE_BIT(NF_OPTION_CHOICE));
    return value ? value_text(value) : NULL;
}

int nf_options_is_set(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_find(options, name);
    return value && value->source != SOURCE_DEFAULT;
}

unsigned nf_options_list_count(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_LIST));
    return value ? value->assign_count : 0;
}

const char *nf_options_list(const nfold_options *options, const char *name, unsigned index)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_LIST));
    return value && index < value->assign_count ? value->assign[index].name : NULL;
}

unsigned nf_options_assign_count(const nfold_options *options, const char *name)
{
    const struct option_value *value = value_of(options, name, TYPE_BIT(NF_OPTION_ASSIGN));
    return value ? value->assign_count : 0;
}

const char *nf_options_assign(const nfold_options *options, const char *name, unsigned index,
                              double *value)
{
    const struct option_value *known = value_of(options, name, TYPE_BIT(NF_OPTION_ASSIGN));
    *value = known->assign[index].value;
    return known->assign[index].name;
}

void nf_options_assign_take(nfold_options *options, const char *name, unsigned index)
{
    value_of(options, name, TYPE_BIT(NF_OPTION_ASSIGN))->assign[index].is_taken = 1;
}

int nf_options_assign_is_taken(const nfold_options *options, const char *name, unsigned index)
{
    return value_of(options, name, TYPE_BIT(NF_OPTION_ASSIGN))->assign[index].is_taken;
}
