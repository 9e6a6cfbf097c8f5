/* timeline.c: bins whose width doubles when time runs out of them, and a list of single tasks that
 * is thinned out when it is full. */
#include "timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY    (2 * NF_TIMELINE_TASKS) /* thinned out to half of it */
#define FIRST_WIDTH 1e-3

struct nf_timeline {
    unsigned slots, lanes, lane_slots;
    double origin, end, width;
    uint64_t added;
    unsigned count;
    struct nf_timeline_task task[CAPACITY];
    float bin[][NF_TIMELINE_BINS][NF_TIMELINE_KINDS]; /* seconds, by lane */
};

int nf_timeline_open(struct nf_timeline **timeline, unsigned slots, double origin, nfold_error *err)
{
    unsigned lane_slots = (slots + NF_TIMELINE_LANES - 1) / NF_TIMELINE_LANES;
    unsigned lanes = lane_slots > 0 ? (slots + lane_slots - 1) / lane_slots : 0;
    *timeline = calloc(1, sizeof **timeline + lanes * sizeof(*timeline)->bin[0]);
    if (!*timeline)
        return nf_fail_memory(err);
    (*timeline)->slots = slots;
    (*timeline)->lanes = lanes;
    (*timeline)->lane_slots = lane_slots;
    (*timeline)->width = FIRST_WIDTH;
    (*timeline)->origin = origin;
    return 0;
}

void nf_timeline_close(struct nf_timeline *timeline)
{
    for (unsigned i = 0; timeline && i < timeline->count; i++)
        free(timeline->task[i].label);
    free(timeline);
}

enum nf_timeline_kind nf_timeline_kind_of(enum nf_task_status status)
{
    switch (status) {
    case NF_TASK_OK:
        return NF_TIMELINE_OK;
    case NF_TASK_CUT:
    case NF_TASK_PREEMPTED:
    case NF_TASK_NOT_STARTED:
        return NF_TIMELINE_STOPPED;
    default:
        return NF_TIMELINE_FAILED;
    }
}

/* ---- bins ---- */

static void double_width(struct nf_timeline *timeline)
{
    for (unsigned lane = 0; lane < timeline->lanes; lane++) {
        float(*bin)[NF_TIMELINE_KINDS] = timeline->bin[lane];
        for (unsigned i = 0; i < NF_TIMELINE_BINS; i++)
            for (unsigned kind = 0; kind < NF_TIMELINE_KINDS; kind++)
                bin[i][kind] =
                    i < NF_TIMELINE_BINS / 2 ? bin[2 * i][kind] + bin[2 * i + 1][kind] : 0;
    }
    timeline->width *= 2;
}

static void fill_bins(struct nf_timeline *timeline, unsigned lane, enum nf_timeline_kind kind,
                      double from, double to)
{
    while (to >= timeline->width * NF_TIMELINE_BINS)
        double_width(timeline);
    unsigned last = (unsigned)(to / timeline->width);
    for (unsigned i = (unsigned)(from / timeline->width); i <= last; i++) {
        double begin = fmax(from, i * timeline->width);
        double end = fmin(to, (i + 1) * timeline->width);
        timeline->bin[lane][i][kind] += (float)fmax(0, end - begin);
    }
}

/* ---- single tasks ---- */

/* What is not ok comes first, and then the longest. */
static int by_weight(const void *left, const void *right)
{
    const struct nf_timeline_task *a = left, *b = right;
    int fails_a = a->status != NF_TASK_OK, fails_b = b->status != NF_TASK_OK;
    if (fails_a != fails_b)
        return fails_b - fails_a;
    return (a->seconds < b->seconds) - (a->seconds > b->seconds);
}

static int by_start(const void *left, const void *right)
{
    const struct nf_timeline_task *a = left, *b = right;
    if (a->began != b->began)
        return a->began < b->began ? -1 : 1;
    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static void thin_out(struct nf_timeline *timeline)
{
    if (timeline->count <= NF_TIMELINE_TASKS)
        return;
    qsort(timeline->task, timeline->count, sizeof timeline->task[0], by_weight);
    while (timeline->count > NF_TIMELINE_TASKS)
        free(timeline->task[--timeline->count].label);
}

/* As much of it as there is room for, not ending inside of a character. */
static char *cut_label(const char *label)
{
    size_t length = strlen(label);
    if (length <= NF_TIMELINE_LABEL)
        return strdup(label);
    length = NF_TIMELINE_LABEL - 3;
    while (length > 0 && ((unsigned char)label[length] & 0xC0) == 0x80)
        length--;
    char *cut = malloc(length + sizeof "…");
    if (cut) {
        memcpy(cut, label, length);
        memcpy(cut + length, "…", sizeof "…");
    }
    return cut;
}

void nf_timeline_add(struct nf_timeline *timeline, uint64_t sequence, const char *label,
                     const struct nf_task_result *result, double began)
{
    if (result->slot < 1 || timeline->slots < 1)
        return;
    unsigned slot = (result->slot - 1) % timeline->slots + 1; /* -j FILE: there are more by now */
    double from = fmax(0, began - timeline->origin), to = from + fmax(0, result->seconds);
    timeline->end = fmax(timeline->end, to);
    timeline->added++;
    fill_bins(timeline, (slot - 1) / timeline->lane_slots, nf_timeline_kind_of(result->status),
              from, to);
    if (timeline->count == CAPACITY)
        thin_out(timeline);
    char *text = cut_label(label);
    if (!text)
        return;
    timeline->task[timeline->count++] = (struct nf_timeline_task){.sequence = sequence,
                                                                  .slot = slot,
                                                                  .status = result->status,
                                                                  .began = from,
                                                                  .seconds = result->seconds,
                                                                  .label = text};
}

/* ---- reading ---- */

uint64_t nf_timeline_count(const struct nf_timeline *timeline)
{
    return timeline->added;
}

double nf_timeline_seconds(const struct nf_timeline *timeline)
{
    return timeline->end;
}

int nf_timeline_is_whole(const struct nf_timeline *timeline)
{
    return timeline->added <= NF_TIMELINE_TASKS && timeline->added == timeline->count;
}

const struct nf_timeline_task *nf_timeline_tasks(struct nf_timeline *timeline, unsigned *count)
{
    thin_out(timeline);
    qsort(timeline->task, timeline->count, sizeof timeline->task[0], by_start);
    *count = timeline->count;
    return timeline->task;
}

unsigned nf_timeline_lanes(const struct nf_timeline *timeline)
{
    return timeline->lanes;
}

unsigned nf_timeline_lane_slots(const struct nf_timeline *timeline)
{
    return timeline->lane_slots;
}

double nf_timeline_bin_seconds(const struct nf_timeline *timeline)
{
    return timeline->width;
}

double nf_timeline_share(const struct nf_timeline *timeline, unsigned lane, unsigned bin,
                         enum nf_timeline_kind kind)
{
    double slots = timeline->lane_slots;
    if (lane == timeline->lanes - 1)
        slots = timeline->slots - (timeline->lanes - 1) * timeline->lane_slots;
    return fmin(1, timeline->bin[lane][bin][kind] / (slots * timeline->width));
}
