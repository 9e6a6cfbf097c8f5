/* help_json.c: what help says, for programs: editors, front ends, other documents. */
#include <stdio.h>
#include <string.h>

#include "help_text.h"
#include "json.h"
#include "math.h"

static const char *type_name(enum nf_option_type type)
{
    static const char *const name[] = {
        [NF_OPTION_FLAG] = "flag", [NF_OPTION_CHOICE] = "choice", [NF_OPTION_COUNT] = "count",
        [NF_OPTION_TEXT] = "text", [NF_OPTION_LIST] = "list",     [NF_OPTION_SECONDS] = "seconds",
        [NF_OPTION_SIZE] = "size", [NF_OPTION_ASSIGN] = "assign",
    };
    return name[type];
}

static void json_choices(struct nf_json *json, const char *choices)
{
    char word[64];
    nf_json_array(json, "choices");
    while (choices != NULL && *choices != '\0') {
        size_t length = strcspn(choices, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, choices);
        nf_json_string(json, NULL, word);
        choices += length + (choices[length] == '|');
    }
    nf_json_end(json);
}

static void json_option(struct nf_json *json, const struct nf_option *row)
{
    const char letter[] = {row->letter, '\0'};
    char variable[NF_OPTION_VARIABLE_SIZE];
    nf_option_variable(row, variable);
    nf_json_object(json, NULL);
    nf_json_string(json, "name", row->name);
    nf_json_string(json, "letter", letter);
    nf_json_string(json, "variable", variable);
    nf_json_string(json, "type", type_name(row->type));
    nf_json_string(json, "metavar", row->metavar);
    json_choices(json, row->choices);
    nf_json_string(json, "initial", row->initial);
    nf_json_string(json, "help", row->help);
    nf_json_end(json);
}

static int json_options(struct nf_json *json, const struct nf_verb *verb, nfold_error *err)
{
    struct nf_option rows[NF_VERB_ROWS];
    int rc = nf_verb_rows(verb, rows, err);
    if (rc < 0)
        return rc;
    nf_json_array(json, "options");
    for (const struct nf_option *row = rows; row->name != NULL; row++)
        if (!row->is_hidden && row->refused == NULL)
            json_option(json, row);
    nf_json_end(json);
    return 0;
}

int nf_help_json_verb(struct nf_json *json, const struct nf_verb *verb, nfold_error *err)
{
    int rc;
    nf_json_object(json, NULL);
    nf_json_string(json, "verb", verb->name);
    nf_json_string(json, "summary", verb->summary);
    nf_json_string(json, "operands", verb->operands);
    nf_json_string(json, "about", verb->about);
    nf_json_array(json, "examples");
    for (const struct nf_example *each = verb->examples; each->line != NULL; each++)
        nf_json_string(json, NULL, each->line);
    nf_json_end(json);
    rc = json_options(json, verb, err);
    nf_json_end(json);
    return rc;
}

void nf_help_json_all(struct nf_json *json)
{
    nf_json_object(json, NULL);
    nf_json_string(json, "version", nfold_version());
    nf_json_array(json, "verbs");
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++) {
        if ((*verb)->is_hidden)
            continue;
        nf_json_object(json, NULL);
        nf_json_string(json, "verb", (*verb)->name);
        nf_json_string(json, "summary", (*verb)->summary);
        nf_json_end(json);
    }
    nf_json_end(json);
    nf_json_end(json);
}

void nf_help_json_expressions(struct nf_json *json)
{
    nf_json_object(json, NULL);
    nf_json_array(json, "functions");
    for (const struct nf_math_function *each = nf_math_functions; each->name != NULL; each++) {
        nf_json_object(json, NULL);
        nf_json_string(json, "name", each->name);
        nf_json_unsigned(json, "arguments", each->arguments);
        nf_json_string(json, "summary", each->summary);
        nf_json_end(json);
    }
    nf_json_end(json);
    nf_json_end(json);
}
