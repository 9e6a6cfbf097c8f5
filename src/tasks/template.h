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
/* --tagstring and --results' folder are templates too, not of shell text: to be rendered by
 * nf_template_render_text. Braces that are no replacement stay, and no {} is added. */
int nf_template_open_text(struct nf_template **pattern, const nfold_options *options,
                          const char *text, nfold_error *err);
/* Its text, as identity, journal and `nfold runs` have it. */
const char *nf_template_text(const struct nf_template *pattern);
/* The names of --header's columns, for {name}; before the first render. */
int nf_template_names(struct nf_template *pattern, const char *const *names, unsigned count,
                      nfold_error *err);
/* The bytes that --dry-run prints, that run, and that joblog column 9 has; appended to line.
 * slot from 1. */
int nf_template_render(const struct nf_template *pattern, const struct nf_task *task, unsigned slot,
                       struct nfold_buffer *line, nfold_error *err);
/* The same without any quoting. */
int nf_template_render_text(const struct nf_template *pattern, const struct nf_task *task,
                            unsigned slot, struct nfold_buffer *text, nfold_error *err);
/* A task never has more than this many values: a {n} beyond is NFOLD_E_USAGE with a caret. */
int nf_template_check_columns(const struct nf_template *pattern, uint64_t most, nfold_error *err);
/* The command's first word, if it is the same for every task and the line comes to nothing without
 * it; otherwise NULL. To be freed. */
char *nf_template_program(const struct nf_template *pattern);
/* For packing values into one line: bytes without any value, and bytes that a value adds, its blank
 * counted. */
long nf_template_fixed_bytes(const struct nf_template *pattern);
long nf_template_value_bytes(const struct nf_template *pattern, const char *value);
/* A line beyond this many bytes is refused when rendered. */
void nf_template_limit(struct nf_template *pattern, size_t bytes);
void nf_template_close(struct nf_template *pattern); /* NULL is fine */

#endif
