/* compare_table.h: the table of `nfold compare`: rows that ran, rows that could not, one verdict.
 */
#ifndef NF_COMPARE_TABLE_H
#define NF_COMPARE_TABLE_H

#include <stdint.h>

#include "buffer.h"
#include "error.h"
#include "json.h"
#include "terminal.h"

struct nf_compare_row {
    const char *backend;
    unsigned workers;
    unsigned runs; /* timed; 0: the row did not run, and reason says why */
    char reason[512];
    double value, hi, lo;
    uint32_t hash;
    int varies;                                      /* its runs did not all have these bits */
    char code[16];                                   /* as nfold_report.native */
    double compile;                                  /* seconds, of the code that it ran */
    double spent;                                    /* seconds, in all its runs */
    double wall, rate, cpu, imbalance, amdahl_limit; /* of the fastest run */
    int has_launcher;                                /* its workers are ranks: start_up is of all */
    double start_up;   /* of a worker process, seconds; 0: it has none */
    uint64_t memory;   /* of its worker processes, bytes */
    unsigned restarts; /* of worker processes, in all its runs */
};

struct nf_compare_table {
    char order[16], isa[16]; /* as nfold_report has them */
    char note[640];          /* "" or why no native code was compared */
    int is_user_code;        /* as nfold_report */
    struct nf_compare_row *row;
    unsigned count, capacity;
};

/* A new row, zeroed, or NULL: out of memory. It may move the others. */
struct nf_compare_row *nf_compare_table_add(struct nf_compare_table *table);
void nf_compare_table_clear(struct nf_compare_table *table);

/* The row that speed-ups refer to: the first that ran (serial, as the list of backends begins).
 * NULL: none ran. */
const struct nf_compare_row *nf_compare_table_base(const struct nf_compare_table *table);
/* 0, or NFOLD_E_MISMATCH naming the first row whose bits differ from the base's. */
int nf_compare_table_check(const struct nf_compare_table *table, nfold_error *err);

void nf_compare_table_text(struct nfold_buffer *out, const struct nf_compare_table *table,
                           const struct nf_terminal *terminal);
/* Members of an open object. */
void nf_compare_table_json(struct nf_json *json, const struct nf_compare_table *table);

#endif
