/* option.h: options declared once, as rows of tables. --help, man pages, NFOLD_* variables, the
 * names of nfold_options_set (later Python keywords) and shell completion all come from the rows.
 *
 * A row belongs to the table of what reads it: a verb (src/cli), a body, a backend, the engine.
 */
#ifndef NF_OPTION_H
#define NF_OPTION_H

#include "buffer.h"
#include "error.h"

enum nf_option_type {
    NF_OPTION_END,     /* the zero row that ends a table */
    NF_OPTION_FLAG,    /* no value on the command line; "on" or "off" elsewhere */
    NF_OPTION_CHOICE,  /* one of .choices */
    NF_OPTION_COUNT,   /* whole number, .low … .high; 1e6 may be written */
    NF_OPTION_SECONDS, /* 0.5, 10s, 5m, 2h, 1d */
    NF_OPTION_TEXT,
    NF_OPTION_LIST,   /* TEXT that may be repeated: every value counts, in order; no .initial */
    NF_OPTION_SIZE,   /* bytes: 4096, 64k (1000), 64K and 64Ki (1024), 4G, 1.5T */
    NF_OPTION_ASSIGN, /* NAME=NUMBER, may be repeated or joined by commas; no .initial */
};

struct nf_option {
    const char *name; /* "workers": the flag is --workers, the variable NFOLD_WORKERS */
    char letter;      /* 'j', or 0 */
    enum nf_option_type type;
    const char *metavar; /* "N"; NULL for flags */
    const char *initial; /* the default, as text; NULL: unset */
    const char *choices; /* "auto|on|off" */
    double low, high;    /* COUNT; high 0: 2^53 */
    const char *help;    /* one sentence, lower case, no full stop */
    const char *aliases; /* "lb|linebuffer|P": other names; one of one character is a letter */
    const char *refused; /* known, and not taken: why, and what to use instead */
    const char *heading; /* help begins a group of options with this line */
    int is_hidden;       /* in no help, man page, completion; no variable sets it */
};

/* Values by name over up to NF_OPTION_TABLES tables. nfold_options is this. */
#define NF_OPTION_TABLES 12

/* Knows no rows yet. nfold_options_create (src/engine) adds the engine's, bodies' and backends'
 * tables. */
int nf_options_new(nfold_options **options, nfold_error *err);
/* Adds a table's rows to what options knows; the table must outlive options. A name may be in one
 * table only (asserted). */
int nf_options_add(nfold_options *options, const struct nf_option *table, nfold_error *err);
int nf_options_copy(nfold_options **copy, const nfold_options *options, nfold_error *err);

/* When *stop becomes non-zero, whatever was opened with these options ends what it has running, a
 * compiler for example, with NFOLD_E_STOPPED. stop must outlive options, their copies and what is
 * opened with them; NULL (at first): nothing stops. */
void nf_options_watch(nfold_options *options, const volatile int *stop);
const volatile int *nf_options_stop(const nfold_options *options);

/* The words of the command, which every rank must have been given; NULL (at first): a program's
 * options. text must outlive options and their copies. */
void nf_options_command(nfold_options *options, const char *text);
const char *nf_options_command_text(const nfold_options *options);
/* nfold_options_set_communicator's. */
const void *nf_options_communicator(const nfold_options *options);

/* What is known, in the order of the tables; NULL after the last. */
const struct nf_option *nf_options_row(const nfold_options *options, unsigned index);
const struct nf_option *nf_options_find(const nfold_options *options, const char *name);
const struct nf_option *nf_options_find_letter(const nfold_options *options, char letter);
/* 2 if the length bytes of text are the row's name or an alias, 1 if one of them begins so, or 0.
 */
int nf_option_match(const struct nf_option *row, const char *text, size_t length);
/* The name nearest to a misspelt one ("--wokers", "wokers" → "workers"), or NULL. */
const char *nf_options_suggest(const nfold_options *options, const char *name);

/* The variable of a row: "NFOLD_WORKERS". */
#define NF_OPTION_VARIABLE_SIZE 48
void nf_option_variable(const struct nf_option *row, char name[NF_OPTION_VARIABLE_SIZE]);
/* Takes every NFOLD_* variable that names a row, unless the row was set by a call; an empty one is
 * as good as none. NFOLD_E_VALUE names the variable. */
int nf_options_environment(nfold_options *options, nfold_error *err);

/* Values in force; the name must be a row of the right type (asserted). options may be NULL: then
 * everything is unset and no default is known, so callers pass a copy. */
int nf_options_flag(const nfold_options *options, const char *name);
double nf_options_count(const nfold_options *options, const char *name);     /* NaN: unset */
double nf_options_seconds(const nfold_options *options, const char *name);   /* NaN: unset */
double nf_options_size(const nfold_options *options, const char *name);      /* bytes; NaN: unset */
const char *nf_options_text(const nfold_options *options, const char *name); /* NULL: unset */
/* The values of a LIST row, in the order in which they were given. */
unsigned nf_options_list_count(const nfold_options *options, const char *name);
const char *nf_options_list(const nfold_options *options, const char *name, unsigned index);
int nf_options_is_set(const nfold_options *options,
                      const char *name); /* by flag, call or variable */
/* Assignments of an ASSIGN row: count, and the index-th one. */
unsigned nf_options_assign_count(const nfold_options *options, const char *name);
const char *nf_options_assign(const nfold_options *options, const char *name, unsigned index,
                              double *value);
/* The index-th name was used by an operand: those that come later need not know it. */
void nf_options_assign_take(nfold_options *options, const char *name, unsigned index);
int nf_options_assign_is_taken(const nfold_options *options, const char *name, unsigned index);

/* Rows as text: --help (aligned, 80 columns); man (mdoc: the .It entries of a list, so that several
 * tables make one list); completion ("--workers -j --native", each word followed by a blank). */
void nf_option_help(struct nfold_buffer *out, const struct nf_option *table);
void nf_option_man(struct nfold_buffer *out, const struct nf_option *table);
void nf_option_man_text(struct nfold_buffer *out, const char *text); /* escaped for mdoc */
void nf_option_words(struct nfold_buffer *out, const struct nf_option *table);

#endif
