/* report.c: sums up the workers' notes of a run. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_SIZE 512

/* One allocation: the report, its words, its workers, their hosts, and the name of a
 * file. */
struct stored_report {
    nfold_report report;
    char note[NOTE_SIZE];
    struct nf_checkpoint_facts kept;
    char library[NFOLD_HOST_SIZE];
    nfold_worker_report worker[];
};

static double canonical(double value)
{
    return value != value ? (double)NAN : value;
}

/* Ranks, whether they had anything to do or not. */
static unsigned add_ranks(const struct nfold_run *run, nfold_worker_report *out,
                          char (*host)[NFOLD_HOST_SIZE])
{
    for (unsigned k = 0; k < run->ranks; k++) {
        const struct nfold_rank_report *rank = &run->rank[k];
        memcpy(host[k], rank->host, NFOLD_HOST_SIZE - 1);
        out[k] = (nfold_worker_report){.busy = rank->busy / fmax(1, rank->threads),
                                       .start = rank->start,
                                       .chunks = rank->chunks,
                                       .claims = rank->claims,
                                       .native_chunks = rank->native_chunks,
                                       .host = host[k],
                                       .threads = rank->threads,
                                       .communication = rank->communication,
                                       .waiting = rank->waiting};
    }
    return run->ranks;
}

/* Workers that claimed at least once, from worker 0 on. */
static unsigned add_workers(const struct nf_report_facts *facts, nfold_worker_report *out)
{
    const struct nfold_run *run = facts->run;
    unsigned count = 0;
    for (unsigned k = 0; run && k < run->workers; k++) {
        const struct nf_run_worker *worker = &run->worker[k];
        if (worker->first_claim == 0)
            continue;
        out[count++] = (nfold_worker_report){.busy = worker->busy,
                                             .start = worker->first_claim - facts->start,
                                             .chunks = worker->chunks,
                                             .claims = worker->claims,
                                             .native_chunks = worker->native_chunks,
                                             .start_up = worker->start_up,
                                             .memory = worker->memory,
                                             .restarts = worker->restarts,
                                             .host = "",
                                             .threads = 1};
    }
    return count;
}

/* Clocks of several hosts have nothing in common but their pace: a rank's times are from the start
 * of its run, which is nearly the same instant on all. */
static double serial_seconds_of_ranks(const struct nf_report_facts *facts)
{
    double first = INFINITY, last = 0;
    for (unsigned k = 0; k < facts->run->ranks; k++) {
        const struct nfold_rank_report *rank = &facts->run->rank[k];
        if (rank->claims == 0)
            continue;
        first = fmin(first, rank->start);
        last = fmax(last, rank->start + rank->span);
    }
    return fmax(0, facts->end - facts->start - (last > first ? last - first : 0));
}

/* Of wall, the part before the first claim and after the last. */
static double serial_seconds(const struct nf_report_facts *facts)
{
    double first = INFINITY, last = 0;
    if (facts->run && facts->run->ranks > 0)
        return serial_seconds_of_ranks(facts);
    for (unsigned k = 0; facts->run && k < facts->run->workers; k++) {
        const struct nf_run_worker *worker = &facts->run->worker[k];
        if (worker->first_claim == 0)
            continue;
        first = fmin(first, worker->first_claim);
        last = fmax(last, worker->last_claim);
    }
    return last > 0 ? (first - facts->start) + (facts->end - last) : facts->end - facts->start;
}

/* Rows that are known: on a rank other than 0 its own is. */
static unsigned count_rows(const nfold_report *report)
{
    unsigned rows = 0;
    for (unsigned k = 0; k < report->workers; k++)
        rows += report->worker[k].threads > 0;
    return rows;
}

static unsigned count_hosts(const nfold_report *report)
{
    unsigned hosts = 0;
    for (unsigned k = 0; k < report->workers; k++) {
        unsigned earlier = 0;
        while (earlier < k && strcmp(report->worker[earlier].host, report->worker[k].host) != 0)
            earlier++;
        hosts += earlier == k && report->worker[k].threads > 0;
    }
    return hosts;
}

static void add_row(nfold_report *report, unsigned k, unsigned rows)
{
    const nfold_worker_report *row = &report->worker[k];
    if (row->busy > report->worker[report->slowest].busy)
        report->slowest = k;
    report->threads += row->threads;
    report->communication += row->communication / rows;
    report->waiting += row->waiting / rows;
    report->restarts += row->restarts;
    report->start_up += row->start_up / rows;
    report->memory += row->memory;
}

/* items: done in this run. */
static void add_sums(nfold_report *report, uint64_t items)
{
    unsigned rows = count_rows(report);
    double busy = 0, most = 0;
    for (unsigned k = 0; k < report->workers; k++) {
        busy += report->worker[k].busy;
        most = fmax(most, report->worker[k].busy);
        add_row(report, k, rows);
    }
    report->hosts = count_hosts(report);
    if (report->wall > 0)
        report->rate = (double)items / report->wall;
    if (report->wall > 0 && rows > 0)
        report->efficiency = fmin(1, busy / (rows * report->wall));
    report->imbalance = busy > 0 ? most * rows / busy : 1;
    report->amdahl_limit = report->serial > 0 ? report->wall / report->serial : (double)INFINITY;
}

static const char *native_word(const struct nf_report_facts *facts, const nfold_report *report)
{
    uint64_t native = 0, chunks = 0;
    for (unsigned k = 0; k < report->workers; k++) {
        native += report->worker[k].native_chunks;
        chunks += report->worker[k].chunks;
    }
    if (native == 0)
        return facts->native;
    /* The first and the last chunk are not whole and never native. */
    return native + 2 >= chunks ? "native" : "mixed";
}

/* path: room behind all else. */
static void add_checkpoint(const struct nf_report_facts *facts, struct stored_report *stored,
                           char *path)
{
    nfold_report *report = &stored->report;
    report->checkpoint = report->checkpoint_failure = "";
    if (!facts->checkpoint)
        return;
    memcpy(path, facts->checkpoint, strlen(facts->checkpoint) + 1);
    stored->kept = *facts->kept;
    report->checkpoint = path;
    report->checkpoint_failure = stored->kept.failure;
    report->items_continued = stored->kept.items_known;
    report->checkpoint_writes = stored->kept.writes;
    report->checkpoint_seconds = stored->kept.seconds;
}

nfold_report *nf_report_create(const struct nf_report_facts *facts)
{
    const struct nf_plan *plan = facts->plan;
    unsigned ranks = facts->run ? facts->run->ranks : 0;
    unsigned workers = ranks > 0 ? ranks : facts->run ? facts->run->workers : 0;
    size_t host_size = ranks * (size_t)NFOLD_HOST_SIZE;
    size_t path_size = facts->checkpoint ? strlen(facts->checkpoint) + 1 : 0;
    struct stored_report *stored =
        calloc(1, sizeof *stored + workers * sizeof(nfold_worker_report) + host_size + path_size);
    nfold_report *report;
    if (!stored)
        return NULL;
    report = &stored->report;
    strncpy(stored->note, facts->note, NOTE_SIZE - 1);
    *report = (nfold_report){.size = sizeof *report,
                             .value = canonical(facts->value),
                             .hi = canonical(facts->root.hi),
                             .lo = canonical(facts->root.lo),
                             .step_error = facts->step_error,
                             .order = "v1",
                             .backend = facts->backend,
                             .isa = facts->isa,
                             .is_user_code = facts->is_user_code,
                             .note = stored->note,
                             .items = plan->items,
                             .items_done = facts->items_done,
                             .chunk_items = plan->chunk_items,
                             .chunks = plan->chunks,
                             .workers_asked = facts->workers_asked,
                             .wall = facts->end - facts->start,
                             .cpu = facts->cpu,
                             .serial = serial_seconds(facts),
                             .compile = facts->compile,
                             .worker = stored->worker};
    add_checkpoint(facts, stored, (char *)&stored->worker[workers] + host_size);
    if (ranks > 0)
        report->workers = report->workers_asked = add_ranks(
            facts->run, stored->worker, (char(*)[NFOLD_HOST_SIZE]) & stored->worker[workers]);
    else
        report->workers = add_workers(facts, stored->worker);
    report->library = stored->library;
    if (ranks > 0)
        memcpy(stored->library, facts->run->rank[0].library, sizeof stored->library - 1);
    add_sums(report, plan->is_empty ? 0 : report->items_done - report->items_continued);
    report->native = native_word(facts, report);
    return report;
}

void nfold_report_free(nfold_report *report)
{
    free(report);
}
