/* gate.c: --delay, --load, --memfree. What the machine says is looked at ten times a second at
 * most; an open gate holds for one start, because a task needs a while until it can be seen. */
#include "gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "duration.h"
#include "free_memory.h"
#include "number.h"
#include "read_file.h"

#define LOOK_SECONDS 0.1
#define LEAST_LOAD   0.01
/* As GNU parallel has them. */
#define STARVED_SHARE 0.5
#define DELAY_MORE    1.3
#define DELAY_LESS    0.9

/* As -j: 8, 50%, +2, -1, where what is not a plain number counts from the allowed CPUs. */
static int read_load(struct nf_gate *gate, const char *text, nfold_error *err)
{
    double value;
    int is_more = text[0] == '+', is_less = text[0] == '-';
    const char *digits = text + (is_more || is_less);
    size_t used = nf_number_read(digits, &value);
    int is_share = used > 0 && digits == text && digits[used] == '%';
    if (used == 0 || digits[used + (size_t)is_share] != '\0')
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'load': '%s' is not a number such as 8, 100%%, +2 or -1", text);
    if (is_share || is_more || is_less) {
        struct nf_cpus cpus;
        nf_cpus_read_job(&cpus, "");
        value = is_share  ? value * cpus.allowed / 100
                : is_more ? cpus.allowed + value
                          : cpus.allowed - value;
    }
    gate->load = value > 0 ? value : LEAST_LOAD;
    return 0;
}

/* 0.5, 10s, 1m30s; 10sauto: it goes by how tasks end. */
static int read_delay(struct nf_gate *gate, const char *text, nfold_error *err)
{
    static const char automatic[] = "auto";
    size_t size = strlen(text), word = sizeof automatic - 1;
    gate->is_delay_automatic = size > word && strcmp(text + size - word, automatic) == 0;
    char *time = strndup(text, size - (gate->is_delay_automatic ? word : 0));
    if (!time)
        return nf_fail_memory(err);
    gate->delay = nf_duration_read(time);
    free(time);
    if (gate->delay >= 0)
        return 0;
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'delay': '%s' is not a time such as 0.5, 10s or 1m, nor one with auto "
                   "behind it",
                   text);
}

int nf_gate_read(struct nf_gate *gate, const nfold_options *options, nfold_error *err)
{
    const char *delay = nf_options_text(options, "delay");
    const char *load = nf_options_text(options, "load");
    double memfree = nf_options_size(options, "memfree");
    *gate = (struct nf_gate){.load = INFINITY, .memfree = isnan(memfree) ? 0 : memfree};
    int rc = delay ? read_delay(gate, delay, err) : 0;
    return rc >= 0 && load ? read_load(gate, load, err) : rc;
}

/* A number behind a word of /proc/stat. */
static double stat_number(const char *text, const char *word)
{
    const char *line = text ? strstr(text, word) : NULL;
    return line ? strtod(line + strlen(word), NULL) : 0;
}

/* Processes that run or wait for a disk now, without us. Not the mean over a minute: that rises
 * only after every slot is filled. */
static double load_now(void)
{
    char *text = nf_read_file("", "/proc/stat");
    double running = stat_number(text, "\nprocs_running "),
           blocked = stat_number(text, "\nprocs_blocked ");
    free(text);
    return running + blocked - 1;
}

static int look(const struct nf_gate *gate)
{
    if (isfinite(gate->load) && load_now() >= gate->load)
        return 0;
    return gate->memfree == 0 || nf_free_memory("") >= gate->memfree;
}

double nf_gate_closed_until(struct nf_gate *gate, double now)
{
    if (now < gate->next_start)
        return gate->next_start;
    if (!isfinite(gate->load) && gate->memfree == 0)
        return 0;
    if (!gate->is_open && now >= gate->next_look) {
        gate->is_open = look(gate);
        gate->next_look = now + LOOK_SECONDS;
    }
    return gate->is_open ? 0 : gate->next_look;
}

int nf_gate_is_starved(const struct nf_gate *gate)
{
    return gate->memfree > 0 && nf_free_memory("") < STARVED_SHARE * gate->memfree;
}

void nf_gate_started(struct nf_gate *gate, double now)
{
    if (gate->delay > 0) /* else the next slot is filled in this turn */
        gate->next_start = now + gate->delay;
    gate->is_open = 0;
}

void nf_gate_ended(struct nf_gate *gate, int is_ok)
{
    if (gate->is_delay_automatic)
        gate->delay *= is_ok ? DELAY_LESS : DELAY_MORE;
}
