/* input_operands.h: the sources that a command line names: the words after ::: and its kin, the
 * files after :::: and -a, or standard input. */
#ifndef NF_INPUT_OPERANDS_H
#define NF_INPUT_OPERANDS_H

#include "combine.h"
#include "option.h"
#include "source.h"

/* How many of a verb's operands come before the first ":::": the words of the template. */
size_t nf_input_template_words(const nfold_options *options, const char *const *operands,
                               size_t count);
/* operands: what follows them. *combine is to be closed on failure, too. uses_stdin: standard input
 * is one of the sources. */
int nf_input_operands_open(struct nf_combine **combine, const nfold_options *options,
                           const char *const *operands, size_t count,
                           const struct nf_record_rules *rules, int *uses_stdin, nfold_error *err);

#endif
