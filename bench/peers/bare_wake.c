/* bare_wake.c: fork_join.h with nothing but a futex between two threads, each bound to a processor
 * of its own: what this machine's kernel takes to wake a processor that sleeps. No pool of threads
 * can be faster when all are to meet; one that may run anywhere has to be as fast. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../fork_join.h"

struct pair {
    struct meeting *meeting;
    cpu_set_t cpus;
    _Alignas(128) _Atomic unsigned asked;
    _Alignas(128) _Atomic unsigned answered;
};

/* To the which-th of the processors that are allowed. */
static void bind_to(const cpu_set_t *cpus, int which)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus) && which-- == 0)
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void *answer(void *user)
{
    struct pair *pair = user;
    unsigned seen = 0;
    bind_to(&pair->cpus, 1);
    for (;; atomic_store(&pair->answered, seen)) {
        while (atomic_load(&pair->asked) == seen)
            syscall(SYS_futex, &pair->asked, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
        seen++;
        meet(pair->meeting);
    }
}

static void region(void *user, struct meeting *meeting)
{
    struct pair *pair = user;
    unsigned asked;
    pair->meeting = meeting;
    asked = atomic_fetch_add(&pair->asked, 1) + 1;
    syscall(SYS_futex, &pair->asked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    meet(meeting);
    while (atomic_load(&pair->answered) != asked)
        __builtin_ia32_pause();
}

int main(int argc, char **argv)
{
    static struct pair pair;
    pthread_t thread;
    if (argc < 2 || atoi(argv[1]) != 2 || sched_getaffinity(0, sizeof pair.cpus, &pair.cpus) < 0 ||
        CPU_COUNT(&pair.cpus) < 2 || pthread_create(&thread, NULL, answer, &pair) != 0)
        return 3;
    bind_to(&pair.cpus, 0);
    return serve_fork_join(argc, argv, &pair, region);
}
