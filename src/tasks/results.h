/* results.h: --results: what each task printed as files of a tree, or as rows of a CSV, TSV or JSON
 * file, laid out as Debian's GNU parallel does. */
#ifndef NF_RESULTS_H
#define NF_RESULTS_H

#include "container.h"
#include "option.h"
#include "output_stream.h"
#include "task.h"

struct nf_results;

/* *results is NULL without --results. */
int nf_results_open(struct nf_results **results, const nfold_options *options, nfold_error *err);
/* --header's names; copied. */
int nf_results_names(struct nf_results *results, const char *const *names, unsigned count,
                     nfold_error *err);
/* 1: a table: a row stands for what a task printed, and rows keep the order of what is printed.
 * Otherwise tasks print nothing. */
int nf_results_are_rows(const struct nf_results *results);
/* Rows go to a file, not to stdout. */
int nf_results_have_file(const struct nf_results *results);
/* What stands before the first row; once a task has its place. */
void nf_results_header(struct nfold_buffer *out, const struct nf_results *results);
int nf_results_write(struct nf_results *results, const char *data, size_t size, nfold_error *err);
/* At the start, when the task's values are at hand: what nf_results_add needs of them; free it. */
int nf_results_place(struct nf_results *results, const struct nf_task *task, unsigned slot,
                     char **place, nfold_error *err);
/* At the end. Reads the streams to their end. row: of a table. */
int nf_results_add(struct nf_results *results, const char *place, uint64_t sequence,
                   const char *command, const struct nf_task_result *result,
                   struct nf_output_stream stream[2], const struct nf_container *container,
                   struct nfold_buffer *row, nfold_error *err);
int nf_results_close(struct nf_results *results, nfold_error *err); /* NULL is fine */

#endif
