/* earlier.c: the last final end of each task counts, but what was ok once stays ok. */
#include "earlier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task_identity.h"
#include "joblog.h"

static int keep_pattern(char **where, struct nf_journal_text text, nfold_error *err)
{
    free(*where);
    *where = strndup(text.data, text.size);
    return *where != NULL ? 0 : nf_fail_memory(err);
}

static int take_start(struct nf_earlier *earlier, const struct nf_journal_start *start,
                      nfold_error *err)
{
    int rc = 0;
    if (earlier->first_pattern == NULL)
        rc = keep_pattern(&earlier->first_pattern, start->pattern, err);
    return rc < 0 ? rc : keep_pattern(&earlier->last_pattern, start->pattern, err);
}

static int note_end(struct nf_index *index, const struct nf_identity *identity,
                    enum nf_task_status status, uint64_t *tasks, nfold_error *err)
{
    uint32_t *mark = nf_index_at(index, identity, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    *tasks += !(*mark & NF_INDEX_EARLIER);
    *mark |= NF_INDEX_EARLIER;
    if (NF_INDEX_ENDED(*mark) != NF_TASK_OK)
        nf_index_set_ended(mark, status);
    return 0;
}

int nf_earlier_journal(struct nf_earlier *earlier, struct nf_index *index, int fd, const char *path,
                       nfold_error *err)
{
    struct nf_journal_reader reader;
    struct nf_journal_entry entry;
    *earlier = (struct nf_earlier){0};
    int rc = nf_journal_reader_open(&reader, fd, path, err);
    if (rc < 0)
        return rc;
    while ((rc = nf_journal_reader_next(&reader, &entry, err)) > 0) {
        if (entry.type == NF_JOURNAL_START)
            rc = take_start(earlier, &entry.start, err);
        else if (entry.type == NF_JOURNAL_END && entry.end.result.is_final && index != NULL)
            rc =
                note_end(index, &entry.end.identity, entry.end.result.status, &earlier->tasks, err);
        if (rc < 0)
            break;
    }
    earlier->sound_end = reader.sound_end;
    earlier->next_number = reader.next_number;
    earlier->damages = reader.damages;
    earlier->damaged_bytes = reader.damaged_bytes;
    earlier->torn_bytes = reader.torn_bytes;
    earlier->lost_entries = reader.lost_entries;
    nf_journal_reader_close(&reader);
    if (rc < 0)
        nf_earlier_clear(earlier);
    return rc;
}

void nf_earlier_clear(struct nf_earlier *earlier)
{
    free(earlier->first_pattern);
    free(earlier->last_pattern);
    earlier->first_pattern = earlier->last_pattern = NULL;
}

void nf_earlier_explain(const struct nf_earlier *earlier, const char *path, char *text, size_t size)
{
    text[0] = '\0';
    if (earlier->damages > 0)
        snprintf(text, size,
                 "%s is damaged: %" PRIu64 " bytes cannot be read, and %" PRIu64
                 " of its entries are lost; %" PRIu64
                 " tasks are known, the others run again if they are inputs",
                 path, earlier->damaged_bytes, earlier->lost_entries, earlier->tasks);
}

/* ---- a joblog: how many tasks of a command line are ok, and how many failed, is all it tells ----
 */

static void name_count(struct nf_identity *identity, const char *command, int is_ok)
{
    nf_identity_of_command(identity, command);
    nf_identity_of_occurrence(identity, is_ok ? 1 : 2);
}

struct joblog_sum {
    struct nf_index *counts;
    uint64_t tasks;
};

static int take_row(void *user, const struct nf_joblog_row *row, nfold_error *err)
{
    struct joblog_sum *sum = user;
    struct nf_identity identity;
    if (row->status == NF_TASK_CUT)
        return 0;
    name_count(&identity, row->command, row->status == NF_TASK_OK);
    uint32_t *mark = nf_index_at(sum->counts, &identity, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    if (*mark < NF_INDEX_SEEN_MOST)
        *mark += NF_INDEX_SEEN_ONE;
    nf_index_set_ended(mark, row->status);
    sum->tasks++;
    return 0;
}

int nf_earlier_joblog(struct nf_index *counts, const char *path, uint64_t *tasks, nfold_error *err)
{
    uint64_t unreadable;
    struct joblog_sum sum = {.counts = counts};
    int rc = nf_joblog_read(path, take_row, &sum, &unreadable, err);
    *tasks = sum.tasks;
    return rc;
}

int nf_earlier_take(struct nf_index *counts, const char *command)
{
    struct nf_identity identity;
    for (int is_ok = 1; is_ok >= 0; is_ok--) {
        name_count(&identity, command, is_ok);
        uint32_t *mark = nf_index_find(counts, &identity);
        if (mark == NULL || NF_INDEX_SEEN(*mark) == 0)
            continue;
        *mark -= NF_INDEX_SEEN_ONE;
        return NF_INDEX_ENDED(*mark);
    }
    return -1;
}
