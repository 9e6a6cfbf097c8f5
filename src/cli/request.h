/* request.h: the work that a command asks for: operands and options become an nfold_work. */
#ifndef NF_REQUEST_H
#define NF_REQUEST_H

#include <nfold/body.h>

#include "json.h"
#include "verb.h"

struct nf_request {
    const char *verb;      /* "integrate" */
    const char *body_text; /* the operand */
    const char *variable;  /* "x" */
    const char *how;       /* the rule, or the operation: "simpson", "sum" */
    nfold_work work;
};

/* operand: EXPR A B N. Opens the body; close the request in any case. */
int nf_request_integrate(struct nf_request *request, const struct nf_command *command,
                         const char *const *operand, unsigned count, nfold_error *err);
/* operand: OP EXPR N. */
int nf_request_reduce(struct nf_request *request, const struct nf_command *command,
                      const char *const *operand, unsigned count, nfold_error *err);
void nf_request_close(struct nf_request *request);

/* Which kernel the work needs: what --show-code c prints. */
enum nfold_shape nf_request_shape(const struct nf_request *request);
/* Its members, into an open object. */
void nf_request_json(struct nf_json *json, const struct nf_request *request);

#endif
