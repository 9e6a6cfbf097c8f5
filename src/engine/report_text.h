/* report_text.h: the one rendering of a report: lines for people, an object for programs. */
#ifndef NF_REPORT_TEXT_H
#define NF_REPORT_TEXT_H

#include <stdint.h>

#include <nfold/nfold.h>

#include "buffer.h"
#include "json.h"

/* 32 bits over the bits of hi and lo: equal runs have equal hashes. */
uint32_t nf_report_hash(const nfold_report *report);
/* As people and programs see it: 8 hex digits. text has NF_HASH_SIZE bytes; returns text. */
#define NF_HASH_SIZE 9
char *nf_report_hash_print(uint32_t hash, char *text);

/* Aligned lines of at most 80 columns, the note wrapped. cpus: "" or why this process may use fewer
 * processors than the machine has (nf_cpus_explain). each_worker: a line for every worker, too. */
void nf_report_text(struct nfold_buffer *out, const nfold_report *report, const char *cpus,
                    int each_worker);
/* Text that begins at column indent, broken at blanks into lines of at most 80 columns; a newline
 * ends it. */
void nf_report_wrap(struct nfold_buffer *out, unsigned indent, const char *text);
#define NF_REPORT_AMDAHL_MOST 9999 /* larger bounds say nothing more */
/* "12.3 x", "> 9999 x", "-" for NaN: the bound of Amdahl's law. text has NF_NUMBER_SIZE bytes. */
void nf_report_amdahl(double limit, char *text);
/* What ran, in words, from the report's "native" and "is_user_code". */
const char *nf_report_code(const char *native, int is_user_code);
/* "", or what to add to these words about a function of the user's. */
const char *nf_report_kind(int is_user_code);
/* One line for a run that was stopped: "41 %: 4.1 G of 10 G items in 1.2 s". */
void nf_report_progress(struct nfold_buffer *out, const nfold_report *report);
/* An object with every field of nfold_report. hi and lo are strings of C's hex notation: no bit is
 * lost. */
void nf_report_json(struct nf_json *json, const char *key, const nfold_report *report);

#endif
