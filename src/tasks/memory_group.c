/* memory_group.c: cgroups of version 1 (memory.limit_in_bytes) and 2 (memory.max).
 *
 * Version 2 gives its controllers to children only of a group that has no process of its own. Where
 * ours has them enabled for its children (a service with Delegate=yes that put itself aside) this
 * works; nothing is moved to get there. */
#include "memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"

struct files {
    const char *limit, *swap, *peak, *events;
};

static const struct files files_of[] = {
    [1] = {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes",
           "memory.oom_control"},
    [2] = {"memory.max", "memory.swap.max", "memory.peak", "memory.events"},
};

static int write_text(int folder, const char *file, const char *text)
{
    int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    int cause = errno;
    close(fd);
    errno = cause;
    return written < 0 ? -1 : 0;
}

static int write_number(int folder, const char *file, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return write_text(folder, file, text);
}

/* A number behind word, or at the beginning where word is ""; 0: none. */
static uint64_t read_number(int folder, const char *file, const char *word)
{
    char text[1024];
    int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *at = strstr(text, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

/* Process numbers are those of our namespace, and in each the first run's is 1. */
static int name_group(char *name, size_t size, pid_t run, unsigned slot, const char *own)
{
    struct stat space = {0};
    stat("/proc/self/ns/pid", &space);
    int length =
        snprintf(name, size, "%s/nfold.%d.%ju.%u", own, (int)run, (uintmax_t)space.st_ino, slot);
    return length > 0 && (size_t)length < size ? 0 : -1;
}

static int fail(struct nf_memory_group *group)
{
    int cause = errno;
    nf_memory_group_close(group);
    errno = cause;
    return -1;
}

int nf_memory_group_open(struct nf_memory_group *group, pid_t run, unsigned slot)
{
    char own[4000];
    *group = (struct nf_memory_group){.folder = -1, .processes = -1};
    int version = nf_cgroup_folder("", "memory", own, sizeof own);
    if (version == 0 || name_group(group->name, sizeof group->name, run, slot, own) < 0) {
        errno = ENOENT;
        return -1;
    }
    if (mkdir(group->name, 0755) < 0 && errno != EEXIST)
        return -1;
    group->version = version;
    group->folder = open(group->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group->folder >= 0)
        group->processes = openat(group->folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (group->processes < 0 ||
        faccessat(group->folder, files_of[version].limit, W_OK, AT_EACCESS) < 0)
        return fail(group);
    if (version == 2)
        write_text(group->folder, "memory.oom.group", "1");
    return 0;
}

/* The limit with swap may never be below the one without: which goes first depends on whether they
 * rise or fall. Where the kernel does not count swap that file is not there. */
static int set_limit(struct nf_memory_group *group, uint64_t limit)
{
    const struct files *files = &files_of[group->version];
    if (limit == group->limit)
        return 0;
    if (group->version == 2)
        write_text(group->folder, files->swap, "0");
    else
        write_number(group->folder, files->swap, limit);
    if (write_number(group->folder, files->limit, limit) < 0)
        return -1;
    if (group->version == 1)
        write_number(group->folder, files->swap, limit);
    group->limit = limit;
    return 0;
}

int nf_memory_group_begin(struct nf_memory_group *group, uint64_t limit)
{
    const struct files *files = &files_of[group->version];
    if (set_limit(group, limit) < 0)
        return -1;
    write_text(group->folder, files->peak, "0");
    group->kills = read_number(group->folder, files->events, "oom_kill ");
    return 0;
}

int nf_memory_group_end(struct nf_memory_group *group, uint64_t *peak)
{
    const struct files *files = &files_of[group->version];
    *peak = read_number(group->folder, files->peak, "");
    return read_number(group->folder, files->events, "oom_kill ") > group->kills;
}

/* A group is busy for a moment after its last process has been waited for. */
static void remove_folder(const char *name)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    for (int i = 0; i < 50 && rmdir(name) < 0 && errno == EBUSY; i++)
        nanosleep(&pause, NULL);
}

void nf_memory_group_close(struct nf_memory_group *group)
{
    if (group->version == 0)
        return;
    if (group->processes >= 0)
        close(group->processes);
    if (group->folder >= 0)
        close(group->folder);
    remove_folder(group->name);
    group->version = 0;
}

void nf_memory_group_remove(pid_t run, unsigned slots)
{
    char own[4000], name[4096];
    if (slots == 0 || nf_cgroup_folder("", "memory", own, sizeof own) == 0)
        return;
    for (unsigned slot = 1; slot <= slots; slot++)
        if (name_group(name, sizeof name, run, slot, own) == 0)
            remove_folder(name);
}
