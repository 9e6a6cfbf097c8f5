/* free_memory.c: /proc/meminfo and the memory cgroups. */
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
    return fmin(meminfo(root, "MemTotal:"), limit);
}
