/* ending.c: up the ladder, for a task and what it started.
 *
 * A task's shell may be gone with the first SIGTERM while its child still cleans up: the child has
 * the rest of the ladder's time, and SIGKILL after that. Children with a session of their own are
 * found by parent links before the first signal, while the links are there. */
#include "ending.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_SECONDS 0.02 /* whether all are gone, between two rungs */

/* Who cleans up after the task's own process may have words to say, and SIGPIPE would end it. An
 * open file of its own, since epoll knows the other by its open file; without /proc there is none.
 */
static int hold_open(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return fd < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void clear(struct nf_ending *ending)
{
    nf_descendants_clear(&ending->below);
    for (int k = 0; k < 2; k++)
        if (ending->pipe[k] >= 0)
            close(ending->pipe[k]);
}

void nf_endings_clear(struct nf_endings *endings)
{
    for (size_t i = 0; i < endings->count; i++)
        clear(&endings->ending[i]);
    free(endings->ending);
    endings->ending = NULL;
    endings->count = endings->capacity = 0;
}

static int is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static int is_over(const struct nf_ending *ending)
{
    for (size_t i = 0; i < ending->below.count; i++)
        if (!is_gone(ending->below.pid[i]))
            return 0;
    return is_gone(-ending->group);
}

/* Children that it has got since are found, too; those whose parent is gone were found before. */
static void look_again(struct nf_ending *ending)
{
    struct nf_descendants now = {0};
    if (nf_descendants_find(&now, ending->group) >= 0 && now.count > 0)
        for (size_t i = 0; i < now.count; i++)
            nf_descendants_add(&ending->below, now.pid[i]);
    nf_descendants_clear(&now);
}

static void send(struct nf_ending *ending, int number)
{
    look_again(ending);
    kill(-ending->group, number);
    nf_descendants_signal(&ending->below, number);
    if (number != SIGKILL)
        kill(-ending->group, SIGCONT);
}

static void climb_one(struct nf_ending *ending, const struct nf_ladder *ladder, double now)
{
    send(ending, ladder->step[ending->rung].signal);
    ending->due = now + ladder->step[ending->rung].seconds;
    if (ending->rung + 1 < ladder->count)
        ending->rung++;
}

int nf_endings_add(struct nf_endings *endings, pid_t group, const int pipe[2], unsigned rung,
                   double now, nfold_error *err)
{
    if (endings->count == endings->capacity) {
        size_t capacity = endings->capacity ? 2 * endings->capacity : 16;
        struct nf_ending *more = reallocarray(endings->ending, capacity, sizeof *more);
        if (!more)
            return nf_fail_memory(err);
        endings->ending = more;
        endings->capacity = capacity;
    }
    struct nf_ending *ending = &endings->ending[endings->count++];
    *ending = (struct nf_ending){
        .group = group, .pipe = {hold_open(pipe[0]), hold_open(pipe[1])}, .rung = rung};
    climb_one(ending, endings->ladder, now);
    return 0;
}

static void forget(struct nf_endings *endings, size_t i)
{
    clear(&endings->ending[i]);
    endings->ending[i] = endings->ending[--endings->count];
}

double nf_endings_climb(struct nf_endings *endings, double now)
{
    double next = INFINITY;
    for (size_t i = 0; i < endings->count;) {
        struct nf_ending *ending = &endings->ending[i];
        if (is_over(ending)) {
            forget(endings, i);
            continue;
        }
        if (ending->due <= now)
            climb_one(ending, endings->ladder, now);
        next = fmin(next, fmin(ending->due, now + LOOK_SECONDS));
        i++;
    }
    return next;
}

void nf_endings_hurry(struct nf_endings *endings)
{
    for (size_t i = 0; i < endings->count; i++) {
        endings->ending[i].rung = endings->ladder->count - 1;
        endings->ending[i].due = 0;
    }
}
