/* report_text.c: renders a report. What was not measured is not shown; bounds are called bounds. */
#include "report_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "double_bits.h"
#include "number.h"

#define COLUMNS       80
#define LABEL_COLUMNS 11

static uint32_t hash_bits(uint32_t hash, double value)
{
    uint64_t bits = nf_double_to_bits(value);
    /* FNV-1a over the bytes from the lowest: the same on every byte order. */
    for (unsigned i = 0; i < 8; i++)
        hash = (hash ^ (uint32_t)(bits >> 8 * i & 0xff)) * UINT32_C(16777619);
    return hash;
}

uint32_t nf_report_hash(const nfold_report *report)
{
    return hash_bits(hash_bits(UINT32_C(2166136261), report->hi), report->lo);
}

char *nf_report_hash_print(uint32_t hash, char *text)
{
    snprintf(text, NF_HASH_SIZE, "%08" PRIx32, hash);
    return text;
}

static void print_label(struct nfold_buffer *out, const char *label)
{
    nf_buffer_print(out, "%-*s", LABEL_COLUMNS, label);
}

void nf_report_wrap(struct nfold_buffer *out, unsigned indent, const char *text)
{
    const size_t room = COLUMNS - indent;
    while (strlen(text) > room) {
        size_t end = room;
        while (end > 0 && text[end] != ' ')
            end--;
        if (end == 0)
            end = strcspn(text, " ");
        if (text[end] == '\0')
            break;
        nf_buffer_print(out, "%.*s\n%*s", (int)end, text, (int)indent, "");
        text += end + 1;
    }
    nf_buffer_print(out, "%s\n", text);
}

static void print_wrapped(struct nfold_buffer *out, const char *label, const char *text)
{
    print_label(out, label);
    nf_report_wrap(out, LABEL_COLUMNS, text);
}

static void print_step_error(struct nfold_buffer *out, const nfold_report *report)
{
    if (!isnan(report->step_error))
        nf_buffer_print(out, "step error ~ %.2g\n", report->step_error);
}

static int has_ranks(const nfold_report *report)
{
    return report->workers > 0 && report->worker[0].host && report->worker[0].host[0] != '\0';
}

/* "2 threads", "1 to 3 threads": of each rank. */
static void print_threads_of_ranks(struct nfold_buffer *out, const nfold_report *report)
{
    unsigned least = report->worker[0].threads, most = least;
    for (unsigned k = 1; k < report->workers; k++) {
        unsigned threads = report->worker[k].threads;
        least = threads < least ? threads : least;
        most = threads > most ? threads : most;
    }
    if (least < most)
        nf_buffer_print(out, "%u to ", least);
    nf_buffer_print(out, "%u thread%s", most, most == 1 ? "" : "s");
}

/* "4 ranks of 2 threads on 2 hosts (mpi, Open MPI 4.1.4)" */
static void print_ranks(struct nfold_buffer *out, const nfold_report *report)
{
    struct nfold_buffer text = {0};
    nf_buffer_print(&text, "%u rank%s of ", report->workers, report->workers == 1 ? "" : "s");
    print_threads_of_ranks(&text, report);
    nf_buffer_print(&text, " on %u host%s (%s, %s)", report->hosts, report->hosts == 1 ? "" : "s",
                    report->backend, report->library);
    print_wrapped(out, "workers", nf_buffer_text(&text));
    nf_buffer_clear(&text);
}

static void print_workers(struct nfold_buffer *out, const nfold_report *report, const char *cpus)
{
    char text[512];
    int used = snprintf(text, sizeof text, "%u", report->workers);
    if (report->workers < report->workers_asked)
        used += snprintf(text + used, sizeof text - (size_t)used, " of %u asked for",
                         report->workers_asked);
    snprintf(text + used, sizeof text - (size_t)used, " (%s)%s%s", report->backend,
             cpus[0] != '\0' ? "; processors: " : "", cpus);
    print_wrapped(out, "workers", text);
}

/* What worker processes cost. */
static void print_processes(struct nfold_buffer *out, const nfold_report *report)
{
    char start_up[NF_NUMBER_SIZE], memory[NF_NUMBER_SIZE];
    if (report->start_up <= 0 && report->restarts == 0)
        return;
    print_label(out, "processes");
    nf_buffer_print(out, "started in %s each", nf_number_seconds(report->start_up, start_up));
    if (report->memory > 0)
        nf_buffer_print(out, ", %sB of memory each",
                        nf_number_scaled((double)report->memory / report->workers, memory));
    if (report->restarts > 0)
        nf_buffer_print(out, ", %u replaced", report->restarts);
    nf_buffer_string(out, "\n");
}

static void print_times(struct nfold_buffer *out, const nfold_report *report)
{
    char wall[NF_NUMBER_SIZE], cpu[NF_NUMBER_SIZE], rate[NF_NUMBER_SIZE], items[NF_NUMBER_SIZE];
    print_label(out, "time");
    nf_buffer_print(out, "%s, %s of processor time\n", nf_number_seconds(report->wall, wall),
                    nf_number_seconds(report->cpu, cpu));
    if (report->rate <= 0)
        return;
    print_label(out, "rate");
    nf_buffer_print(out, "%s items/s, %s items in chunks of %llu\n",
                    nf_number_scaled(report->rate, rate),
                    nf_number_scaled((double)report->items_done, items),
                    (unsigned long long)report->chunk_items);
}

void nf_report_amdahl(double limit, char *text)
{
    if (limit > NF_REPORT_AMDAHL_MOST)
        snprintf(text, NF_NUMBER_SIZE, "> %d x", NF_REPORT_AMDAHL_MOST);
    else if (isnan(limit))
        snprintf(text, NF_NUMBER_SIZE, "-");
    else
        snprintf(text, NF_NUMBER_SIZE, limit < 99.95 ? "%.1f x" : "%.0f x", limit);
}

/* Of the mean rank. */
static void print_messages(struct nfold_buffer *out, const nfold_report *report)
{
    char communication[NF_NUMBER_SIZE], waiting[NF_NUMBER_SIZE];
    if (!has_ranks(report))
        return;
    print_label(out, "messages");
    nf_buffer_print(out, "communication %s, waiting %s, of the mean rank\n",
                    nf_number_seconds(report->communication, communication),
                    nf_number_seconds(report->waiting, waiting));
}

static void print_sharing(struct nfold_buffer *out, const nfold_report *report)
{
    char limit[NF_NUMBER_SIZE], serial[NF_NUMBER_SIZE];
    print_label(out, "sharing");
    nf_buffer_print(out, "efficiency %.0f %%, imbalance %.2f", 100 * report->efficiency,
                    report->imbalance);
    if (has_ranks(report) && report->workers > 1)
        nf_buffer_print(out, ", slowest rank %u on %.20s", report->slowest,
                        report->worker[report->slowest].host);
    nf_buffer_string(out, "\n");
    print_messages(out, report);
    if (!isfinite(report->amdahl_limit))
        return;
    nf_number_seconds(report->serial, serial);
    nf_report_amdahl(report->amdahl_limit, limit);
    print_label(out, "speed-up");
    if (report->amdahl_limit > NF_REPORT_AMDAHL_MOST)
        nf_buffer_print(out, "no bound below %d x by Amdahl: %s are serial\n",
                        NF_REPORT_AMDAHL_MOST, serial);
    else
        nf_buffer_print(out, "at most %s by Amdahl: %s are serial\n", limit, serial);
}

const char *nf_report_code(const char *native, int is_user_code)
{
    static const struct {
        const char *word, *ours, *users;
    } code[] = {
        {"none", "the function as given", "the function as given"},
        {"vm", "VM", "VM"},
        {"mixed", "VM at first, then native", "the function as given, then native code of it"},
        {"native", "native", "native code of the function"},
    };
    for (unsigned i = 0; i < sizeof code / sizeof code[0]; i++)
        if (strcmp(code[i].word, native) == 0)
            return is_user_code ? code[i].users : code[i].ours;
    return native;
}

const char *nf_report_kind(int is_user_code)
{
    return is_user_code ? "; its bits hold on machines of one kind" : "";
}

/* What the file gave and what it cost. */
static void print_checkpoint(struct nfold_buffer *out, const nfold_report *report)
{
    struct nfold_buffer text = {0};
    char seconds[NF_NUMBER_SIZE];
    double share = (double)report->items_continued / (double)report->items;
    if (report->checkpoint[0] == '\0')
        return;
    if (report->items_continued == report->items)
        nf_buffer_print(&text, "all of it is from %s", report->checkpoint);
    else if (report->items_continued > 0)
        nf_buffer_print(&text, "%.0f %% from %s", floor(100 * share), report->checkpoint);
    else
        nf_buffer_print(&text, "%s", report->checkpoint);
    if (report->checkpoint_writes > 0)
        nf_buffer_print(&text, ", %u write%s in %s", report->checkpoint_writes,
                        report->checkpoint_writes == 1 ? "" : "s",
                        nf_number_seconds(report->checkpoint_seconds, seconds));
    if (report->checkpoint_failure[0] != '\0')
        nf_buffer_print(&text, "; the last of it is not in the file: %s",
                        report->checkpoint_failure);
    print_wrapped(out, "checkpoint", nf_buffer_text(&text));
    nf_buffer_clear(&text);
}

static int is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

static void print_code(struct nfold_buffer *out, const nfold_report *report)
{
    int is_native = is_one_of(report->native, "native", "mixed");
    int could_be = strcmp(report->native, "vm") == 0 || report->is_user_code;
    struct nfold_buffer text = {0};
    char seconds[NF_NUMBER_SIZE];
    nf_buffer_string(&text, nf_report_code(report->native, report->is_user_code));
    if (strcmp(report->native, "none") != 0)
        nf_buffer_print(&text, " (%s)", report->isa);
    nf_number_seconds(report->compile, seconds);
    if (is_native && report->compile > 0)
        nf_buffer_print(&text, ", %s to compile", seconds);
    else if (could_be && report->compile > 0 && report->note[0] == '\0')
        nf_buffer_print(&text, "; native code was not ready after %s", seconds);
    nf_buffer_string(&text, nf_report_kind(report->is_user_code));
    print_wrapped(out, "code", nf_buffer_text(&text));
    nf_buffer_clear(&text);
}

static void print_order(struct nfold_buffer *out, const nfold_report *report)
{
    char label[16], hash[NF_HASH_SIZE];
    snprintf(label, sizeof label, "order %s", report->order);
    print_label(out, label);
    nf_buffer_print(out, "hi %a lo %a hash %s\n", report->hi, report->lo,
                    nf_report_hash_print(nf_report_hash(report), hash));
}

/* Of a worker process, on a line of its own. */
static void print_process(struct nfold_buffer *out, const nfold_worker_report *worker)
{
    char start_up[NF_NUMBER_SIZE], memory[NF_NUMBER_SIZE];
    if (worker->start_up <= 0 && worker->restarts == 0)
        return;
    print_label(out, "");
    nf_buffer_print(out, "started in %s", nf_number_seconds(worker->start_up, start_up));
    if (worker->memory > 0)
        nf_buffer_print(out, ", %sB of memory", nf_number_scaled((double)worker->memory, memory));
    if (worker->restarts > 0)
        nf_buffer_print(out, ", replaced %u time%s", worker->restarts,
                        worker->restarts == 1 ? "" : "s");
    nf_buffer_string(out, "\n");
}

/* The claims are left to JSON: there is no room for them in 80 columns. */
static void print_worker(struct nfold_buffer *out, const nfold_worker_report *worker)
{
    char busy[NF_NUMBER_SIZE], start[NF_NUMBER_SIZE], chunks[NF_NUMBER_SIZE];
    char native[NF_NUMBER_SIZE];
    nf_buffer_print(out, "busy %s, start %s, %s chunks, %s native\n",
                    nf_number_seconds(worker->busy, busy), nf_number_seconds(worker->start, start),
                    nf_number_scaled((double)worker->chunks, chunks),
                    nf_number_scaled((double)worker->native_chunks, native));
    print_process(out, worker);
}

static void print_rank(struct nfold_buffer *out, const nfold_worker_report *rank)
{
    char busy[NF_NUMBER_SIZE], communication[NF_NUMBER_SIZE], waiting[NF_NUMBER_SIZE];
    char chunks[NF_NUMBER_SIZE];
    nf_buffer_print(out, "busy %s, communication %s, waiting %s, %s chunks, %.12s\n",
                    nf_number_seconds(rank->busy, busy),
                    nf_number_seconds(rank->communication, communication),
                    nf_number_seconds(rank->waiting, waiting),
                    nf_number_scaled((double)rank->chunks, chunks), rank->host);
}

/* The ranks of one host, summed up. */
struct host_sum {
    const char *name;
    unsigned ranks, threads;
    double busy, communication, waiting;
    uint64_t chunks;
};

/* Of the host of this rank. */
static struct host_sum sum_host(const nfold_report *report, unsigned first)
{
    struct host_sum sum = {.name = report->worker[first].host};
    for (unsigned k = first; k < report->workers; k++) {
        const nfold_worker_report *rank = &report->worker[k];
        if (strcmp(rank->host, sum.name) != 0)
            continue;
        sum.ranks++;
        sum.threads += rank->threads;
        sum.busy += rank->busy * rank->threads;
        sum.communication += rank->communication;
        sum.waiting += rank->waiting;
        sum.chunks += rank->chunks;
    }
    return sum;
}

static void print_host(struct nfold_buffer *out, const struct host_sum *host)
{
    char busy[NF_NUMBER_SIZE], chunks[NF_NUMBER_SIZE], label[24];
    snprintf(label, sizeof label, "host %.16s ", host->name);
    print_label(out, label);
    nf_buffer_print(out, "%u rank%s, %u thread%s, busy %s in all, %s chunks\n", host->ranks,
                    host->ranks == 1 ? "" : "s", host->threads, host->threads == 1 ? "" : "s",
                    nf_number_seconds(host->busy, busy),
                    nf_number_scaled((double)host->chunks, chunks));
}

static int is_first_of_host(const nfold_report *report, unsigned rank)
{
    for (unsigned k = 0; k < rank; k++)
        if (strcmp(report->worker[k].host, report->worker[rank].host) == 0)
            return 0;
    return 1;
}

static void print_each_rank(struct nfold_buffer *out, const nfold_report *report)
{
    char label[24];
    for (unsigned k = 0; k < report->workers; k++) {
        snprintf(label, sizeof label, "rank %u ", k);
        print_label(out, label);
        print_rank(out, &report->worker[k]);
    }
    for (unsigned k = 0; k < report->workers; k++) {
        const struct host_sum host = sum_host(report, k);
        if (is_first_of_host(report, k))
            print_host(out, &host);
    }
}

static void print_each_worker(struct nfold_buffer *out, const nfold_report *report)
{
    char label[24];
    for (unsigned i = 0; i < report->workers; i++) {
        snprintf(label, sizeof label, "worker %u ", i);
        print_label(out, label);
        print_worker(out, &report->worker[i]);
    }
}

void nf_report_text(struct nfold_buffer *out, const nfold_report *report, const char *cpus,
                    int each_worker)
{
    print_step_error(out, report);
    if (has_ranks(report))
        print_ranks(out, report);
    else
        print_workers(out, report, cpus);
    if (each_worker && has_ranks(report))
        print_each_rank(out, report);
    else if (each_worker)
        print_each_worker(out, report);
    print_processes(out, report);
    print_times(out, report);
    if (report->efficiency > 0)
        print_sharing(out, report);
    print_code(out, report);
    print_order(out, report);
    print_checkpoint(out, report);
    if (report->note[0] != '\0')
        print_wrapped(out, "note", report->note);
}

void nf_report_progress(struct nfold_buffer *out, const nfold_report *report)
{
    char done[NF_NUMBER_SIZE], all[NF_NUMBER_SIZE], wall[NF_NUMBER_SIZE];
    double share = report->items > 0 ? (double)report->items_done / (double)report->items : 0;
    nf_buffer_print(out, "%.0f %%: %s of %s items in %s", floor(100 * share),
                    nf_number_scaled((double)report->items_done, done),
                    nf_number_scaled((double)report->items, all),
                    nf_number_seconds(report->wall, wall));
}

static void json_workers(struct nf_json *json, const nfold_report *report)
{
    nf_json_array(json, "worker");
    for (unsigned i = 0; i < report->workers; i++) {
        const nfold_worker_report *worker = &report->worker[i];
        nf_json_object(json, NULL);
        nf_json_number(json, "busy", worker->busy);
        nf_json_number(json, "start", worker->start);
        nf_json_unsigned(json, "chunks", worker->chunks);
        nf_json_unsigned(json, "claims", worker->claims);
        nf_json_unsigned(json, "native_chunks", worker->native_chunks);
        nf_json_number(json, "start_up", worker->start_up);
        nf_json_unsigned(json, "memory", worker->memory);
        nf_json_unsigned(json, "restarts", worker->restarts);
        nf_json_string(json, "host", worker->host);
        nf_json_unsigned(json, "threads", worker->threads);
        nf_json_number(json, "communication", worker->communication);
        nf_json_number(json, "waiting", worker->waiting);
        nf_json_end(json);
    }
    nf_json_end(json);
}

/* Of ranks; empty elsewhere. */
static void json_hosts(struct nf_json *json, const nfold_report *report)
{
    nf_json_array(json, "host");
    for (unsigned k = 0; has_ranks(report) && k < report->workers; k++) {
        const struct host_sum host = sum_host(report, k);
        if (!is_first_of_host(report, k))
            continue;
        nf_json_object(json, NULL);
        nf_json_string(json, "name", host.name);
        nf_json_unsigned(json, "ranks", host.ranks);
        nf_json_unsigned(json, "threads", host.threads);
        nf_json_number(json, "busy", host.busy);
        nf_json_number(json, "communication", host.communication);
        nf_json_number(json, "waiting", host.waiting);
        nf_json_unsigned(json, "chunks", host.chunks);
        nf_json_end(json);
    }
    nf_json_end(json);
}

static void json_answer(struct nf_json *json, const nfold_report *report)
{
    char hash[NF_HASH_SIZE];
    nf_json_number(json, "value", report->value);
    nf_json_string(json, "order", report->order);
    nf_json_hex(json, "hi", report->hi);
    nf_json_hex(json, "lo", report->lo);
    nf_json_string(json, "hash", nf_report_hash_print(nf_report_hash(report), hash));
    nf_json_number(json, "step_error", report->step_error);
}

static void json_checkpoint(struct nf_json *json, const nfold_report *report)
{
    if (report->checkpoint[0] == '\0')
        return;
    nf_json_object(json, "checkpoint");
    nf_json_string(json, "file", report->checkpoint);
    nf_json_unsigned(json, "items_continued", report->items_continued);
    nf_json_unsigned(json, "writes", report->checkpoint_writes);
    nf_json_number(json, "seconds", report->checkpoint_seconds);
    nf_json_string(json, "failure", report->checkpoint_failure);
    nf_json_end(json);
}

static void json_measures(struct nf_json *json, const nfold_report *report)
{
    nf_json_number(json, "wall", report->wall);
    nf_json_number(json, "cpu", report->cpu);
    nf_json_number(json, "serial", report->serial);
    nf_json_number(json, "compile", report->compile);
    nf_json_number(json, "rate", report->rate);
    nf_json_number(json, "efficiency", report->efficiency);
    nf_json_number(json, "imbalance", report->imbalance);
    nf_json_number(json, "amdahl_limit", report->amdahl_limit);
}

void nf_report_json(struct nf_json *json, const char *key, const nfold_report *report)
{
    nf_json_object(json, key);
    json_answer(json, report);
    nf_json_string(json, "backend", report->backend);
    nf_json_string(json, "isa", report->isa);
    nf_json_string(json, "native", report->native);
    nf_json_bool(json, "is_user_code", report->is_user_code);
    nf_json_string(json, "note", report->note);
    nf_json_unsigned(json, "items", report->items);
    nf_json_unsigned(json, "items_done", report->items_done);
    nf_json_unsigned(json, "chunk_items", report->chunk_items);
    nf_json_unsigned(json, "chunks", report->chunks);
    nf_json_unsigned(json, "workers_asked", report->workers_asked);
    nf_json_unsigned(json, "workers", report->workers);
    json_measures(json, report);
    nf_json_unsigned(json, "restarts", report->restarts);
    nf_json_number(json, "start_up", report->start_up);
    nf_json_unsigned(json, "memory", report->memory);
    nf_json_unsigned(json, "hosts", report->hosts);
    nf_json_unsigned(json, "threads", report->threads);
    nf_json_string(json, "library", report->library);
    nf_json_number(json, "communication", report->communication);
    nf_json_number(json, "waiting", report->waiting);
    nf_json_unsigned(json, "slowest", report->slowest);
    json_checkpoint(json, report);
    json_workers(json, report);
    json_hosts(json, report);
    nf_json_end(json);
}
