/* cpus.c: how many processors this process may use: its mask, its cgroups' quota, its Slurm job. */
#include "cpus.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "read_file.h"

#define MOST_CPUS (1u << 20) /* where a growing mask stops */

/* "0-3,8,10-11" is 7 processors; 0 if it cannot be read. */
static unsigned list_count(const char *list)
{
    unsigned count = 0;
    while (*list >= '0' && *list <= '9') {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last < first || last - first >= MOST_CPUS)
            return 0;
        count += (unsigned)(last - first) + 1;
        list = *end == ',' ? end + 1 : end;
    }
    return count;
}

static unsigned read_online(const char *root)
{
    char *list = nf_read_file(root, "/sys/devices/system/cpu/online");
    unsigned count = list ? list_count(list) : 0;
    free(list);
    if (count > 0)
        return count;
    long known = *root ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    return known > 0 ? (unsigned)known : 1;
}

/* The kernel refuses a mask smaller than its own, so the mask grows until it is taken. */
static unsigned count_affinity(void)
{
    for (unsigned most = 1024; most <= MOST_CPUS; most *= 2) {
        cpu_set_t *mask = CPU_ALLOC(most);
        if (!mask)
            return 0;
        size_t size = CPU_ALLOC_SIZE(most);
        CPU_ZERO_S(size, mask);
        int rc = sched_getaffinity(0, size, mask);
        int cause = errno;
        unsigned count = rc == 0 ? (unsigned)CPU_COUNT_S(size, mask) : 0;
        CPU_FREE(mask);
        if (rc == 0 || cause != EINVAL)
            return count;
    }
    return 0;
}

/* Of a recorded machine: the mask as its status file shows it. */
static unsigned recorded_affinity(const char *root)
{
    static const char key[] = "\nCpus_allowed_list:";
    char *status = nf_read_file(root, "/proc/self/status");
    const char *line = status ? strstr(status, key) : NULL;
    unsigned count = 0;
    if (line) {
        line += sizeof key - 1;
        count = list_count(line + strspn(line, " \t"));
    }
    free(status);
    return count;
}

static unsigned read_variable(const char *name)
{
    const char *text = getenv(name);
    if (!text || *text < '0' || *text > '9')
        return 0;
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    return *end == '\0' && count <= MOST_CPUS ? (unsigned)count : 0;
}

/* Whole workers of a quota: the nearest number, because half a processor is worth a worker and a
 * tenth of one is not worth being throttled for. */
static unsigned quota_workers(double quota)
{
    double workers = floor(quota + 0.5);
    if (workers < 1)
        return 1;
    return workers < MOST_CPUS ? (unsigned)workers : MOST_CPUS;
}

static unsigned smallest(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static void read_cpus(struct nf_cpus *cpus, const char *root, const char *slurm_name)
{
    *cpus = (struct nf_cpus){.online = read_online(root)};
    cpus->affinity = *root ? recorded_affinity(root) : count_affinity();
    if (cpus->affinity == 0)
        cpus->affinity = cpus->online;
    cpus->cgroup_quota = nf_cgroup_quota(root, cpus->cgroup_file, sizeof cpus->cgroup_file);
    cpus->slurm_name = slurm_name;
    cpus->slurm = read_variable(slurm_name);
    cpus->allowed = cpus->affinity;
    if (cpus->cgroup_quota > 0)
        cpus->allowed = smallest(cpus->allowed, quota_workers(cpus->cgroup_quota));
    if (cpus->slurm > 0)
        cpus->allowed = smallest(cpus->allowed, cpus->slurm);
}

void nf_cpus_read(struct nf_cpus *cpus, const char *root)
{
    read_cpus(cpus, root, "SLURM_CPUS_PER_TASK");
}

void nf_cpus_read_job(struct nf_cpus *cpus, const char *root)
{
    int is_known = getenv("SLURM_JOB_ID") && read_variable("SLURM_CPUS_ON_NODE") > 0;
    read_cpus(cpus, root, is_known ? "SLURM_CPUS_ON_NODE" : "SLURM_CPUS_PER_TASK");
}

void nf_cpus_explain(const struct nf_cpus *cpus, char *text, size_t size)
{
    int is_quota = cpus->cgroup_quota > 0 && quota_workers(cpus->cgroup_quota) == cpus->allowed;
    if (cpus->allowed >= cpus->online)
        snprintf(text, size, "%u of %u", cpus->allowed, cpus->online);
    else if (cpus->affinity == cpus->allowed)
        snprintf(text, size,
                 "%u of %u: this process is bound to %u of them (taskset, Slurm, or a container)",
                 cpus->allowed, cpus->online, cpus->affinity);
    else if (is_quota)
        snprintf(text, size, "%u of %u: the cgroup allows %u.%u processors (%s)", cpus->allowed,
                 cpus->online, (unsigned)(cpus->cgroup_quota + 0.05),
                 (unsigned)((cpus->cgroup_quota + 0.05) * 10) % 10, cpus->cgroup_file);
    else
        snprintf(text, size, "%u of %u: %s is %u", cpus->allowed, cpus->online, cpus->slurm_name,
                 cpus->slurm);
}
