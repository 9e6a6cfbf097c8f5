/* free_memory.c: /proc/meminfo, the memory cgroups, the Slurm job. */
#include "free_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "read_file.h"

/* "MemAvailable:   12345 kB" in bytes. */
static double meminfo(const char *root, const char *word)
{
    char *text = nf_read_file(root, "/proc/meminfo");
    const char *line = text ? strstr(text, word) : NULL;
    double bytes = line ? 1024 * strtod(line + strlen(word), NULL) : INFINITY;
    free(text);
    return bytes;
}

/* Slurm's variables are in MB; 0 is all that the node has. */
static double mebibytes(const char *name)
{
    const char *text = getenv(name);
    char *end;
    double value = text ? strtod(text, &end) : 0;
    return text && end != text && *end == '\0' && value > 0 ? value * 1048576 : INFINITY;
}

double nf_job_memory(void)
{
    const char *cpus = getenv("SLURM_CPUS_ON_NODE");
    if (!getenv("SLURM_JOB_ID"))
        return INFINITY;
    double of_cpus =
        cpus && atoi(cpus) > 0 ? atoi(cpus) * mebibytes("SLURM_MEM_PER_CPU") : INFINITY;
    return fmin(mebibytes("SLURM_MEM_PER_NODE"), of_cpus);
}

double nf_free_memory(const char *root)
{
    double limit, left;
    nf_cgroup_memory(root, &limit, &left);
    return fmin(meminfo(root, "MemAvailable:"), left);
}

double nf_whole_memory(const char *root)
{
    double limit, left;
    nf_cgroup_memory(root, &limit, &left);
    return fmin(fmin(meminfo(root, "MemTotal:"), limit), *root ? INFINITY : nf_job_memory());
}
