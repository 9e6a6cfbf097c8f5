/* compare_json.c: the table of `nfold compare` for programs. */
#include "compare_table.h"

#include <math.h>

#include "report_text.h"

static void json_row(struct nf_json *json, const struct nf_compare_row *row,
                     const struct nf_compare_row *base)
{
    char hash[NF_HASH_SIZE];
    nf_json_object(json, NULL);
    nf_json_string(json, "backend", row->backend);
    if (row->runs == 0) {
        nf_json_string(json, "reason", row->reason);
        nf_json_end(json);
        return;
    }
    nf_json_unsigned(json, "workers", row->workers);
    nf_json_unsigned(json, "runs", row->runs);
    nf_json_number(json, "value", row->value);
    nf_json_hex(json, "hi", row->hi);
    nf_json_hex(json, "lo", row->lo);
    nf_json_string(json, "hash", nf_report_hash_print(row->hash, hash));
    nf_json_string(json, "native", row->code);
    nf_json_number(json, "compile", row->compile);
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
        nf_json_string(json, "isa", table->isa);
        nf_json_bool(json, "is_user_code", table->is_user_code);
        nf_json_string(json, "note", table->note);
    }
    nf_json_array(json, "rows");
    for (unsigned i = 0; i < table->count; i++)
        json_row(json, &table->row[i], base);
    nf_json_end(json);
}
