/* compare_table.c: prints the table. The answer stands once at the top: on every row it is the
 * same. */
#include "compare_table.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "report_text.h"

#define BAR_MOST      40
#define TABLE_COLUMNS 71 /* all but the bar, in characters */
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

static void print_bar(struct nfold_buffer *out, const struct nf_terminal *terminal, double share)
{
    unsigned room = terminal->width > TABLE_COLUMNS ? terminal->width - TABLE_COLUMNS : 0;
    unsigned most = room > BAR_MOST ? BAR_MOST : room;
    unsigned cells = isfinite(share) ? (unsigned)(share * most + 0.5) : 0;
    nf_buffer_string(out, cells > 0 ? " " : "");
    for (unsigned i = 0; i < cells; i++)
        nf_buffer_string(out, terminal->has_unicode ? "█" : "#");
}

static double fastest_rate(const struct nf_compare_table *table)
{
    double most = 0;
    for (unsigned i = 0; i < table->count; i++)
        if (table->row[i].runs > 0 && table->row[i].rate > most)
            most = table->row[i].rate;
    return most;
}

static void print_measured(struct nfold_buffer *out, const struct nf_compare_table *table,
                           const struct nf_compare_row *row, const struct nf_terminal *terminal)
{
    const struct nf_compare_row *base = nf_compare_table_base(table);
    char wall[NF_NUMBER_SIZE], rate[NF_NUMBER_SIZE], limit[NF_NUMBER_SIZE];
    double speed_up = base->wall / row->wall;
    int is_wrong = differs(row, base);
    nf_report_amdahl(row->amdahl_limit, limit);
    nf_buffer_print(out, "%-9s %3u %8s %7s/s %8.2f %8.0f %% %8s ", row->backend, row->workers,
                    nf_number_seconds(row->wall, wall), nf_number_scaled(row->rate, rate), speed_up,
                    100 * speed_up / row->workers, limit);
    nf_buffer_print(out, "%s%08" PRIx32 "%s",
                    is_wrong ? nf_terminal_begin(terminal, NF_STYLE_RED) : "", row->hash,
                    is_wrong ? nf_terminal_end(terminal) : "");
    print_bar(out, terminal, row->rate / fastest_rate(table));
    nf_buffer_string(out, "\n");
}

static void print_reason(struct nfold_buffer *out, const struct nf_compare_row *row)
{
    nf_buffer_print(out, "%-*s", REASON_COLUMN, row->backend);
    nf_report_wrap(out, REASON_COLUMN, row->reason);
}

/* A row, not a column: it is the same for all, and 80 columns have no room for one more and the
 * bars.
 */
static void print_compile(struct nfold_buffer *out, double seconds)
{
    char text[NF_NUMBER_SIZE];
    nf_buffer_print(out, "%-13s %8s\n", "compile", nf_number_seconds(seconds, text));
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
        nf_buffer_print(out, ", %u use %sB of memory", most->workers,
                        nf_number_scaled((double)most->memory, memory));
    if (restarts > 0)
        nf_buffer_print(out, ", %u died and were replaced", restarts);
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

static void print_rows(struct nfold_buffer *out, const struct nf_compare_table *table,
                       const struct nf_terminal *terminal)
{
    nf_buffer_print(out, "%s%-13s %8s %9s %8s %10s %8s %s%s\n",
                    nf_terminal_begin(terminal, NF_STYLE_BOLD), "workers", "time", "rate",
                    "speed-up", "efficiency", "at most", "hash", nf_terminal_end(terminal));
    if (table->compile_seconds > 0)
        print_compile(out, table->compile_seconds);
    for (unsigned i = 0; i < table->count; i++) {
        const struct nf_compare_row *row = &table->row[i];
        if (row->runs > 0)
            print_measured(out, table, row, terminal);
        else
            print_reason(out, row);
    }
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

static void print_code(struct nfold_buffer *out, const struct nf_compare_table *table)
{
    struct nfold_buffer line = {0};
    nf_buffer_print(&line, "code: %s", nf_report_code(table->code));
    if (strcmp(table->code, "none") != 0)
        nf_buffer_print(&line, " (%s)", table->isa);
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

static void json_hex(struct nf_json *json, const char *key, double value)
{
    char text[NF_NUMBER_SIZE];
    snprintf(text, sizeof text, "%a", value);
    nf_json_string(json, key, text);
}

static void json_row(struct nf_json *json, const struct nf_compare_row *row,
                     const struct nf_compare_row *base)
{
    char hash[16];
    nf_json_object(json, NULL);
    nf_json_string(json, "backend", row->backend);
    if (row->runs == 0) {
        nf_json_string(json, "reason", row->reason);
        nf_json_end(json);
        return;
    }
    snprintf(hash, sizeof hash, "%08" PRIx32, row->hash);
    nf_json_unsigned(json, "workers", row->workers);
    nf_json_unsigned(json, "runs", row->runs);
    nf_json_number(json, "value", row->value);
    json_hex(json, "hi", row->hi);
    json_hex(json, "lo", row->lo);
    nf_json_string(json, "hash", hash);
    nf_json_number(json, "wall", row->wall);
    nf_json_number(json, "cpu", row->cpu);
    nf_json_number(json, "rate", row->rate);
    nf_json_number(json, "speed_up", base->wall / row->wall);
    nf_json_number(json, "efficiency", base->wall / row->wall / row->workers);
    nf_json_number(json, "imbalance", row->imbalance);
    nf_json_number(json, "amdahl_limit", row->amdahl_limit);
    nf_json_number(json, "start_up", row->start_up);
    nf_json_unsigned(json, "memory", row->memory);
    nf_json_unsigned(json, "restarts", row->restarts);
    nf_json_end(json);
}

void nf_compare_table_json(struct nf_json *json, const struct nf_compare_table *table)
{
    const struct nf_compare_row *base = nf_compare_table_base(table);
    if (base != NULL) {
        int is_same = nf_compare_table_check(table, NULL) >= 0;
        nf_json_number(json, "value", is_same ? base->value : NAN);
        nf_json_bool(json, "is_same", is_same);
        nf_json_string(json, "order", table->order);
        nf_json_string(json, "native", table->code);
        nf_json_string(json, "isa", table->isa);
        nf_json_number(json, "compile", table->compile_seconds);
        nf_json_string(json, "note", table->note);
    }
    nf_json_array(json, "rows");
    for (unsigned i = 0; i < table->count; i++)
        json_row(json, &table->row[i], base);
    nf_json_end(json);
}
