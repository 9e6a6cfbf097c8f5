/* verb.h: a verb of the command: one const table at the end of one file. main.c lists them. */
#ifndef NF_VERB_H
#define NF_VERB_H

#include "buffer.h"
#include "error.h"
#include "option.h"
#include "terminal.h"

#define NF_VERB_ROWS   128 /* options of one verb at most, asserted */
#define NF_VERB_TABLES 4

struct nf_command;

struct nf_example {
    const char *line, *what; /* what: "" or a few words */
};

struct nf_verb {
    const char *name;
    const char *summary;      /* one line, for the list of verbs */
    const char *operands;     /* "EXPR A B N": the words of the usage line */
    const char *about;        /* what the operands mean; lines of at most 80 columns */
    const char *answer_is_no; /* what exit status 1 means; NULL: this verb never gives it */
    const struct nf_option *tables[NF_VERB_TABLES]; /* its own options, shown first */
    const struct nf_option *common[NF_VERB_TABLES]; /* options of output and help, shown last */
    int runs_works;  /* also takes the options of the engine, bodies and backends; refuses to be
                        started several times by srun or mpirun */
    int runs_ranks;  /* but may be started so, as ranks of MPI */
    int starts_once; /* refuses to be started several times, as one that runs works does */
    int options_come_first;            /* its operands are a command with options of its own */
    int is_hidden;                     /* for the build and for packagers */
    const struct nf_example *examples; /* ended by a zero row */
    /* 0 or NFOLD_E_*, which gives the exit status. */
    int (*run)(struct nf_command *command, nfold_error *err);
};

/* One command as the user gave it. */
struct nf_command {
    const struct nf_verb *verb;
    nfold_options *options;
    const char *const *operand;
    unsigned operand_count;
    char **word;       /* the verb and what follows it, ended by NULL */
    const char *words; /* the same as text */
    int has_opened;    /* a context was opened, or tried to: other ranks know what became of it */
    struct nf_terminal out, messages; /* stdout, stderr */
    int status; /* set by a verb whose exit status says more than done or not; else 0 */
};

/* Ended by NULL; in the order of the list of verbs. */
extern const struct nf_verb *const nf_verbs[];

const struct nf_verb *nf_verb_find(const char *name);
/* The options that a verb takes: its own tables, and those of the rooms below where it runs works.
 */
int nf_verb_options(const struct nf_verb *verb, nfold_options **options, nfold_error *err);
/* The same as rows in the order to show them, ended by a zero row: for help, man pages, completion.
 */
int nf_verb_rows(const struct nf_verb *verb, struct nf_option rows[NF_VERB_ROWS], nfold_error *err);
/* NFOLD_E_USAGE: the message, and below it the usage line and where to read more. */
int nf_verb_misused(const struct nf_verb *verb, nfold_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same about an operand that nobody takes; it may have been meant as an option. */
int nf_verb_too_many(const struct nf_verb *verb, const char *operand, nfold_error *err);
/* Adds that usage line to an error that already has its message. Returns err's code. */
int nf_verb_show_usage(const struct nf_verb *verb, nfold_error *err);

/* Options that several verbs share. */
extern const struct nf_option nf_rows_common[]; /* --json, --help */
extern const struct nf_option nf_rows_help[];   /* --help alone */
extern const struct nf_option nf_rows_quiet[];  /* --quiet, of verbs that run works */
extern const struct nf_option nf_rows_run[];  /* what is shown of one run: --report, --show-code */
extern const struct nf_option nf_rows_rule[]; /* --rule */

extern const struct nf_verb nf_verb_integrate, nf_verb_reduce, nf_verb_compare, nf_verb_info,
    nf_verb_help, nf_verb_man, nf_verb_completion, nf_verb_worker, nf_verb_row, nf_verb_tasks,
    nf_verb_resume, nf_verb_runs, nf_verb_logs, nf_verb_verify;

#endif
