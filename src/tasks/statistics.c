/* statistics.c: what the loop counts. Durations fall into a histogram whose classes are 3 % wide,
 * from a microsecond to a year, so that a million tasks take no more room than ten. */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#define CLASSES_PER_E 32.0
#define LOWEST        1e-6
#define CLASSES       1024

struct slot_time {
    double free_since; /* < 0: a task runs */
    double busy_since;
};

struct nf_statistics {
    unsigned slots, running;
    double first_start, last_end; /* < 0: none */
    double busy_seconds;          /* of tasks that ended */
    double running_since_sum;     /* sum of the starts of those that run */
    double gap_seconds;           /* slots that were free between two tasks */
    uint64_t gaps, ended;
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

void nf_statistics_began(struct nf_statistics *statistics, unsigned slot, double now)
{
    struct slot_time *time = slot_of(statistics, slot);
    if (!time)
        return;
    if (time->free_since >= 0) {
        statistics->gap_seconds += now - time->free_since;
        statistics->gaps++;
    }
    time->free_since = -1;
    time->busy_since = now;
    statistics->running++;
    statistics->running_since_sum += now;
    if (statistics->first_start < 0)
        statistics->first_start = now;
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

void nf_statistics_ended(struct nf_statistics *statistics, const struct nf_task_result *result,
                         double now)
{
    struct slot_time *time = slot_of(statistics, result->slot);
    if (!time)
        return;
    statistics->running--;
    statistics->running_since_sum -= time->busy_since;
    statistics->busy_seconds += now - time->busy_since;
    statistics->last_end = now;
    statistics->ended++;
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
