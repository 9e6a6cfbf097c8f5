/* death.c: naming a death, and keeping what the dead worker had claimed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "crash_signal.h"
#include "pool.h"

#define STOPS_FORGIVEN 2 /* of a run */

/* ---- the cause ------------------------------------------------------------------------------- */

static void name_signal(int number, char *cause, size_t size)
{
    const char *meaning = nf_crash_signal_words(number), *name = sigabbrev_np(number);
    if (meaning)
        snprintf(cause, size, "killed by %s", meaning);
    else
        snprintf(cause, size, "killed by SIG%s", name ? name : "?");
}

/* Did the kernel kill somebody of our control group for memory since we last looked? */
static int is_out_of_memory(struct nf_pool *pool)
{
    unsigned long long kills = nf_cgroup_oom_kills("");
    int is_more = kills > pool->oom_kills;
    pool->oom_kills = kills;
    return is_more;
}

static void name_cause(struct nf_pool *pool, const struct nf_worker *worker, int status,
                       char *cause, size_t size)
{
    int told = atomic_load(&nf_area_slot(pool->area, worker->number)->signal);
    if (worker->is_overdue)
        snprintf(cause, size, "killed: it took longer than %g s", pool->timeout);
    else if (worker->is_stopped)
        snprintf(cause, size, "stopped by a signal for a second, and replaced");
    else if (status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
             is_out_of_memory(pool))
        snprintf(cause, size, "killed by SIGKILL: the control group is out of memory");
    else if (status >= 0 && WIFSIGNALED(status))
        name_signal(WTERMSIG(status), cause, size);
    else if (status >= 0)
        snprintf(cause, size, "ended by exit(%d)", WEXITSTATUS(status));
    else if (told > 0 && told < NSIG)
        name_signal(told, cause, size);
    else
        snprintf(cause, size, "ended (the program ignores SIGCHLD, so nobody knows how)");
}

/* ---- what is run again ----------------------------------------------------------------------- */

void nf_suspect_add(struct nf_pool *pool, struct nf_suspect suspect)
{
    if (pool->suspects == pool->suspects_capacity) {
        size_t capacity = pool->suspects_capacity ? 2 * pool->suspects_capacity : 16;
        void *grown = reallocarray(pool->suspect, capacity, sizeof *pool->suspect);
        if (!grown)
            return; /* found again as a gap when all have come to an end */
        pool->suspect = grown;
        pool->suspects_capacity = capacity;
    }
    pool->suspect[pool->suspects++] = suspect;
}

int nf_suspect_take(struct nf_pool *pool, struct nf_suspect *suspect)
{
    size_t lowest = 0;
    if (pool->suspects == 0)
        return 0;
    for (size_t k = 1; k < pool->suspects; k++)
        if (pool->suspect[k].chunks.first < pool->suspect[lowest].chunks.first)
            lowest = k;
    *suspect = pool->suspect[lowest];
    pool->suspect[lowest] = pool->suspect[--pool->suspects];
    return 1;
}

/* What is missing of a range, at a level. */
static void suspect_gaps(struct nf_pool *pool, struct nfold_range range, enum nf_level level)
{
    struct nfold_range gap = range;
    while (gap.count > 0 && pool->engine->gap(pool->run, &gap)) {
        uint64_t end = gap.first + gap.count;
        nf_suspect_add(pool, (struct nf_suspect){.chunks = gap, .level = level});
        if (end - range.first >= range.count)
            break;
        gap = (struct nfold_range){end, range.count - (end - range.first)};
    }
}

/* The lines that the worker wrote, each with its name in front. */
static void quote_words(const struct nf_worker *worker, char *text, size_t size)
{
    size_t used = 0, at = 0;
    text[0] = '\0';
    for (size_t length; at < worker->words_size; at += length + 1) {
        const char *line = worker->words + at;
        const char *end = memchr(line, '\n', worker->words_size - at);
        length = end ? (size_t)(end - line) : worker->words_size - at;
        if (length == 0)
            continue;
        int written = snprintf(text + used, size - used, "worker %u: %.*s\n", worker->number,
                               (int)length, line);
        if (written < 0 || (size_t)written >= size - used)
            break;
        used += (size_t)written;
    }
    text[used] = '\0';
}

static void poison(struct nf_pool *pool, const struct nf_worker *worker, uint64_t chunk,
                   const char *cause)
{
    char what[256], words[NF_WORDS + 256];
    quote_words(worker, words, sizeof words);
    if (worker->is_overdue)
        snprintf(what, sizeof what, "took longer than %g s", pool->timeout);
    else
        snprintf(what, sizeof what, "ended its worker twice (%s)", cause);
    pool->engine->poisoned(pool->run, worker->number, chunk, what, words);
}

/* The worker died on one chunk, item by item: the same item twice is poisonous. */
static void judge_item(struct nf_pool *pool, const struct nf_worker *worker,
                       struct nfold_range chunk, const char *cause)
{
    struct nf_suspect again = {.chunks = chunk, .level = NF_LEVEL_ITEMS};
    uint64_t beats = pool->engine->pulse(pool->run, worker->number, &again.item);
    again.has_item = beats != worker->beats_at_range;
    if (again.has_item &&
        (worker->is_overdue || (worker->suspect_item_known && worker->suspect_item == again.item)))
        poison(pool, worker, chunk.first, cause);
    else
        nf_suspect_add(pool, again);
}

/* A worker that was merely stopped has done nothing wrong, unless workers stop again and again: a
 * function can do that to itself. */
static int is_forgiven(struct nf_pool *pool, const struct nf_worker *worker)
{
    return worker->is_stopped && pool->stops++ < STOPS_FORGIVEN;
}

static void keep_range(struct nf_pool *pool, const struct nf_worker *worker, const char *cause)
{
    const struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    struct nfold_range claim = slot->claim, gap = claim;
    int has_claim = atomic_load_explicit(&slot->has_claim, memory_order_acquire);
    int level = atomic_load(&slot->level);
    if (has_claim && pool->engine->gap(pool->run, &gap)) {
        if (is_forgiven(pool, worker))
            suspect_gaps(pool, claim, NF_LEVEL_WHOLE);
        else if (level == NF_LEVEL_WHOLE)
            suspect_gaps(pool, claim, NF_LEVEL_CHUNKS);
        else if (level == NF_LEVEL_CHUNKS)
            nf_suspect_add(pool,
                           (struct nf_suspect){.chunks = {gap.first, 1}, .level = NF_LEVEL_ITEMS});
        else
            judge_item(pool, worker, (struct nfold_range){gap.first, 1}, cause);
    }
    /* What it had not begun of a range to be run again. */
    if (worker->range.count > 0) {
        uint64_t begun = has_claim ? claim.first + claim.count : worker->range.first;
        if (begun >= worker->range.first && begun - worker->range.first < worker->range.count)
            suspect_gaps(
                pool,
                (struct nfold_range){begun, worker->range.count - (begun - worker->range.first)},
                NF_LEVEL_CHUNKS);
    }
}

void nf_worker_bury(struct nf_pool *pool, struct nf_worker *worker)
{
    struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    char cause[sizeof pool->cause];
    int status;
    /* It may have closed its socket without dying. */
    nf_worker_signal(worker, SIGKILL);
    status = nf_worker_reap(worker);
    nf_worker_listen(worker);
    name_cause(pool, worker, status, cause, sizeof cause);
    if (pool->run) {
        nf_worker_drain(pool, worker);
        keep_range(pool, worker, cause);
        memcpy(pool->cause, cause, sizeof cause);
        pool->deaths++;
        pool->barren = atomic_load(&slot->answered) || atomic_load(&slot->ring.head) ||
                               atomic_load(&slot->has_claim)
                           ? 0
                           : pool->barren + 1;
        worker->restarts++;
    }
    nf_worker_clear(worker);
}
