/* timeline.h: which slot ran what and when, for a picture. Bounded: a picture of a million tasks
 * has no more room than one of thousands, so that beyond those the failed and the longest are kept
 * one by one and all are counted into bins of time. */
#ifndef NF_TIMELINE_H
#define NF_TIMELINE_H

#include "error.h"
#include "task.h"

#define NF_TIMELINE_TASKS 4000 /* kept one by one */
#define NF_TIMELINE_BINS  480
#define NF_TIMELINE_LANES 128 /* rows of the picture; more slots share them */
#define NF_TIMELINE_LABEL 160 /* bytes of a command, cut at a character */

struct nf_timeline_task {
    uint64_t sequence;
    unsigned slot;
    enum nf_task_status status;
    double began, seconds; /* began: since the origin */
    char *label;
};

/* What a bin tells apart. */
enum nf_timeline_kind {
    NF_TIMELINE_OK,
    NF_TIMELINE_FAILED,
    NF_TIMELINE_STOPPED,
    NF_TIMELINE_KINDS
};

struct nf_timeline;

/* origin: when the run began, by the clock that began of nf_timeline_add is of. */
int nf_timeline_open(struct nf_timeline **timeline, unsigned slots, double origin,
                     nfold_error *err);
void nf_timeline_close(struct nf_timeline *timeline); /* NULL is fine */
/* Out of memory, what is kept becomes less. */
void nf_timeline_add(struct nf_timeline *timeline, uint64_t sequence, const char *label,
                     const struct nf_task_result *result, double began);

/* Tasks that were added; seconds from the origin to the last end. */
uint64_t nf_timeline_count(const struct nf_timeline *timeline);
double nf_timeline_seconds(const struct nf_timeline *timeline);
/* 1: all are kept one by one. */
int nf_timeline_is_whole(const struct nf_timeline *timeline);
/* What is kept, in the order of their starts. */
const struct nf_timeline_task *nf_timeline_tasks(struct nf_timeline *timeline, unsigned *count);
unsigned nf_timeline_lanes(const struct nf_timeline *timeline);
unsigned nf_timeline_lane_slots(const struct nf_timeline *timeline); /* slots that share a lane */
double nf_timeline_bin_seconds(const struct nf_timeline *timeline);
/* The share of the bin's time in which a task of this kind ran. */
double nf_timeline_share(const struct nf_timeline *timeline, unsigned lane, unsigned bin,
                         enum nf_timeline_kind kind);
enum nf_timeline_kind nf_timeline_kind_of(enum nf_task_status status);

#endif
