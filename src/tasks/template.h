/* template.h: a command line with replacements, and the command that a task's values make of it.
 * {} {.} {/} {//} {/.} {#} {%} {n} {n.} {n/} {n//} {n/.} {-n} {name}; -I changes {}. Each value is
 * quoted for the place where it stands: bare, inside "…" or inside '…'. A value is never executed.
 */
#ifndef NF_TEMPLATE_H
#define NF_TEMPLATE_H

#include "buffer.h"
#include "option.h"
#include "task.h"

struct nf_template;

/* words: the operands before the first ":::"; none: each input is a command line. Joined by one
 * blank; with -q each word keeps to itself. An unknown replacement is NFOLD_E_USAGE with a caret.
 */
int nf_template_open(struct nf_template **pattern, const nfold_options *options,
                     const char *const *words, size_t count, nfold_error *err);
/* Its text, as identity, journal and `nfold runs` have it. */
const char *nf_template_text(const struct nf_template *pattern);
/* The names of --header's columns, for {name}; before the first render. */
int nf_template_names(struct nf_template *pattern, const char *const *names, unsigned count,
                      nfold_error *err);
/* The bytes that --dry-run prints, that run, and that joblog column 9 has; appended to line.
 * slot from 1. */
int nf_template_render(const struct nf_template *pattern, const struct nf_task *task, unsigned slot,
                       struct nfold_buffer *line, nfold_error *err);
/* --tagstring and --results' folder are templates too: words rendered without any quoting. */
int nf_template_render_text(const struct nf_template *pattern, const struct nf_task *task,
                            unsigned slot, struct nfold_buffer *text, nfold_error *err);
void nf_template_close(struct nf_template *pattern); /* NULL is fine */

#endif
