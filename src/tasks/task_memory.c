/* task_memory.c: /proc/PID/statm, and smaps_rollup where that is too coarse. */
#include "task_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descendants.h"

static int read_text(pid_t pid, const char *file, char *text, size_t size)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/%s", (int)pid, file);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? 0 : -1;
}

/* The second number: pages that are in memory, shared ones whole. */
static uint64_t resident(pid_t pid)
{
    char text[256];
    unsigned long long pages;
    if (read_text(pid, "statm", text, sizeof text) < 0 || sscanf(text, "%*u %llu", &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Shared pages are divided by the number of processes that have them. */
static uint64_t proportional(pid_t pid)
{
    char text[2048];
    if (read_text(pid, "smaps_rollup", text, sizeof text) < 0)
        return resident(pid);
    const char *line = strstr(text, "\nPss:");
    return line ? 1024 * strtoull(line + strlen("\nPss:"), NULL, 10) : resident(pid);
}

static uint64_t sum(pid_t task, const struct nf_descendants *below, uint64_t (*measure)(pid_t))
{
    uint64_t bytes = measure(task);
    for (size_t i = 0; i < below->count; i++)
        bytes += measure(below->pid[i]);
    return bytes;
}

uint64_t nf_task_memory(pid_t task, uint64_t exact_above)
{
    struct nf_descendants below = {0};
    if (nf_descendants_find(&below, task) < 0)
        return 0;
    uint64_t bytes = sum(task, &below, resident);
    if (bytes > exact_above && below.count > 0)
        bytes = sum(task, &below, proportional);
    nf_descendants_clear(&below);
    return bytes;
}
