/* descendants.c: the processes below one: /proc/PID/task/TID/children where the kernel has it,
 * every /proc/PID/stat otherwise.
 *
 * A list is old when it is complete: processes may have been started meanwhile. So ending them
 * looks again until nothing is found. The caller is a subreaper: what loses its parent becomes a
 * child of the caller and is found there. */
#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_SECONDS                                                                           \
    10 /* after the first KILL: a process in the kernel's hands may take long */

static int append(struct nf_descendants *list, pid_t pid)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        pid_t *more = reallocarray(list->pid, capacity, sizeof *more);
        if (!more)
            return -1;
        list->pid = more;
        list->capacity = capacity;
    }
    list->pid[list->count++] = pid;
    return 0;
}

int nf_descendants_add(struct nf_descendants *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pid[i] == pid)
            return 0;
    return append(list, pid);
}

void nf_descendants_clear(struct nf_descendants *list)
{
    free(list->pid);
    *list = (struct nf_descendants){0};
}

/* "17 18 234 ": one thread's children. A number may be cut by the end of what was read. */
static int append_numbers(struct nf_descendants *list, int fd)
{
    char text[4096];
    pid_t pid = 0;
    ssize_t size;
    while ((size = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < size; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = 10 * pid + (text[i] - '0');
                continue;
            }
            if (pid > 0 && append(list, pid) < 0)
                return -1;
            pid = 0;
        }
    return size < 0 ? -1 : 0;
}

static int append_thread(struct nf_descendants *list, pid_t process, const char *thread)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/task/%.20s/children", (int)process, thread);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = append_numbers(list, fd);
    close(fd);
    return rc;
}

/* A process that is gone has no children: theirs is another parent now. */
int nf_descendants_children(struct nf_descendants *list, pid_t parent)
{
    char name[32];
    snprintf(name, sizeof name, "/proc/%d/task", (int)parent);
    DIR *folder = opendir(name);
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            append_thread(list, parent, entry->d_name);
    closedir(folder);
    return 0;
}

static int has_children_files(void)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
    return access(name, R_OK) == 0;
}

static int find_by_children(struct nf_descendants *list, pid_t top)
{
    if (nf_descendants_children(list, top) < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        if (nf_descendants_children(list, list->pid[i]) < 0)
            return -1;
    return 0;
}

/* The fourth word of "PID (NAME) STATE PPID"; NAME may have blanks and brackets. */
static pid_t read_parent(const char *process)
{
    char name[64], text[512];
    snprintf(name, sizeof name, "/proc/%.20s/stat", process);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *after = strrchr(text, ')');
    int parent = 0;
    if (!after || sscanf(after + 1, " %*c %d", &parent) != 1)
        return 0;
    return (pid_t)parent;
}

static int read_links(struct nf_descendants *child, struct nf_descendants *parent)
{
    DIR *folder = opendir("/proc");
    if (!folder)
        return -1;
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        pid_t above = read_parent(entry->d_name);
        if (above > 0)
            rc = append(child, (pid_t)atoi(entry->d_name)) < 0 ? -1 : append(parent, above);
    }
    closedir(folder);
    return rc;
}

static int append_below(struct nf_descendants *list, pid_t top, const struct nf_descendants *child,
                        const struct nf_descendants *parent)
{
    for (size_t i = 0; i < parent->count; i++)
        if (parent->pid[i] == top && append(list, child->pid[i]) < 0)
            return -1;
    return 0;
}

static int find_by_scan(struct nf_descendants *list, pid_t top)
{
    struct nf_descendants child = {0}, parent = {0};
    int rc = read_links(&child, &parent);
    if (rc == 0)
        rc = append_below(list, top, &child, &parent);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = append_below(list, list->pid[i], &child, &parent);
    nf_descendants_clear(&child);
    nf_descendants_clear(&parent);
    return rc;
}

int nf_descendants_can_be_seen(void)
{
    char text[32];
    ssize_t size = readlink("/proc/self", text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return size > 0 && atoi(text) == (int)getpid();
}

int nf_descendants_find(struct nf_descendants *list, pid_t top)
{
    list->count = 0;
    if (!nf_descendants_can_be_seen())
        return -1;
    return has_children_files() ? find_by_children(list, top) : find_by_scan(list, top);
}

static void signal_one(pid_t pid, int number)
{
    if (pid <= 1)
        return;
    kill(pid, number);
    if (getpgid(pid) == pid)
        kill(-pid, number);
    if (number == SIGTERM)
        kill(pid, SIGCONT);
}

void nf_descendants_signal(const struct nf_descendants *list, int number)
{
    for (size_t i = 0; i < list->count; i++)
        signal_one(list->pid[i], number);
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

static size_t signal_groups(const struct nf_groups *groups, int number)
{
    size_t count = 0;
    for (size_t i = 0; groups && i < groups->count; i++) {
        pid_t group = groups->pid[i];
        count += group > 1 && kill(-group, number) == 0;
    }
    return count;
}

/* Those that are there now get the signal; how many they are. */
static size_t signal_all(const struct nf_groups *groups, int number)
{
    struct nf_descendants list = {0};
    size_t count;
    reap();
    if (nf_descendants_find(&list, getpid()) < 0) {
        count = signal_groups(groups, number);
    } else {
        nf_descendants_signal(&list, number);
        count = list.count;
    }
    nf_descendants_clear(&list);
    return count;
}

/* Waits until none is left or the time is over; 1 if none is. */
static int wait_for_none(const struct nf_groups *groups, double seconds)
{
    double until = nf_clock_now() + seconds;
    struct timespec pause = {.tv_nsec = 1000000};
    do {
        if (signal_all(groups, 0) == 0)
            return 1;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 20000000)
            pause.tv_nsec *= 2;
    } while (nf_clock_now() < until);
    return 0;
}

size_t nf_descendants_end(const struct nf_groups *groups, size_t *left)
{
    static const double term_seconds[] = {0.2, 0.1, 0.05};
    size_t first = signal_all(groups, 0), remaining = first;
    for (unsigned i = 0; remaining > 0 && i < sizeof term_seconds / sizeof *term_seconds; i++) {
        signal_all(groups, SIGTERM);
        if (wait_for_none(groups, term_seconds[i]))
            remaining = 0;
    }
    double until = nf_clock_now() + PATIENCE_SECONDS;
    while (remaining > 0 && nf_clock_now() < until) {
        signal_all(groups, SIGKILL);
        if (wait_for_none(groups, 0.02))
            remaining = 0;
    }
    if (left)
        *left = remaining > 0 ? signal_all(groups, 0) : 0;
    return first;
}
