/* registry.h: every body type and backend of this build, from the lists in their meson.build. */
#ifndef NF_REGISTRY_H
#define NF_REGISTRY_H

#include <nfold/backend.h>

extern const struct nfold_body_type *const nf_body_types[]; /* ended by NULL */
extern const nfold_backend *const nf_backends[];            /* ended by NULL */

const nfold_backend *nf_backend_find(const char *name); /* NULL: none */

#endif
