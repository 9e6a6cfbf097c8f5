/* input.h: where tasks come from: ::: lists, :::+ links, :::: and -a files, standard input;
 * columns, headers, products, and several records packed into one task. Reads no further than it is
 * asked. */
#ifndef NF_INPUT_H
#define NF_INPUT_H

#include "option.h"
#include "task.h"

struct nf_input;

/* Bytes that a command line may have: what the kernel takes as one word of a shell's -c. */
#define NF_COMMAND_BYTES 131071

/* operands: what follows the template: ":::" words…, "::::" files…, also ":::+" and "::::+"; none:
 * standard input (or -a's files). Options: arg-file, null, delimiter, colsep, csv, header, link,
 * shuf, max-args, max-replace-args, max-lines, xargs (-m), X, no-run-if-empty … slots: -X and -m
 * spread the last tasks over them. operands, options and pattern must outlive the input. With
 * --header the first lines are read here, waiting for them.
 * NFOLD_E_USAGE, _VALUE, _SYSTEM. */
struct nf_template;
int nf_input_open(struct nf_input **input, const nfold_options *options,
                  const char *const *operands, size_t operand_count,
                  const struct nf_template *pattern, unsigned slots, nfold_error *err);
/* Whatever is read from standard input goes to keep, too: what was read already at once. Before the
 * first nf_input_next. */
int nf_input_watch(struct nf_input *input,
                   int (*keep)(void *user, const char *data, size_t size, nfold_error *err),
                   void *user, nfold_error *err);
/* The next task (sequence, values, record_count set; attempt 1): 1; 0 at the end; NF_INPUT_WAIT
 * when standard input has no whole record yet: poll nf_input_fd for reading and come again; or < 0.
 * After NFOLD_E_VALUE one input cannot be used, and the next may be asked for. */
#define NF_INPUT_WAIT 2
int nf_input_next(struct nf_input *input, struct nf_task *task, nfold_error *err);
int nf_input_fd(const struct nf_input *input); /* -1: it never has to be waited for */
/* 1 if standard input is one of the sources: then no task may read it. */
int nf_input_uses_stdin(const struct nf_input *input);
/* Tasks in all, where that is known without reading further (lists, what was counted, an input that
 * was read to its end); 0: not known. */
uint64_t nf_input_total(const struct nf_input *input);
/* Counts on, beside what is read, by at most so many records: 1 once the total is known, 0 not yet
 * or never. Lists and regular files can be counted, whatever makes tasks of them; no file is read
 * far ahead unless somebody asks. */
int nf_input_count(struct nf_input *input, uint64_t records);
/* Nothing but lists and regular files: the input comes to its end without being waited for. */
int nf_input_is_bounded(const struct nf_input *input);
/* Makes sure that the total is known from the first task on, where that can be: counts, or reads
 * the whole input before. Not of a pipe with -m, -X and --xargs, whose lines are made as they are
 * needed. Before the first nf_input_next. */
void nf_input_ask_total(struct nf_input *input);
/* Values that a task has at most; 0: not known before they are read. */
uint64_t nf_input_columns(const struct nf_input *input);
/* --header's names for the template, once known; NULL: none. Count through *count. */
const char *const *nf_input_names(const struct nf_input *input, unsigned *count);
void nf_input_close(struct nf_input *input); /* NULL is fine */

#endif
