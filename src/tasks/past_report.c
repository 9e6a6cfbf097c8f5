/* past_report.c: reads a journal twice: how many slots there were, and then what they did. */
#include "past_report.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_reader.h"

struct past {
    unsigned slots;
    struct nf_statistics *statistics;
    struct nf_timeline *timeline; /* NULL: no picture */
    double last;                  /* the last end, of the run's own time */
    double offset;                /* what the clock was ahead of that */
};

static int read_all(const struct nf_history *history, struct past *past,
                    int (*take)(struct past *past, const struct nf_journal_entry *entry,
                                nfold_error *err),
                    nfold_error *err)
{
    struct nf_journal_reader reader;
    struct nf_journal_entry entry;
    int fd = open(history->journal, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return nf_fail_errno(err, "cannot read '%s'", history->journal);
    int rc = nf_journal_reader_open(&reader, fd, history->journal, err);
    while (rc >= 0 && (rc = nf_journal_reader_next(&reader, &entry, err)) > 0)
        rc = take(past, &entry, err);
    nf_journal_reader_close(&reader);
    close(fd);
    return rc;
}

static int count_slots(struct past *past, const struct nf_journal_entry *entry, nfold_error *err)
{
    (void)err;
    if (entry->type == NF_JOURNAL_END && entry->end.result.slot > past->slots)
        past->slots = entry->end.result.slot;
    return 0;
}

static int draw(struct past *past, const struct nf_journal_end *end, double began, nfold_error *err)
{
    char *label = strndup(end->command.size > 0 ? end->command.data : "", end->command.size);
    if (!label)
        return nf_fail_memory(err);
    nf_timeline_add(past->timeline, end->sequence, label, &end->result, began);
    free(label);
    return 0;
}

static int take_end(struct past *past, const struct nf_journal_end *end, nfold_error *err)
{
    const struct nf_task_result *result = &end->result;
    double began = result->began - past->offset;
    if (result->slot == 0)
        return 0; /* it never began */
    nf_statistics_began(past->statistics, result->slot, began);
    nf_statistics_name_task(past->statistics, result->slot, end->sequence);
    nf_statistics_ended(past->statistics, result, began + result->seconds);
    past->last = fmax(past->last, began + result->seconds);
    return past->timeline ? draw(past, end, began, err) : 0;
}

static int take(struct past *past, const struct nf_journal_entry *entry, nfold_error *err)
{
    if (entry->type == NF_JOURNAL_START)
        past->offset = entry->start.when - past->last;
    return entry->type == NF_JOURNAL_END ? take_end(past, &entry->end, err) : 0;
}

int nf_past_report(const struct nf_history *history, struct nf_tasks_report *report,
                   struct nf_timeline **timeline, nfold_error *err)
{
    struct past past = {0};
    int rc = read_all(history, &past, count_slots, err);
    if (past.slots == 0)
        past.slots = 1;
    if (rc >= 0)
        rc = nf_statistics_open(&past.statistics, past.slots, err);
    if (rc >= 0 && timeline)
        rc = nf_timeline_open(&past.timeline, past.slots, 0, err);
    if (rc >= 0)
        rc = read_all(history, &past, take, err);
    if (rc >= 0)
        nf_tasks_report_make(report, past.statistics, history->status, NULL);
    nf_statistics_close(past.statistics);
    if (rc < 0)
        nf_timeline_close(past.timeline);
    else if (timeline)
        *timeline = past.timeline;
    return rc;
}
