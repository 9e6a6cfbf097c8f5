/* help_text.h: the text that explains nfold and each verb. */
#ifndef NF_HELP_TEXT_H
#define NF_HELP_TEXT_H

#include "json.h"
#include "verb.h"

void nf_help_all(struct nfold_buffer *out);
void nf_help_expressions(struct nfold_buffer *out);
/* The functions of expressions as items of an mdoc list. */
void nf_man_functions(struct nfold_buffer *out);
int nf_help_verb(struct nfold_buffer *out, const struct nf_verb *verb, nfold_error *err);

/* The same as an object each. */
void nf_help_json_all(struct nf_json *json);
void nf_help_json_expressions(struct nf_json *json);
int nf_help_json_verb(struct nf_json *json, const struct nf_verb *verb, nfold_error *err);

#endif
