/* columns.h: a record becomes values: --colsep, --csv, --trim. */
#ifndef NF_COLUMNS_H
#define NF_COLUMNS_H

#include <regex.h>

#include "option.h"

struct nf_columns {
    int is_split, is_csv, has_regex;
    regex_t regex;
    char separator; /* --csv */
    int trims_left, trims_right;
};

/* colsep, csv, header, trim. NFOLD_E_VALUE. */
int nf_columns_read(struct nf_columns *columns, const nfold_options *options, nfold_error *err);
void nf_columns_clear(struct nf_columns *columns);

/* Values that grow; each is to be freed. */
struct nf_values {
    char **value;
    unsigned count, capacity;
};

int nf_values_append(struct nf_values *values, char *value, nfold_error *err); /* takes value */
void nf_values_clear(struct nf_values *values);

/* Appends the columns of record. */
int nf_columns_split(const struct nf_columns *columns, const char *record, struct nf_values *values,
                     nfold_error *err);

#endif
