/* number_argument.h: an operand that is a number or a constant expression: -3, pi/2, 2*pi, 1e8. */
#ifndef NF_NUMBER_ARGUMENT_H
#define NF_NUMBER_ARGUMENT_H

#include "option.h"

/* name: what the operand is called in the usage line ("A"); it begins the message on failure. Names
 * that options' --set gives may be used, and are then taken. */
int nf_number_argument(const char *name, const char *text, nfold_options *options, double *value,
                       nfold_error *err);
/* Is the text a number that was rounded to the value it got? */
int nf_number_argument_is_rounded(const char *text);

#endif
