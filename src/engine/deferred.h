/* deferred.h: a body that its first run makes, in the process that answers: where a launcher
 * started the program several times, one of them compiles, for all. */
#ifndef NF_DEFERRED_H
#define NF_DEFERRED_H

#include <nfold/backend.h>

/* Is a body of this type, opened with these options, made by its first run? */
int nf_deferred_is_meant(const struct nfold_body_type *type, const nfold_options *options);
/* Keeps what it is made of. */
int nf_deferred_keep(struct nfold_body *body, const char *variable, const nfold_options *options,
                     nfold_error *err);
/* Makes it, unless it was made; from any thread. */
int nf_deferred_make(struct nfold_body *body, nfold_error *err);
/* The same from what the process that answers says of its own (describe.h); once it is made nothing
 * happens. */
int nf_deferred_take(struct nfold_body *body, const void *description, size_t size,
                     nfold_error *err);
void nf_deferred_clear(struct nfold_body *body);

#endif
