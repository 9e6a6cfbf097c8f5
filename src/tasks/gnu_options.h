/* gnu_options.h: every option of GNU parallel and what `nfold tasks` makes of it. */
#ifndef NF_GNU_OPTIONS_H
#define NF_GNU_OPTIONS_H

#include "option.h"

enum nf_gnu_verdict { NF_GNU_DONE, NF_GNU_IGNORED, NF_GNU_REFUSED };

/* The index-th option in GNU parallel's order of topics; NULL after the last. text: what it does
 * here, why it has no effect, or what to use instead. */
const struct nf_option *nf_gnu_option(unsigned index, enum nf_gnu_verdict *verdict,
                                      const char **text);

#endif
