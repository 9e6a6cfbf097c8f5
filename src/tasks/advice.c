/* advice.c: rules, each with the share of the slots' time that following it could give back. The
 * one with most to gain is told; a rule about lost tasks goes before all about lost time. */
#include "advice.h"

#include <math.h>
#include <stdio.h>

#include "number.h"

#define WORTH_SAYING 0.05
#define BEFORE_ALL   2.0  /* more than any share of time */
#define LONG_ENOUGH  0.01 /* seconds of a task whose use of CPUs means something */
#define CROWDED      1.25 /* load a CPU */

struct rule {
    double (*gain)(const struct nf_tasks_report *report);
    void (*write)(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE]);
};

#define WRITE(...) snprintf(text, NF_ADVICE_SIZE, __VA_ARGS__)

static double all_seconds(const struct nf_tasks_report *report)
{
    return report->figures.wall * report->figures.slots;
}

static double share(const struct nf_tasks_report *report, double seconds)
{
    double all = all_seconds(report);
    return all > 0 ? seconds / all : 0;
}

double nf_advice_least_wall(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    double even = figures->slots > 0 ? figures->task_seconds / figures->slots : 0;
    return fmax(even, figures->longest);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- lost tasks ---- */

static double gain_memory(const struct nf_tasks_report *report)
{
    return report->status[NF_TASK_OOM] > 0 ? BEFORE_ALL + 1 : 0;
}

static void write_memory(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    uint64_t count = report->status[NF_TASK_OOM];
    char peak[NF_NUMBER_SIZE];
    WRITE("%llu task%s ran out of memory (%sB at most were seen): ask for more with "
          "--mem-per-task, or let --retry-mem x1.5 find it",
          (unsigned long long)count, plural(count),
          nf_number_scaled((double)report->figures.peak_bytes, peak));
}

static double gain_timeout(const struct nf_tasks_report *report)
{
    return report->status[NF_TASK_TIMEOUT] > 0 ? BEFORE_ALL : 0;
}

static void write_timeout(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    uint64_t count = report->status[NF_TASK_TIMEOUT];
    char p95[NF_NUMBER_SIZE];
    if (isnan(report->figures.p95))
        WRITE("%llu task%s ran into --timeout and none was ok: allow more time",
              (unsigned long long)count, plural(count));
    else
        WRITE("%llu task%s ran into --timeout, while 95 %% of those that were ok took at most %s: "
              "look why with `nfold logs`",
              (unsigned long long)count, plural(count),
              nf_number_seconds(report->figures.p95, p95));
}

/* ---- lost time ---- */

/* Of the time that tasks had their slots; what starts an interpreter is lost to each of them. */
static double gain_start_up(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    if (isnan(report->start_up) || figures->ended < 2)
        return 0;
    double lost = fmin(report->start_up * (double)figures->ended, figures->time.busy);
    return share(report, lost);
}

static void write_start_up(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    char median[NF_NUMBER_SIZE];
    double part = fmin(report->start_up / report->figures.median, 1);
    if (isnan(report->figures.median))
        part = share(report, report->start_up * (double)report->figures.ended);
    WRITE("median %s, %.0f %% of it %s start-up: use -X or fewer, larger tasks",
          nf_number_seconds(isnan(report->figures.median) ? 0 : report->figures.median, median),
          100 * part, report->interpreter);
}

static double gain_dispatch(const struct nf_tasks_report *report)
{
    return share(report, report->figures.time.dispatch);
}

static void write_dispatch(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    char mean[NF_NUMBER_SIZE];
    WRITE("tasks of %s are too short: %.0f %% of the slots' time went into starting them; use -X "
          "or fewer, larger tasks",
          nf_number_seconds(report->figures.task_seconds / (double)report->figures.ended, mean),
          100 * gain_dispatch(report));
}

static double gain_waiting(const struct nf_tasks_report *report)
{
    return share(report, report->figures.time.waiting);
}

static void write_waiting(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    WRITE("slots waited for %.0f %% of the time with nothing to start: inputs came too slowly, or "
          "--delay, --load, --memfree, --mem-per-task or a retry held tasks back",
          100 * gain_waiting(report));
}

/* What one long task at the end costs, beyond what no order can help. */
static double gain_order(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    if (figures->ended <= figures->slots_used || figures->slots < 2)
        return 0;
    double sooner = figures->wall - nf_advice_least_wall(report);
    return fmin(share(report, figures->time.tail), sooner / figures->wall);
}

static void write_order(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    char last[NF_NUMBER_SIZE], least[NF_NUMBER_SIZE];
    WRITE("%.0f %% of the slots' time was idle at the end, behind task %llu of %s: put the longest "
          "tasks first, and all may be done after %s (a prediction)",
          100 * share(report, report->figures.time.tail),
          (unsigned long long)report->figures.last_sequence,
          nf_number_seconds(report->figures.last_seconds, last),
          nf_number_seconds(nf_advice_least_wall(report), least));
}

/* The longest task is longer than an even share of all: order does not help. */
static double gain_split(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    double even = figures->task_seconds / figures->slots;
    if (figures->ended < 2 || figures->slots < 2 || figures->longest <= even)
        return 0;
    return fmin(share(report, figures->time.tail), (figures->longest - even) / figures->wall);
}

static void write_split(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    char longest[NF_NUMBER_SIZE], wall[NF_NUMBER_SIZE];
    WRITE("task %llu alone took %s of %s: split it, or give it more CPUs with -c; start it first "
          "in any case",
          (unsigned long long)report->figures.longest_sequence,
          nf_number_seconds(report->figures.longest, longest),
          nf_number_seconds(report->figures.wall, wall));
}

/* ---- CPUs that had nothing to do ---- */

/* Slots had more CPUs than their tasks kept busy. */
static double gain_cpus_each(const struct nf_tasks_report *report)
{
    if (report->cpus_each < 2 || isnan(report->processors))
        return 0;
    double used = fmax(1, ceil(report->processors - 0.1));
    double idle = (report->cpus_each - used) / report->cpus_each;
    return fmax(0, idle) * share(report, report->figures.time.busy);
}

static void write_cpus_each(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    unsigned used = (unsigned)fmax(1, ceil(report->processors - 0.1));
    unsigned slots = report->cpus_allowed / used;
    if (report->figures.ended <= report->figures.slots)
        WRITE("a task kept %.1f of its %u CPUs busy: ask for %u a task, or let the program use "
              "its threads",
              report->processors, report->cpus_each, used);
    else
        WRITE("a task kept %.1f of its %u CPUs busy: with -c %u there are %u slots, not %u",
              report->processors, report->cpus_each, used, slots, report->figures.slots);
}

/* Fewer tasks than slots. */
static double gain_unused(const struct nf_tasks_report *report)
{
    return share(report, report->figures.time.unused);
}

static void write_unused(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    const struct nf_statistics_figures *figures = &report->figures;
    unsigned each = figures->slots_used > 0 ? report->cpus_allowed / figures->slots_used : 0;
    int n = WRITE("%u of %u slots never had a task: ask for fewer CPUs, or cut the work into more "
                  "tasks",
                  figures->slots - figures->slots_used, figures->slots);
    if (each > 1 && n > 0 && n < NF_ADVICE_SIZE)
        snprintf(text + n, NF_ADVICE_SIZE - (size_t)n, "; -c %u gives each %u CPUs", each, each);
}

/* -j below the CPUs that are allowed, which then run nothing. */
static double gain_few_slots(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    if (report->cpus_each == 0 || figures->ended <= figures->slots || isnan(report->processors))
        return 0;
    double used = fmax(1, report->processors) * figures->slots;
    return fmax(0, 1 - used / report->cpus_allowed) * share(report, figures->time.busy) *
           (report->cpus_each < 2 || figures->slots == 1);
}

static void write_few_slots(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    WRITE("%u task%s at a time kept %.1f of %u CPUs busy: leave -j out, and there are %u slots",
          report->figures.slots, plural(report->figures.slots),
          report->processors * report->figures.slots, report->cpus_allowed, report->cpus_allowed);
}

/* More wants to run than there are CPUs: what tasks waited for is others. */
static int is_crowded(const struct nf_tasks_report *report)
{
    return report->load > CROWDED * report->cpus_online;
}

static double gain_crowded(const struct nf_tasks_report *report)
{
    if (isnan(report->processors) || !is_crowded(report) || report->figures.mean < LONG_ENOUGH)
        return 0;
    return fmax(0, 0.8 - report->processors) * share(report, report->figures.time.busy);
}

static void write_crowded(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    WRITE("a task had %.0f %% of a CPU, and the load of this machine is %.1f on %u CPU%s: tasks "
          "wait for something of their own, or for others who run here",
          100 * report->processors, report->load, report->cpus_online, plural(report->cpus_online));
}

/* Tasks that wait for files or the network leave their CPU idle. */
static double gain_more_slots(const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    if (isnan(report->processors) || report->cpus_each != 1 || figures->ended <= figures->slots ||
        figures->mean < LONG_ENOUGH || is_crowded(report) || figures->slots < report->cpus_allowed)
        return 0;
    return fmax(0, 0.5 - report->processors) * share(report, figures->time.busy);
}

static void write_more_slots(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    WRITE("a task kept its CPU busy for %.0f %% of its time and waited for the rest: -j 200%% may "
          "be faster, if files or the network can give more",
          100 * report->processors);
}

static const struct rule rules[] = {
    {gain_memory, write_memory},     {gain_timeout, write_timeout},
    {gain_start_up, write_start_up}, {gain_dispatch, write_dispatch},
    {gain_waiting, write_waiting},   {gain_order, write_order},
    {gain_split, write_split},       {gain_cpus_each, write_cpus_each},
    {gain_unused, write_unused},     {gain_few_slots, write_few_slots},
    {gain_crowded, write_crowded},   {gain_more_slots, write_more_slots},
};

const char *nf_advice(const struct nf_tasks_report *report, char text[NF_ADVICE_SIZE])
{
    const struct rule *best = NULL;
    double most = WORTH_SAYING;
    for (unsigned i = 0; report->figures.ended > 0 && i < sizeof rules / sizeof rules[0]; i++) {
        double gain = rules[i].gain(report);
        if (gain <= most)
            continue;
        most = gain;
        best = &rules[i];
    }
    if (best)
        best->write(report, text);
    else if (report->figures.ended == 0)
        WRITE("nothing: no task was run");
    else
        WRITE("nothing to change: tasks had the slots for %.0f %% of their time",
              100 * share(report, report->figures.time.busy));
    return text;
}
