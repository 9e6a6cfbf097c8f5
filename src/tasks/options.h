/* options.h: the options of `nfold tasks`. */
#ifndef NF_TASKS_OPTIONS_H
#define NF_TASKS_OPTIONS_H

#include "option.h"

/* What tasks does, GNU parallel's options and its own, grouped for the help page. */
extern const struct nf_option nf_rows_tasks[];
/* GNU parallel's other options: taken without effect, or refused with what to use instead. */
extern const struct nf_option nf_rows_gnu[];

#endif
