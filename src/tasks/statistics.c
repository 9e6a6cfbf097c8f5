/* statistics.c: what the loop counts. Durations fall into a histogram whose classes are 3 % wide,
 * from a microsecond to a year, so that a million tasks take no more room than ten. */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#define CLASSES_PER_E 32.0
#define LOWEST        1e-6
#define CLASSES       1024

struct slot_time {
    double free_since; /* < 0: a task runs, or none ever did */
    double busy_since;
    int is_busy, is_used;
    uint64_t sequence; /* of its task; 0: not known */
};

struct nf_statistics {
    unsigned slots, running;
    double first_start, last_end; /* < 0: none */
    double busy_seconds;          /* of tasks that ended */
    double running_since_sum;     /* sum of the starts of those that run */
    double gap_seconds;           /* slots that were free between two tasks */
    double dispatch_seconds, waiting_seconds;
    uint64_t gaps, ended;
    double task_seconds, longest, last_seconds;
    uint64_t longest_sequence, last_sequence;
    double before_last_end; /* the last end but one */
    uint64_t ok_class[CLASSES], ok;
    double ok_seconds, longest_ok;
    double first_output_seconds; /* sum over those that wrote something */
    uint64_t wrote;
    double processor_seconds;
    uint64_t peak_bytes;
    struct slot_time slot[];
};

int nf_statistics_open(struct nf_statistics **statistics, unsigned slots, nfold_error *err)
{
    *statistics = calloc(1, sizeof **statistics + slots * sizeof(*statistics)->slot[0]);
    if (!*statistics)
        return nf_fail_memory(err);
    (*statistics)->slots = slots;
    (*statistics)->first_start = (*statistics)->last_end = -1;
    for (unsigned i = 0; i < slots; i++)
        (*statistics)->slot[i].free_since = -1;
    return 0;
}

void nf_statistics_close(struct nf_statistics *statistics)
{
    free(statistics);
}

void nf_statistics_set_slots(struct nf_statistics *statistics, unsigned slots)
{
    statistics->slots = slots;
}

/* A slot's number counts from 1. */
static struct slot_time *slot_of(struct nf_statistics *statistics, unsigned slot)
{
    return slot >= 1 && slot <= statistics->slots ? &statistics->slot[slot - 1] : NULL;
}

void nf_statistics_free_slot(struct nf_statistics *statistics, unsigned slot, double now)
{
    struct slot_time *time = slot_of(statistics, slot);
    if (time)
        time->free_since = now;
}

/* A slot had nothing to do before a start. */
static void count_pause(struct nf_statistics *statistics, double seconds)
{
    if (seconds > NF_DISPATCH_MOST)
        statistics->waiting_seconds += seconds;
    else if (seconds > 0)
        statistics->dispatch_seconds += seconds;
}

void nf_statistics_began(struct nf_statistics *statistics, unsigned slot, double now)
{
    struct slot_time *time = slot_of(statistics, slot);
    if (!time)
        return;
    if (statistics->first_start < 0 || now < statistics->first_start)
        statistics->first_start = now;
    if (time->free_since >= 0) {
        statistics->gap_seconds += now - time->free_since;
        statistics->gaps++;
    }
    count_pause(statistics, now - (time->is_used ? time->free_since : statistics->first_start));
    *time = (struct slot_time){.free_since = -1, .busy_since = now, .is_busy = 1, .is_used = 1};
    statistics->running++;
    statistics->running_since_sum += now;
}

void nf_statistics_name_task(struct nf_statistics *statistics, unsigned slot, uint64_t sequence)
{
    struct slot_time *time = slot_of(statistics, slot);
    if (time)
        time->sequence = sequence;
}

static unsigned class_of(double seconds)
{
    if (!(seconds > LOWEST))
        return 0;
    double index = CLASSES_PER_E * log(seconds / LOWEST);
    return index < CLASSES - 1 ? (unsigned)index : CLASSES - 1;
}

static double class_middle(unsigned class)
{
    return LOWEST * exp((class + 0.5) / CLASSES_PER_E);
}

static void count_ok(struct nf_statistics *statistics, double seconds)
{
    statistics->ok_class[class_of(seconds)]++;
    statistics->ok++;
    statistics->ok_seconds += seconds;
    if (seconds > statistics->longest_ok)
        statistics->longest_ok = seconds;
}

static void count_duration(struct nf_statistics *statistics, const struct slot_time *time,
                           double seconds)
{
    statistics->task_seconds += seconds;
    statistics->last_seconds = seconds;
    statistics->last_sequence = time->sequence;
    if (seconds < statistics->longest)
        return;
    statistics->longest = seconds;
    statistics->longest_sequence = time->sequence;
}

void nf_statistics_ended(struct nf_statistics *statistics, const struct nf_task_result *result,
                         double now)
{
    struct slot_time *time = slot_of(statistics, result->slot);
    if (!time)
        return;
    statistics->running--;
    statistics->running_since_sum -= time->busy_since;
    statistics->busy_seconds += now - time->busy_since;
    statistics->before_last_end = statistics->last_end;
    statistics->last_end = now;
    statistics->ended++;
    count_duration(statistics, time, result->seconds);
    statistics->processor_seconds += result->user_seconds + result->system_seconds;
    if (result->peak_bytes > statistics->peak_bytes)
        statistics->peak_bytes = result->peak_bytes;
    if (result->first_output >= 0) {
        statistics->first_output_seconds += result->first_output;
        statistics->wrote++;
    }
    if (result->status == NF_TASK_OK)
        count_ok(statistics, result->seconds);
    time->free_since = now;
    time->is_busy = 0;
}

double nf_statistics_quantile(const struct nf_statistics *statistics, double share,
                              unsigned at_least)
{
    if (statistics->ok < at_least || statistics->ok == 0)
        return NAN;
    double wanted = share * (double)statistics->ok;
    uint64_t below = 0;
    for (unsigned i = 0; i < CLASSES; i++) {
        below += statistics->ok_class[i];
        if ((double)below >= wanted && below > 0)
            return fmin(class_middle(i), statistics->longest_ok);
    }
    return statistics->longest_ok;
}

double nf_statistics_busy(const struct nf_statistics *statistics, double now)
{
    if (statistics->running == 0)
        now = statistics->last_end; /* what comes after the last task is not the slots' time */
    if (statistics->first_start < 0 || now <= statistics->first_start)
        return 0;
    double running = statistics->running * now - statistics->running_since_sum;
    double whole = (now - statistics->first_start) * statistics->slots;
    return fmin((statistics->busy_seconds + running) / whole, 1);
}

unsigned nf_statistics_running(const struct nf_statistics *statistics)
{
    return statistics->running;
}

double nf_statistics_gap(const struct nf_statistics *statistics)
{
    return statistics->gaps > 0 ? statistics->gap_seconds / (double)statistics->gaps : 0;
}

double nf_statistics_first_output(const struct nf_statistics *statistics)
{
    return statistics->wrote > 0 ? statistics->first_output_seconds / (double)statistics->wrote
                                 : NAN;
}

static void read_time(const struct nf_statistics *statistics, double wall,
                      struct nf_statistics_figures *figures)
{
    struct nf_slot_time *time = &figures->time;
    *time = (struct nf_slot_time){.busy = statistics->busy_seconds,
                                  .dispatch = statistics->dispatch_seconds,
                                  .waiting = statistics->waiting_seconds};
    for (unsigned i = 0; i < statistics->slots; i++) {
        const struct slot_time *slot = &statistics->slot[i];
        figures->slots_used += (unsigned)slot->is_used;
        if (!slot->is_used)
            time->unused += wall;
        else if (!slot->is_busy)
            time->tail += fmax(0, statistics->last_end - slot->free_since);
    }
}

void nf_statistics_read(const struct nf_statistics *statistics,
                        struct nf_statistics_figures *figures)
{
    *figures = (struct nf_statistics_figures){
        .slots = statistics->slots,
        .ended = statistics->ended,
        .ok = statistics->ok,
        .mean = statistics->ok > 0 ? statistics->ok_seconds / (double)statistics->ok : NAN,
        .median = nf_statistics_quantile(statistics, 0.5, 1),
        .p95 = nf_statistics_quantile(statistics, 0.95, 1),
        .longest = statistics->longest,
        .longest_sequence = statistics->longest_sequence,
        .last_sequence = statistics->last_sequence,
        .last_seconds = statistics->last_seconds,
        .processor_seconds = statistics->processor_seconds,
        .task_seconds = statistics->task_seconds,
        .first_output = nf_statistics_first_output(statistics),
        .peak_bytes = statistics->peak_bytes,
    };
    if (statistics->ended == 0)
        return;
    figures->wall = statistics->last_end - statistics->first_start;
    figures->alone_seconds =
        fmin(statistics->last_end - fmax(statistics->before_last_end, statistics->first_start),
             statistics->last_seconds);
    read_time(statistics, figures->wall, figures);
}

uint64_t nf_statistics_count(const struct nf_statistics *statistics)
{
    return statistics->ended;
}

double nf_statistics_rate(const struct nf_statistics *statistics, double now)
{
    if (statistics->ended == 0 || now <= statistics->first_start)
        return 0;
    return (double)statistics->ended / (now - statistics->first_start);
}

/* Of the tasks of a class and of all longer ones: how many, and their seconds. */
struct longer {
    double count[CLASSES + 1], seconds[CLASSES + 1];
};

static void sum_longer(const struct nf_statistics *statistics, struct longer *longer)
{
    longer->count[CLASSES] = longer->seconds[CLASSES] = 0;
    for (unsigned i = CLASSES; i-- > 0;) {
        double count = (double)statistics->ok_class[i];
        longer->count[i] = longer->count[i + 1] + count;
        longer->seconds[i] = longer->seconds[i + 1] + count * class_middle(i);
    }
}

/* One that has outlived all others is given as long again: nothing is known about it. */
static double expected_rest(const struct longer *longer, double elapsed)
{
    unsigned class = class_of(elapsed);
    if (longer->count[class] == 0)
        return elapsed;
    return fmax(0, longer->seconds[class] / longer->count[class] - elapsed);
}

double nf_statistics_left(const struct nf_statistics *statistics, uint64_t rest, double now)
{
    struct longer longer;
    if (statistics->ok == 0)
        return NAN;
    sum_longer(statistics, &longer);
    double mean = statistics->ok_seconds / (double)statistics->ok;
    double work = (double)rest * mean, longest = 0;
    for (unsigned i = 0; i < statistics->slots; i++) {
        if (!statistics->slot[i].is_busy)
            continue;
        double one = expected_rest(&longer, now - statistics->slot[i].busy_since);
        work += one;
        longest = fmax(longest, one);
    }
    return fmax(work / statistics->slots, longest);
}
