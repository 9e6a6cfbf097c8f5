/* task.c: the names of the statuses, and what a task owns. */
#include "task.h"

#include <stdlib.h>
#include <string.h>

static const char *const status_names[NF_TASK_STATUS_COUNT] = {
#define NF_TASK_STATUS_TEXT(name, text) text,
    NF_TASK_STATUSES(NF_TASK_STATUS_TEXT)
#undef NF_TASK_STATUS_TEXT
};

const char *nf_task_status_name(enum nf_task_status status)
{
    return status_names[status];
}

int nf_task_status_find(const char *name)
{
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        if (strcmp(status_names[i], name) == 0)
            return i;
    return -1;
}

void nf_task_clear(struct nf_task *task)
{
    for (unsigned i = 0; i < task->value_count; i++)
        free(task->values[i]);
    free(task->values);
    *task = (struct nf_task){0};
}
