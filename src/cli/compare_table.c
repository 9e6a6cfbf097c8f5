/* compare_table.c: prints the table, and beside it or below it the answers and a chart of the
 * rates.
 */
#include "compare_table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "report_text.h"

#define LABEL_COLUMNS 13
#define TABLE_COLUMNS 78 /* without answers and bars */
#define BAR_LEAST     20 /* where such bars have room beside the table they are not below it */
#define BAR_MOST      40
#define REASON_COLUMN 12

struct nf_compare_row *nf_compare_table_add(struct nf_compare_table *table)
{
    if (table->count == table->capacity) {
        unsigned capacity = table->capacity > 0 ? 2 * table->capacity : 8;
        struct nf_compare_row *row = reallocarray(table->row, capacity, sizeof *row);
        if (row == NULL)
            return NULL;
        table->row = row;
        table->capacity = capacity;
    }
    table->row[table->count] = (struct nf_compare_row){0};
    return &table->row[table->count++];
}

void nf_compare_table_clear(struct nf_compare_table *table)
{
    free(table->row);
    *table = (struct nf_compare_table){0};
}

const struct nf_compare_row *nf_compare_table_base(const struct nf_compare_table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->row[i].runs > 0)
            return &table->row[i];
    return NULL;
}

static int differs(const struct nf_compare_row *row, const struct nf_compare_row *base)
{
    return row->varies || memcmp(&row->value, &base->value, sizeof row->value) != 0 ||
           memcmp(&row->hi, &base->hi, sizeof row->hi) != 0 ||
           memcmp(&row->lo, &base->lo, sizeof row->lo) != 0;
}

int nf_compare_table_check(const struct nf_compare_table *table, nfold_error *err)
{
    const struct nf_compare_row *base = nf_compare_table_base(table);
    char wanted[NF_NUMBER_SIZE], got[NF_NUMBER_SIZE];
    for (unsigned i = 0; base != NULL && i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (row->runs == 0 || !differs(row, base))
            continue;
        if (row->varies)
            return nf_fail(err, NFOLD_E_MISMATCH, "the answer on %s with %u varies", row->backend,
                           row->workers);
        return nf_fail(err, NFOLD_E_MISMATCH,
                       "the answers differ: %s on %s with %u, %s on %s with %u",
                       nf_number_print(base->value, wanted), base->backend, base->workers,
                       nf_number_print(row->value, got), row->backend, row->workers);
    }
    return 0;
}

static double fastest_rate(const struct nf_compare_table *table)
{
    double most = 0;
    for (unsigned i = 0; i < table->count; i++)
        if (table->row[i].runs > 0 && table->row[i].rate > most)
            most = table->row[i].rate;
    return most;
}

static int has_compiled(const struct nf_compare_table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->row[i].runs > 0 && table->row[i].compile > 0)
            return 1;
    return 0;
}

static const char *red_if(int is_wrong, const struct nf_terminal *terminal)
{
    return is_wrong ? nf_terminal_begin(terminal, NF_STYLE_RED) : "";
}

static const char *end_if(int is_wrong, const struct nf_terminal *terminal)
{
    return is_wrong ? nf_terminal_end(terminal) : "";
}

/* ---- answers and bars ------------------------------------------------------------------------ */

static unsigned answer_columns(const struct nf_compare_table *table)
{
    char number[NF_NUMBER_SIZE];
    size_t most = strlen("answer");
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        size_t length = row->runs > 0 ? strlen(nf_number_print(row->value, number)) : 0;
        most = length > most ? length : most;
    }
    return (unsigned)most;
}

static int is_chart_beside(const struct nf_compare_table *table, const struct nf_terminal *terminal)
{
    return terminal->width >= TABLE_COLUMNS + 1 + answer_columns(table) + 1 + BAR_LEAST;
}

static void print_bar(struct nfold_buffer *out, const struct nf_terminal *terminal, unsigned column,
                      double share)
{
    unsigned room = terminal->width > column + 1 ? terminal->width - column - 1 : 0;
    unsigned most = room > BAR_MOST ? BAR_MOST : room;
    unsigned cells = isfinite(share) ? (unsigned)(share * most + 0.5) : 0;
    nf_buffer_string(out, cells > 0 ? " " : "");
    for (unsigned i = 0; i < cells; i++)
        nf_buffer_string(out, terminal->has_unicode ? "█" : "#");
}

/* What stands right of column in the row. */
static void print_chart(struct nfold_buffer *out, const struct nf_compare_table *table,
                        const struct nf_compare_row *row, const struct nf_terminal *terminal,
                        unsigned column)
{
    int is_wrong = differs(row, nf_compare_table_base(table));
    unsigned columns = answer_columns(table);
    char number[NF_NUMBER_SIZE];
    nf_buffer_print(out, " %s%-*s%s", red_if(is_wrong, terminal), (int)columns,
                    nf_number_print(row->value, number), end_if(is_wrong, terminal));
    print_bar(out, terminal, column + 1 + columns, row->rate / fastest_rate(table));
}

static void print_chart_head(struct nfold_buffer *out, const struct nf_compare_table *table)
{
    nf_buffer_print(out, " %-*s rate", (int)answer_columns(table), "answer");
}

static void print_label(struct nfold_buffer *out, const struct nf_compare_row *row)
{
    nf_buffer_print(out, "%-9s %3u", row->backend, row->workers);
}

static void print_chart_below(struct nfold_buffer *out, const struct nf_compare_table *table,
                              const struct nf_terminal *terminal)
{
    nf_buffer_print(out, "\n%s%-*s", nf_terminal_begin(terminal, NF_STYLE_BOLD), LABEL_COLUMNS,
                    "workers");
    print_chart_head(out, table);
    nf_buffer_print(out, "%s\n", nf_terminal_end(terminal));
    for (unsigned i = 0; i < table->count; i++) {
        if (table->row[i].runs == 0)
            continue;
        print_label(out, &table->row[i]);
        print_chart(out, table, &table->row[i], terminal, LABEL_COLUMNS);
        nf_buffer_string(out, "\n");
    }
}

/* ---- the rows -------------------------------------------------------------------------------- */

static void print_measured(struct nfold_buffer *out, const struct nf_compare_table *table,
                           const struct nf_compare_row *row, const struct nf_terminal *terminal)
{
    const struct nf_compare_row *base = nf_compare_table_base(table);
    char compile[NF_NUMBER_SIZE], wall[NF_NUMBER_SIZE], rate[NF_NUMBER_SIZE];
    char limit[NF_NUMBER_SIZE], hash[NF_HASH_SIZE];
    double speed_up = base->wall / row->wall;
    int is_wrong = differs(row, base);
    nf_report_amdahl(row->amdahl_limit, limit);
    print_label(out, row);
    if (has_compiled(table))
        nf_buffer_print(out, " %8s",
                        row->compile > 0 ? nf_number_seconds(row->compile, compile) : "-");
    nf_buffer_print(out, " %8s %6s/s %8.2f %8.0f %% %8s", nf_number_seconds(row->wall, wall),
                    nf_number_scaled(row->rate, rate), speed_up, 100 * speed_up / row->workers,
                    limit);
    nf_buffer_print(out, " %s%s%s", red_if(is_wrong, terminal),
                    nf_report_hash_print(row->hash, hash), end_if(is_wrong, terminal));
}

static void print_reason(struct nfold_buffer *out, const struct nf_compare_row *row)
{
    nf_buffer_print(out, "%-*s", REASON_COLUMN, row->backend);
    nf_report_wrap(out, REASON_COLUMN, row->reason);
}

/* What a backend's workers cost beside their work, of its row with the most of them. */
static void print_cost(struct nfold_buffer *out, const struct nf_compare_table *table,
                       const char *backend)
{
    const struct nf_compare_row *most = NULL;
    char start_up[NF_NUMBER_SIZE], memory[NF_NUMBER_SIZE];
    unsigned restarts = 0;
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (strcmp(row->backend, backend) != 0 || row->start_up <= 0)
            continue;
        restarts += row->restarts;
        if (most == NULL || row->workers >= most->workers)
            most = row;
    }
    nf_number_seconds(most->start_up, start_up);
    if (most->has_launcher)
        nf_buffer_print(out, "%s: %u rank%s start in %s, which is not in the time", backend,
                        most->workers, most->workers == 1 ? "" : "s", start_up);
    else
        nf_buffer_print(out, "%s: a worker starts in %s", backend, start_up);
    if (most->memory > 0)
        nf_buffer_print(out, " and uses %sB of memory",
                        nf_number_scaled((double)most->memory / most->workers, memory));
    if (restarts > 0)
        nf_buffer_print(out, "; %u died and %s replaced", restarts, restarts == 1 ? "was" : "were");
    nf_buffer_string(out, "\n");
}

/* A line for each backend whose workers have to be started. */
static void print_costs(struct nfold_buffer *out, const struct nf_compare_table *table)
{
    const char *last = "";
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (row->start_up <= 0 || strcmp(row->backend, last) == 0)
            continue;
        nf_buffer_string(out, last[0] == '\0' ? "\n" : "");
        print_cost(out, table, row->backend);
        last = row->backend;
    }
}

static void print_head(struct nfold_buffer *out, const struct nf_compare_table *table,
                       const struct nf_terminal *terminal, int has_chart)
{
    nf_buffer_print(out, "%s%-*s", nf_terminal_begin(terminal, NF_STYLE_BOLD), LABEL_COLUMNS,
                    "workers");
    if (has_compiled(table))
        nf_buffer_print(out, " %8s", "compile");
    nf_buffer_print(out, " %8s %8s %8s %10s %8s %s", "time", "rate", "speed-up", "efficiency",
                    "at most", "hash");
    if (has_chart) {
        nf_buffer_print(out, "%4s", "");
        print_chart_head(out, table);
    }
    nf_buffer_print(out, "%s\n", nf_terminal_end(terminal));
}

static void print_rows(struct nfold_buffer *out, const struct nf_compare_table *table,
                       const struct nf_terminal *terminal)
{
    int has_chart = is_chart_beside(table, terminal);
    unsigned column = has_compiled(table) ? TABLE_COLUMNS : TABLE_COLUMNS - 9;
    print_head(out, table, terminal, has_chart);
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (row->runs == 0) {
            print_reason(out, row);
            continue;
        }
        print_measured(out, table, row, terminal);
        if (has_chart)
            print_chart(out, table, row, terminal, column);
        nf_buffer_string(out, "\n");
    }
    if (!has_chart && nf_compare_table_base(table) != NULL)
        print_chart_below(out, table, terminal);
}

static void print_verdict(struct nfold_buffer *out, const struct nf_compare_table *table,
                          const struct nf_terminal *terminal)
{
    const struct nf_compare_row *base = nf_compare_table_base(table);
    char number[NF_NUMBER_SIZE];
    if (nf_compare_table_check(table, NULL) < 0)
        nf_buffer_print(out, "%sthe answers differ: the column \"hash\" tells where%s\n",
                        nf_terminal_begin(terminal, NF_STYLE_RED), nf_terminal_end(terminal));
    else
        nf_buffer_print(out, "%s\nthe same bits on every row (order %s)\n",
                        nf_number_print(base->value, number), table->order);
}

static void print_runs(struct nfold_buffer *out, const struct nf_compare_table *table)
{
    unsigned least = UINT_MAX, most = 0;
    for (unsigned i = 0; i < table->count; i++) {
        unsigned runs = table->row[i].runs;
        if (runs > 0 && runs < least)
            least = runs;
        if (runs > most)
            most = runs;
    }
    if (most == 1)
        nf_buffer_string(out, "; time: of one run");
    else if (least == most)
        nf_buffer_print(out, "; time: the fastest of %u runs", most);
    else
        nf_buffer_print(out, "; time: the fastest of %u to %u runs", least, most);
}

/* Of the first row, and of a backend that ran another: workers that may crash only call a function
 * of the user's. */
static void print_code(struct nfold_buffer *out, const struct nf_compare_table *table)
{
    struct nfold_buffer line = {0};
    const struct nf_compare_row *base = nf_compare_table_base(table);
    const char *last = base->backend;
    nf_buffer_print(&line, "code: %s", nf_report_code(base->code, table->is_user_code));
    if (strcmp(base->code, "none") != 0)
        nf_buffer_print(&line, " (%s)", table->isa);
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (row->runs == 0 || strcmp(row->backend, last) == 0 || strcmp(row->code, base->code) == 0)
            continue;
        nf_buffer_print(&line, ", on %s: %s", row->backend,
                        nf_report_code(row->code, table->is_user_code));
        last = row->backend;
    }
    nf_buffer_string(&line, nf_report_kind(table->is_user_code));
    print_runs(&line, table);
    nf_report_wrap(out, 0, nf_buffer_text(&line));
    nf_buffer_clear(&line);
    if (table->note[0] != '\0')
        nf_report_wrap(out, 0, table->note);
    nf_buffer_string(out, "\n");
}

void nf_compare_table_text(struct nfold_buffer *out, const struct nf_compare_table *table,
                           const struct nf_terminal *terminal)
{
    if (nf_compare_table_base(table) != NULL) {
        print_verdict(out, table, terminal);
        print_code(out, table);
    }
    print_rows(out, table, terminal);
    print_costs(out, table);
}
