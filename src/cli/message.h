/* message.h: what the command says when something is wrong. */
#ifndef NF_MESSAGE_H
#define NF_MESSAGE_H

#include "error.h"
#include "terminal.h"

/* "nfold integrate: MESSAGE" and the detail's lines, on terminal; who: "nfold integrate". */
void nf_message_error(const struct nf_terminal *terminal, const char *who, const nfold_error *err);

#endif
