/* memory_limit.c: admitting, holding to the limit, and naming what went over it. */
#include "memory_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "descendants.h"
#include "free_memory.h"
#include "number.h"
#include "read_file.h"
#include "task_memory.h"

#define EXIT_OF_KILLED 137 /* what a shell says of a child that SIGKILL ended */

/* Of the whole machine where our group does not count them. */
static unsigned long long kernel_kills(void)
{
    unsigned long long kills = nf_cgroup_oom_kills("");
    char *text = nf_read_file("", "/proc/vmstat");
    const char *line = text ? strstr(text, "\noom_kill ") : NULL;
    if (line)
        kills += strtoull(line + strlen("\noom_kill "), NULL, 10);
    free(text);
    return kills;
}

static void scale(double bytes, char text[NF_NUMBER_SIZE])
{
    static const char units[] = "\0KMGTP";
    unsigned unit = 0;
    while (bytes >= 1024 && unit + 2 < sizeof units) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, NF_NUMBER_SIZE, unit > 0 ? "%.4g %ciB" : "%.4g bytes", bytes, units[unit]);
}

static int check_whole(double limit, nfold_error *err)
{
    double whole = nf_whole_memory("");
    char wanted[NF_NUMBER_SIZE], there[NF_NUMBER_SIZE];
    if (limit <= whole)
        return 0;
    scale(limit, wanted);
    scale(whole, there);
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'mem-per-task': a task cannot have %s: %s is all that may be used here",
                   wanted, there);
}

static void open_groups(struct nf_memory_limit *memory)
{
    memory->group = memory->slots > 0 ? calloc(memory->slots, sizeof *memory->group) : NULL;
    memory->is_grouped = memory->group != NULL;
    for (unsigned i = 0; memory->is_grouped && i < memory->slots; i++)
        memory->is_grouped = nf_memory_group_open(&memory->group[i], memory->run, i + 1) == 0;
    if (!memory->is_grouped)
        nf_memory_limit_close(memory);
}

int nf_memory_limit_open(struct nf_memory_limit *memory, const nfold_options *options,
                         unsigned slots, pid_t run, nfold_error *err)
{
    double limit = nf_options_size(options, "mem-per-task");
    *memory = (struct nf_memory_limit){.slots = slots, .run = run};
    memory->kills = kernel_kills();
    if (isnan(limit) || limit <= 0)
        return 0;
    int rc = check_whole(limit, err);
    if (rc < 0)
        return rc;
    memory->limit = (uint64_t)limit;
    open_groups(memory);
    if (!memory->is_grouped && !nf_descendants_can_be_seen())
        return nf_fail(err, NFOLD_E_MISSING,
                       "option 'mem-per-task': the memory of tasks cannot be seen: /proc is not "
                       "mounted, or not that of this process namespace (unshare --mount-proc)");
    return 0;
}

void nf_memory_limit_close(struct nf_memory_limit *memory)
{
    for (unsigned i = 0; memory->group && i < memory->slots; i++)
        nf_memory_group_close(&memory->group[i]);
    free(memory->group);
    memory->group = NULL;
    memory->is_grouped = 0;
}

uint64_t nf_memory_limit_raise(const struct nf_memory_limit *memory, uint64_t before, double factor)
{
    double raised =
        fmin((double)(before > 0 ? before : memory->limit) * factor, nf_whole_memory(""));
    return memory->limit > 0 && factor > 0 ? (uint64_t)raised : 0;
}

/* What the others may still take counts as taken. A Slurm job's memory is asked for by a number,
 * and not every cluster has a cgroup that holds the job to it. */
int nf_memory_limit_admits(const struct nf_memory_limit *memory, uint64_t limit,
                           const struct nf_attempt *attempts, unsigned count)
{
    if (memory->limit == 0)
        return 1;
    double left = nf_free_memory(""), left_of_job = nf_job_memory();
    for (unsigned i = 0; i < count; i++) {
        const struct nf_attempt *other = &attempts[i];
        if (other->pid == 0)
            continue;
        left -= fmax(0, (double)other->memory_limit - (double)other->memory_now);
        left_of_job -= fmax((double)other->memory_limit, (double)other->memory_now);
    }
    return fmin(left, left_of_job) >= (double)(limit > 0 ? limit : memory->limit);
}

void nf_memory_limit_begin(struct nf_memory_limit *memory, struct nf_attempt *attempt,
                           int *processes)
{
    *processes = -1;
    attempt->memory_now = attempt->memory_peak = 0;
    if (memory->limit == 0)
        return;
    if (attempt->memory_limit == 0)
        attempt->memory_limit = memory->limit;
    struct nf_memory_group *group =
        memory->is_grouped ? &memory->group[attempt->slot->number - 1] : NULL;
    if (group && nf_memory_group_begin(group, attempt->memory_limit) == 0)
        *processes = group->processes;
}

int nf_memory_limit_look(const struct nf_memory_limit *memory, struct nf_attempt *attempt)
{
    if (memory->limit == 0 || nf_attempt_pid(attempt) <= 0 || attempt->is_ending)
        return 0;
    attempt->memory_now = nf_task_memory(attempt->pid, attempt->memory_limit);
    if (attempt->memory_now > attempt->memory_peak)
        attempt->memory_peak = attempt->memory_now;
    return attempt->memory_now > attempt->memory_limit;
}

static int is_killed(const struct nf_task_result *result)
{
    return result->status == NF_TASK_SIGNALLED ? result->signal == 9
                                               : result->exit_code == EXIT_OF_KILLED;
}

void nf_memory_limit_end(struct nf_memory_limit *memory, struct nf_attempt *attempt,
                         struct nf_task_result *result)
{
    int is_over = 0;
    if (memory->is_grouped) {
        uint64_t peak;
        is_over = nf_memory_group_end(&memory->group[attempt->slot->number - 1], &peak) &&
                  result->status != NF_TASK_OK;
        if (peak > 0)
            result->peak_bytes = peak;
    }
    if (!is_over && !attempt->is_ending && is_killed(result)) {
        unsigned long long kills = kernel_kills();
        is_over = kills > memory->kills;
        memory->kills = kills;
    }
    if (is_over && !attempt->is_ending)
        result->status = NF_TASK_OOM;
}
