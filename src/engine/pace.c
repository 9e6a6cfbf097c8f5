/* pace.c: doubles the items of a call until one takes about a millisecond. */
#include "pace.h"

#include <math.h>
#include <sched.h>

#include "clock.h"

#define CALL_SECONDS  1e-3  /* aim of one call of a function that may be slow */
#define CLOCK_SECONDS 50e-6 /* between two looks at the clock */

/* The clock was just read: choose the grain, and when to read it again. */
static void adapt_pace(struct nf_pace *pace, double now)
{
    double each = (now - pace->read_at) / (double)pace->items, wanted;
    pace->seconds_each = each;
    wanted = each > 0 ? CALL_SECONDS / each : 2.0 * (double)pace->grain;
    wanted = fmin(wanted, 2.0 * (double)pace->grain);
    pace->grain = wanted < 1 ? 1 : (uint64_t)wanted;
    pace->countdown = 1;
    if (each > 0 && each * (double)pace->grain < CLOCK_SECONDS)
        pace->countdown = 1 + (uint64_t)(CLOCK_SECONDS / (each * (double)pace->grain));
    if (pace->countdown > 2 * pace->grain)
        pace->countdown = 2 * pace->grain; /* a first item may mislead: look again soon */
}

void nf_pace_start(struct nf_pace *pace, int takes_turns)
{
    *pace = (struct nf_pace){.grain = 1, .countdown = 1, .takes_turns = takes_turns};
}

void nf_pace_resume(struct nf_pace *pace, double now)
{
    pace->items = 0;
    pace->read_at = now;
}

void nf_pace_keep(struct nf_pace *pace, uint64_t items, uint64_t grain_max)
{
    double now;
    pace->items += items;
    if (--pace->countdown > 0)
        return;
    now = nf_clock_now();
    adapt_pace(pace, now);
    if (pace->grain > grain_max)
        pace->grain = grain_max;
    if (pace->takes_turns) {
        sched_yield();
        now = nf_clock_now();
    }
    nf_pace_resume(pace, now);
}
