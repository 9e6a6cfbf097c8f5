/* option_check.h: one value of an option, read against its row. For option.c. */
#ifndef NF_OPTION_CHECK_H
#define NF_OPTION_CHECK_H

#include "option.h"

/* 0, or NFOLD_E_VALUE with a message that says what the row wants. */
int nf_option_check(const struct nf_option *row, const char *value, nfold_error *err);
/* length bytes of text that are one number, with or without a sign; NaN otherwise. */
double nf_option_read_number(const char *text, size_t length);
/* A number and a unit, s m h d; NaN if it is neither. */
double nf_option_read_seconds(const char *text);
/* Bytes as GNU parallel counts them: k m g t 1000s, K M G T and Ki Mi Gi Ti 1024s; else NaN. */
double nf_option_read_size(const char *text);
/* length bytes of text that are NAME=NUMBER, finite. */
int nf_option_read_assignment(const char *text, size_t length, double *value, nfold_error *err);

#endif
