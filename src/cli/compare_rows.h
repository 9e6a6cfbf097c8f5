/* compare_rows.h: the rows of `nfold compare`: what is run, and how often. */
#ifndef NF_COMPARE_ROWS_H
#define NF_COMPARE_ROWS_H

#include "compare_table.h"
#include "request.h"

struct nf_comparison {
    const struct nf_command *command;
    struct nf_request request;
    struct nf_compare_table table;
    unsigned workers_most;
    double budget;          /* seconds for the runs of a row */
    double compile_seconds; /* of the native code that rows of this process use */
    nfold_error refusal;    /* why the last row that did not run did not; code 0: all ran */
};

/* Adds all rows and runs them. Where no row ran the reason is the error. NFOLD_E_STOPPED as of a
 * run. */
int nf_comparison_rows(struct nf_comparison *comparison, nfold_error *err);
/* A new row, or NULL: out of memory. */
struct nf_compare_row *nf_comparison_row(struct nf_comparison *comparison, const char *backend,
                                         unsigned workers, nfold_error *err);
/* All runs of one row in an open context. */
int nf_comparison_time(struct nf_comparison *comparison, nfold_context *context,
                       struct nf_compare_row *row, nfold_error *err);

#endif
