/* pace.h: how many items go into one call of a function that may be slow, so that it is asked about
 * once a millisecond whether to stop; and how many calls pass between two looks at the clock. */
#ifndef NF_PACE_H
#define NF_PACE_H

#include <stdint.h>

struct nf_pace {
    uint64_t grain;     /* items in the next call, at most */
    uint64_t countdown; /* calls until the clock is read */
    uint64_t items;     /* since it was read */
    double read_at;
    double seconds_each; /* one item; 0: not known yet */
    int takes_turns;     /* gives the processor away when the clock is read */
};

/* Of a function that nothing is known about: one item. takes_turns: see the member. */
void nf_pace_start(struct nf_pace *pace, int takes_turns);
/* Calls begin again after something else; now: the clock. */
void nf_pace_resume(struct nf_pace *pace, double now);
/* After a call of `items` items. grain_max: more never go into one call. */
void nf_pace_keep(struct nf_pace *pace, uint64_t items, uint64_t grain_max);

#endif
