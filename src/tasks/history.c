/* history.c: a journal, summed up. */
#include "history.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_reader.h"
#include "run_directory.h"

/* ---- reading ---- */

static int take_start(struct nf_history *history, const struct nf_journal_start *start,
                      nfold_error *err)
{
    history->starts++;
    history->last = start->when;
    history->is_closed = 0;
    if (isnan(history->began))
        history->began = start->when;
    if (history->pattern != NULL)
        return 0;
    history->pattern = strndup(start->pattern.data, start->pattern.size);
    return history->pattern != NULL ? 0 : nf_fail_memory(err);
}

/* The mark keeps the number of the entry in place of what was seen. */
static uint32_t number_bits(uint64_t number)
{
    return (uint32_t)(number & (UINT32_MAX >> 5)) << 5;
}

static int take_end(struct nf_history *history, const struct nf_journal_entry *entry,
                    nfold_error *err)
{
    const struct nf_task_result *result = &entry->end.result;
    history->last = fmax(history->last, result->began + result->seconds);
    history->task_seconds += result->seconds;
    history->has_output |= result->output_at > 0;
    if (!result->is_final)
        return 0;
    uint32_t *mark = nf_index_at(history->index, &entry->end.identity, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    int before = NF_INDEX_ENDED(*mark);
    history->twice += before == NF_TASK_OK && result->status == NF_TASK_OK;
    if (before == NF_TASK_OK)
        return 0;
    if (before >= 0)
        history->status[before]--;
    else
        history->tasks++;
    history->status[result->status]++;
    *mark = number_bits(entry->number);
    nf_index_set_ended(mark, result->status);
    return 0;
}

static void take_close(struct nf_history *history, const struct nf_journal_close *close)
{
    history->is_closed = 1;
    history->last = close->when;
    history->submitted = close->submitted;
    history->is_input_over = close->is_input_over;
    snprintf(history->why, sizeof history->why, "%.*s", (int)close->why.size, close->why.data);
}

static int take_entry(struct nf_history *history, const struct nf_journal_entry *entry,
                      nfold_error *err)
{
    switch (entry->type) {
    case NF_JOURNAL_START:
        return take_start(history, &entry->start, err);
    case NF_JOURNAL_END:
        return take_end(history, entry, err);
    case NF_JOURNAL_CLOSE:
        take_close(history, &entry->close);
        return 0;
    default:
        return 0;
    }
}

static void explain_damage(struct nf_history *history, const struct nf_journal_reader *reader)
{
    if (reader->damages > 0)
        snprintf(history->note, sizeof history->note,
                 "%s is damaged: %" PRIu64 " bytes cannot be read, %" PRIu64
                 " of its entries are lost",
                 history->journal, reader->damaged_bytes, reader->lost_entries);
}

/* Calls take for each entry. */
static int read_journal(struct nf_history *history,
                        int (*take)(void *user, const struct nf_journal_entry *entry,
                                    nfold_error *err),
                        void *user, nfold_error *err)
{
    struct nf_journal_reader reader;
    struct nf_journal_entry entry;
    int fd = open(history->journal, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return nf_fail_errno(err, "cannot read %s", history->journal);
    int rc = nf_journal_reader_open(&reader, fd, history->journal, err);
    if (rc >= 0) {
        while ((rc = nf_journal_reader_next(&reader, &entry, err)) > 0)
            if ((rc = take(user, &entry, err)) < 0)
                break;
        explain_damage(history, &reader);
        nf_journal_reader_close(&reader);
    }
    close(fd);
    return rc;
}

static int take_any(void *user, const struct nf_journal_entry *entry, nfold_error *err)
{
    return take_entry(user, entry, err);
}

int nf_history_open(struct nf_history *history, const char *path, nfold_error *err)
{
    *history = (struct nf_history){.began = NAN, .last = NAN};
    history->path = strdup(path);
    history->journal = nf_run_directory_file(path, "journal");
    if (history->path == NULL || history->journal == NULL)
        return nf_fail_memory(err);
    int rc = nf_index_open(&history->index, err);
    if (rc >= 0)
        rc = nf_run_command_read(&history->command, path, err);
    history->is_running = nf_run_directory_is_locked(path);
    return rc < 0 ? rc : read_journal(history, take_any, history, err);
}

void nf_history_close(struct nf_history *history)
{
    nf_run_command_clear(&history->command);
    nf_index_close(history->index);
    free(history->path);
    free(history->journal);
    free(history->pattern);
    *history = (struct nf_history){0};
}

/* ---- what it says ---- */

const char *nf_history_state(const struct nf_history *history)
{
    if (history->is_running)
        return "running";
    if (!history->is_closed)
        return "died";
    if (!history->is_input_over || history->submitted > history->tasks ||
        history->status[NF_TASK_CUT] + history->status[NF_TASK_PREEMPTED] > 0)
        return "stopped";
    return history->status[NF_TASK_OK] == history->tasks ? "done" : "failed";
}

const char *nf_history_name(const struct nf_history *history)
{
    const char *slash = strrchr(history->path, '/');
    return slash != NULL ? slash + 1 : history->path;
}

int nf_history_is_last(const struct nf_history *history, const struct nf_journal_entry *entry)
{
    const uint32_t *mark = nf_index_find(history->index, &entry->end.identity);
    return mark != NULL && (*mark & ~UINT32_C(31)) == number_bits(entry->number);
}

int nf_history_output(const struct nf_history *history, struct nf_container **container,
                      nfold_error *err)
{
    *container = NULL;
    if (!history->has_output)
        return 0;
    char *path = nf_run_directory_file(history->path, "output");
    int rc = path != NULL ? nf_container_read_file(container, path, err) : nf_fail_memory(err);
    free(path);
    return rc;
}

struct ends {
    int (*visit)(void *user, const struct nf_journal_entry *entry, nfold_error *err);
    void *user;
};

static int visit_end(void *user, const struct nf_journal_entry *entry, nfold_error *err)
{
    const struct ends *ends = user;
    return entry->type == NF_JOURNAL_END ? ends->visit(ends->user, entry, err) : 0;
}

int nf_history_each(const struct nf_history *history,
                    int (*visit)(void *user, const struct nf_journal_entry *entry,
                                 nfold_error *err),
                    void *user, nfold_error *err)
{
    struct ends ends = {visit, user};
    struct nf_history copy = *history; /* what it notes is known already */
    return read_journal(&copy, visit_end, &ends, err);
}
