/* tasks_report.c: the figures of a run as lines and as JSON. Every number was measured; what is a
 * prediction says so. */
#include "tasks_report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "cpus.h"
#include "interpreter.h"
#include "number.h"

#define LABEL_COLUMNS 11
#define COLUMNS       80
#define LINE_SIZE     256

void nf_tasks_report_make(struct nf_tasks_report *report, const struct nf_statistics *statistics,
                          const uint64_t status[NF_TASK_STATUS_COUNT], const struct nf_slots *slots)
{
    struct nf_cpus cpus;
    *report = (struct nf_tasks_report){.start_up = NAN, .processors = NAN, .load = NAN};
    nf_statistics_read(statistics, &report->figures);
    memcpy(report->status, status, sizeof report->status);
    nf_cpus_read_job(&cpus, "");
    report->cpus_allowed = cpus.allowed;
    report->cpus_online = cpus.online;
    if (slots && getloadavg(&report->load, 1) != 1)
        report->load = NAN;
    report->cpus_each = slots && slots->count > 0 ? slots->slot[0].cpu_count : 0;
    if (report->figures.task_seconds > 0)
        report->processors = report->figures.processor_seconds / report->figures.task_seconds;
}

void nf_tasks_report_start_up(struct nf_tasks_report *report, const char *command)
{
    report->start_up =
        nf_interpreter_start_up(command, report->interpreter, sizeof report->interpreter);
}

/* ---- lines ---- */

struct lines {
    void (*line)(void *user, const char *label, const char *text);
    void *user;
};

static void say(const struct lines *lines, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct lines *lines, const char *label, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lines->line(lines->user, label, text);
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void say_slots(const struct lines *lines, const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    double all = figures->wall * figures->slots;
    char wall[NF_NUMBER_SIZE];
    if (report->cpus_each > 0)
        say(lines, "slots", "%u with %u CPU%s each, %.0f %% busy for %s", figures->slots,
            report->cpus_each, report->cpus_each == 1 ? "" : "s", percent(figures->time.busy, all),
            nf_number_seconds(figures->wall, wall));
    else
        say(lines, "slots", "%u, %.0f %% busy for %s", figures->slots,
            percent(figures->time.busy, all), nf_number_seconds(figures->wall, wall));
}

/* Parts of less than half a percent are left out. */
static void say_lost(const struct lines *lines, const struct nf_tasks_report *report)
{
    const struct nf_slot_time *time = &report->figures.time;
    const struct {
        double seconds;
        const char *what;
    } part[] = {{time->dispatch, "starting tasks"},
                {time->waiting, "waiting for something to start"},
                {time->tail, "idle at the end"},
                {time->unused, "never used"}};
    double all = report->figures.wall * report->figures.slots;
    struct nfold_buffer text = {0};
    for (unsigned i = 0; i < sizeof part / sizeof part[0]; i++)
        if (percent(part[i].seconds, all) >= 0.5)
            nf_buffer_print(&text, "%s%.0f %% %s", text.size > 0 ? ", " : "",
                            percent(part[i].seconds, all), part[i].what);
    say(lines, "lost", "%s", text.size > 0 ? text.data : "less than 0.5 % of the slots' time");
    nf_buffer_clear(&text);
}

static void say_tasks(const struct lines *lines, const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    char median[NF_NUMBER_SIZE], p95[NF_NUMBER_SIZE], longest[NF_NUMBER_SIZE];
    char number[40] = "";
    if (figures->longest_sequence > 0)
        snprintf(number, sizeof number, " (task %llu)",
                 (unsigned long long)figures->longest_sequence);
    nf_number_seconds(figures->longest, longest);
    if (isnan(figures->median))
        say(lines, "tasks", "none was ok; the longest took %s%s", longest, number);
    else
        say(lines, "tasks", "median %s, 95 %% within %s, longest %s%s",
            nf_number_seconds(figures->median, median), nf_number_seconds(figures->p95, p95),
            longest, number);
}

static void say_dispatch(const struct lines *lines, const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    char each[NF_NUMBER_SIZE];
    double rate = figures->wall > 0 ? (double)figures->ended / figures->wall : 0;
    char number[NF_NUMBER_SIZE];
    if (figures->ended <= figures->slots_used)
        return;
    say(lines, "dispatch", "%s between two tasks of a slot, %s tasks/s",
        nf_number_seconds(figures->time.dispatch / (double)figures->ended, each),
        nf_number_scaled(rate, number));
}

static void say_start_up(const struct lines *lines, const struct nf_tasks_report *report)
{
    char first[NF_NUMBER_SIZE], empty[NF_NUMBER_SIZE];
    const double output = report->figures.first_output;
    if (!isnan(report->start_up))
        say(lines, "start-up", "%s for an empty %s program, timed after the run",
            nf_number_seconds(report->start_up, empty), report->interpreter);
    if (!isnan(output))
        say(lines, isnan(report->start_up) ? "start-up" : "", "first output after %s on average",
            nf_number_seconds(output, first));
}

static void say_processors(const struct lines *lines, const struct nf_tasks_report *report)
{
    char cpu[NF_NUMBER_SIZE];
    if (isnan(report->processors))
        return;
    nf_number_seconds(report->figures.processor_seconds, cpu);
    if (report->cpus_each > 0)
        say(lines, "processor", "a task kept %.2f of its %u CPU%s busy; %s in all",
            report->processors, report->cpus_each, report->cpus_each == 1 ? "" : "s", cpu);
    else
        say(lines, "processor", "a task kept %.2f CPUs busy; %s in all", report->processors, cpu);
}

static void say_end(const struct lines *lines, const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    char alone[NF_NUMBER_SIZE], bound[NF_NUMBER_SIZE];
    if (figures->slots < 2 || figures->ended <= figures->slots ||
        figures->alone_seconds < 0.005 * figures->wall)
        return;
    say(lines, "the end", "task %llu ran alone for %s; no order ends before %s (a prediction)",
        (unsigned long long)figures->last_sequence,
        nf_number_seconds(figures->alone_seconds, alone),
        nf_number_seconds(nf_advice_least_wall(report), bound));
}

static void say_memory(const struct lines *lines, const struct nf_tasks_report *report)
{
    char peak[NF_NUMBER_SIZE];
    if (report->figures.peak_bytes > 0)
        say(lines, "memory", "%sB at most in one process of a task",
            nf_number_scaled((double)report->figures.peak_bytes, peak));
}

void nf_tasks_report_lines(const struct nf_tasks_report *report,
                           void (*line)(void *user, const char *label, const char *text),
                           void *user)
{
    const struct lines lines = {line, user};
    if (report->figures.ended == 0) {
        line(user, "slots", "no task was run");
        return;
    }
    say_slots(&lines, report);
    say_lost(&lines, report);
    say_tasks(&lines, report);
    say_dispatch(&lines, report);
    say_start_up(&lines, report);
    say_processors(&lines, report);
    say_end(&lines, report);
    say_memory(&lines, report);
}

/* ---- text ---- */

static size_t end_of_line(const char *text)
{
    size_t length = strlen(text), most = COLUMNS - LABEL_COLUMNS;
    if (length <= most)
        return length;
    while (most > 0 && text[most] != ' ')
        most--;
    return most > 0 ? most : length;
}

static void print_line(void *user, const char *label, const char *text)
{
    struct nfold_buffer *out = user;
    do {
        size_t length = end_of_line(text);
        nf_buffer_print(out, "%-*s%.*s\n", LABEL_COLUMNS, label, (int)length, text);
        text += length;
        text += *text == ' ';
        label = "";
    } while (*text);
}

void nf_tasks_report_text(struct nfold_buffer *out, const struct nf_tasks_report *report)
{
    char advice[NF_ADVICE_SIZE];
    nf_tasks_report_lines(report, print_line, out);
    print_line(out, "advice", nf_advice(report, advice));
}

/* ---- JSON ---- */

static void json_time(struct nf_json *json, const struct nf_slot_time *time)
{
    nf_json_object(json, "slot_seconds");
    nf_json_number(json, "busy", time->busy);
    nf_json_number(json, "dispatch", time->dispatch);
    nf_json_number(json, "waiting", time->waiting);
    nf_json_number(json, "tail", time->tail);
    nf_json_number(json, "unused", time->unused);
    nf_json_end(json);
}

static void json_durations(struct nf_json *json, const struct nf_statistics_figures *figures)
{
    nf_json_object(json, "seconds");
    nf_json_number(json, "mean", figures->mean);
    nf_json_number(json, "median", figures->median);
    nf_json_number(json, "p95", figures->p95);
    nf_json_number(json, "longest", figures->longest);
    nf_json_unsigned(json, "longest_task", figures->longest_sequence);
    nf_json_number(json, "first_output", figures->first_output);
    nf_json_end(json);
}

void nf_tasks_report_json(struct nf_json *json, const char *key,
                          const struct nf_tasks_report *report)
{
    const struct nf_statistics_figures *figures = &report->figures;
    char advice[NF_ADVICE_SIZE];
    nf_json_object(json, key);
    nf_json_unsigned(json, "slots", figures->slots);
    nf_json_unsigned(json, "cpus_each", report->cpus_each);
    nf_json_unsigned(json, "ended", figures->ended);
    nf_json_number(json, "wall", figures->wall);
    json_time(json, &figures->time);
    json_durations(json, figures);
    nf_json_number(json, "alone", figures->alone_seconds);
    nf_json_unsigned(json, "last_task", figures->last_sequence);
    nf_json_number(json, "processor_seconds", figures->processor_seconds);
    nf_json_number(json, "processors", report->processors);
    nf_json_number(json, "load", report->load);
    nf_json_unsigned(json, "peak_bytes", figures->peak_bytes);
    nf_json_string(json, "interpreter", report->interpreter[0] ? report->interpreter : NULL);
    nf_json_number(json, "start_up", report->start_up);
    nf_json_number(json, "least_wall_predicted", nf_advice_least_wall(report));
    nf_json_string(json, "advice", nf_advice(report, advice));
    nf_json_end(json);
}
