/* verb.c: what all verbs have in common: finding one, its options, its usage line. */
#include "verb.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "context.h"

const struct nf_option nf_rows_common[] = {
    {.name = "json", .type = NF_OPTION_FLAG, .help = "print one JSON object instead of text"},
    {.name = "help", .letter = 'h', .type = NF_OPTION_FLAG, .help = "explain this verb"},
    {0},
};

const struct nf_option nf_rows_help[] = {
    {.name = "help", .letter = 'h', .type = NF_OPTION_FLAG, .help = "explain this verb"},
    {0},
};

const struct nf_option nf_rows_quiet[] = {
    {.name = "quiet",
     .letter = 'q',
     .type = NF_OPTION_FLAG,
     .help = "no progress bar, and no report unless --report or -v asks for it"},
    {0},
};

const struct nf_option nf_rows_run[] = {
    {.name = "report",
     .type = NF_OPTION_FLAG,
     .help = "print the report to stderr, as on a terminal or in a Slurm job"},
    {.name = "verbose",
     .letter = 'v',
     .type = NF_OPTION_FLAG,
     .help = "the report, with a line for every worker"},
    {.name = "show-code",
     .type = NF_OPTION_CHOICE,
     .metavar = "FORM",
     .choices = "ir|c",
     .help = "print the function as nfold's own program or as C, and run nothing"},
    {0},
};

const struct nf_option nf_rows_rule[] = {
    {.name = "rule",
     .type = NF_OPTION_CHOICE,
     .metavar = "RULE",
     .initial = "trapezoid",
     .choices = "trapezoid|simpson|midpoint",
     .help = "how the integral is made of points"},
    {0},
};

const struct nf_verb *nf_verb_find(const char *name)
{
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}

static int add_tables(nfold_options *options, const struct nf_option *const *tables,
                      nfold_error *err)
{
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && i < NF_VERB_TABLES && tables[i] != NULL; i++)
        rc = nf_options_add(options, tables[i], err);
    return rc;
}

int nf_verb_options(const struct nf_verb *verb, nfold_options **options, nfold_error *err)
{
    int rc = verb->runs_works ? nf_context_options(options, err) : nf_options_new(options, err);
    if (rc < 0)
        return rc;
    if ((rc = add_tables(*options, verb->tables, err)) < 0 ||
        (rc = add_tables(*options, verb->common, err)) < 0) {
        nfold_options_destroy(*options);
        *options = NULL;
    }
    return rc;
}

static unsigned append_row(struct nf_option *rows, unsigned count, const struct nf_option *row)
{
    if (row->is_hidden)
        return count;
    assert(count + 1 < NF_VERB_ROWS);
    rows[count] = *row;
    return count + 1;
}

static unsigned append_tables(struct nf_option *rows, unsigned count,
                              const struct nf_option *const *tables)
{
    for (unsigned i = 0; i < NF_VERB_TABLES && tables[i] != NULL; i++)
        for (const struct nf_option *row = tables[i]; row->name != NULL; row++)
            count = append_row(rows, count, row);
    return count;
}

static int has_row(const struct nf_option *const *tables, const struct nf_option *wanted)
{
    for (unsigned i = 0; i < NF_VERB_TABLES && tables[i] != NULL; i++)
        for (const struct nf_option *row = tables[i]; row->name != NULL; row++)
            if (row == wanted)
                return 1;
    return 0;
}

int nf_verb_rows(const struct nf_verb *verb, struct nf_option rows[NF_VERB_ROWS], nfold_error *err)
{
    nfold_options *options = NULL;
    const struct nf_option *row;
    unsigned count;
    int rc = nf_verb_options(verb, &options, err);
    if (rc < 0)
        return rc;
    count = append_tables(rows, 0, verb->tables);
    for (unsigned i = 0; (row = nf_options_row(options, i)) != NULL; i++)
        if (!has_row(verb->tables, row) && !has_row(verb->common, row))
            count = append_row(rows, count, row);
    count = append_tables(rows, count, verb->common);
    rows[count] = (struct nf_option){0};
    nfold_options_destroy(options);
    return 0;
}

int nf_verb_show_usage(const struct nf_verb *verb, nfold_error *err)
{
    nf_error_detail(err, "usage: nfold %s [options]%s%s\n", verb->name,
                    verb->operands[0] != '\0' ? " " : "", verb->operands);
    nf_error_detail(err, "`nfold help %s` has examples\n", verb->name);
    return err != NULL ? err->code : NFOLD_E_USAGE;
}

int nf_verb_misused(const struct nf_verb *verb, nfold_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    nf_vfail(err, NFOLD_E_USAGE, format, args);
    va_end(args);
    nf_verb_show_usage(verb, err);
    return NFOLD_E_USAGE;
}

int nf_verb_too_many(const struct nf_verb *verb, const char *operand, nfold_error *err)
{
    int is_letter = operand[0] == '-' && isalpha((unsigned char)operand[1]);
    if (is_letter)
        return nf_verb_misused(verb, err,
                               "'%s' names no option of %s, and as an operand it is one too many",
                               operand, verb->name);
    return nf_verb_misused(verb, err, "'%s' is one operand too many", operand);
}
