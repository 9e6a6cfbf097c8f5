/* record.c: what is done, what is to be done, and the sum of it. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "index.h"

struct nf_record {
    char *pattern_text; /* what identities are made of */
    struct nf_index *index;
    struct nf_record_counts counts;
};

int nf_record_open(struct nf_record **record, const nfold_options *options,
                   const char *pattern_text, char *const *argv, nfold_error *err)
{
    (void)options, (void)argv;
    struct nf_record *made = calloc(1, sizeof *made);
    *record = NULL;
    if (made == NULL)
        return nf_fail_memory(err);
    made->pattern_text = strdup(pattern_text);
    int rc = made->pattern_text != NULL ? nf_index_open(&made->index, err) : nf_fail_memory(err);
    if (rc < 0) {
        free(made->pattern_text);
        free(made);
        return rc;
    }
    *record = made;
    return 0;
}

int nf_record_admit(struct nf_record *record, struct nf_task *task, const char *command,
                    nfold_error *err)
{
    (void)command;
    nf_identity_of_values(&task->identity, record->pattern_text, task);
    uint32_t *mark = nf_index_at(record->index, &task->identity, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    if (*mark < NF_INDEX_SEEN_MOST)
        *mark += NF_INDEX_SEEN_ONE;
    nf_identity_of_occurrence(&task->identity, NF_INDEX_SEEN(*mark));
    record->counts.submitted++;
    return 1;
}

void nf_record_began(struct nf_record *record, const struct nf_task *task, unsigned slot)
{
    (void)record, (void)task, (void)slot;
}

int nf_record_ended(struct nf_record *record, const struct nf_task *task, const char *command,
                    const struct nf_task_result *result, nfold_error *err)
{
    (void)task, (void)command, (void)err;
    if (result->is_final)
        record->counts.status[result->status]++;
    else
        record->counts.retries++;
    return 0;
}

int nf_record_not_started(struct nf_record *record, const struct nf_task *task,
                          enum nf_task_status status, nfold_error *err)
{
    (void)task, (void)err;
    record->counts.status[status]++;
    return 0;
}

double nf_record_tick(struct nf_record *record, int is_urgent, nfold_error *err)
{
    (void)record, (void)is_urgent, (void)err;
    return 1;
}

const char *nf_record_directory(const struct nf_record *record)
{
    (void)record;
    return NULL;
}

const struct nf_record_counts *nf_record_counts(const struct nf_record *record)
{
    return &record->counts;
}

int nf_record_close(struct nf_record *record, int *balances, nfold_error *err)
{
    (void)err;
    uint64_t sum = 0;
    if (record == NULL)
        return 0;
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        sum += record->counts.status[i];
    *balances = sum == record->counts.submitted;
    nf_index_close(record->index);
    free(record->pattern_text);
    free(record);
    return 0;
}
