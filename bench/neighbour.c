/* neighbour.c: does somebody else use the cores that the contest is held on?
 *
 *     bench_neighbour
 *
 * A virtual processor is often half a core: while the neighbour on the other half works, both get
 * every other cycle of the core's front end. A loop that does little in a cycle does not notice; a
 * dense one takes up to 1.6 times as long, for seconds, and the ratio of the two says more about
 * the neighbour than about them. So this loop, as dense as a core allows (four vector operations
 * and two others, nothing waits for anything), is timed on every allowed processor at once, before
 * and after each sample of a contest: contest.py leaves out the samples that it finds disturbed,
 * whosever they are. Processes of the same system that take a processor's time are seen as well.
 *
 * The value printed is the number of processors; the time is the slowest one's.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "serve.h"

#define TURNS          40000
#define MAX_PROCESSORS 1024

#if defined(__x86_64__)
#define DENSE                                                                                      \
    "vaddpd %%xmm14, %%xmm14, %%xmm0\n\tvmulpd %%xmm15, %%xmm15, %%xmm1\n\t"                       \
    "vaddpd %%xmm14, %%xmm14, %%xmm2\n\tvmulpd %%xmm15, %%xmm15, %%xmm3\n\t"                       \
    "lea 1(%%rsp), %%rax\n\tlea 2(%%rsp), %%rcx\n\t"
static void turn_often(uint64_t turns)
{
    __asm__ volatile("vxorpd %%xmm14, %%xmm14, %%xmm14\n\tvxorpd %%xmm15, %%xmm15, %%xmm15\n"
                     "1:\n\t" DENSE DENSE DENSE DENSE DENSE DENSE DENSE DENSE "dec %0\n\tjnz 1b"
                     : "+r"(turns)
                     :
                     : "cc", "rax", "rcx", "xmm0", "xmm1", "xmm2", "xmm3", "xmm14", "xmm15");
}
#else
static void turn_often(uint64_t turns)
{
    for (volatile uint64_t left = turns * 8; left > 0; left--)
        continue;
}
#endif

struct place {
    pthread_t thread;
    int processor;
    double seconds;
};

static void *time_loop(void *user)
{
    struct place *place = user;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(place->processor, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    turn_often(TURNS / 4); /* the clock rate and the loop itself are warm */
    double start = bench_now();
    turn_often(TURNS);
    place->seconds = bench_now() - start;
    return NULL;
}

static double measure(void *user, double *value)
{
    static struct place places[MAX_PROCESSORS];
    cpu_set_t *allowed = user;
    int count = 0, started = 0;
    double slowest = 0;

    for (int i = 0; i < CPU_SETSIZE && count < MAX_PROCESSORS; i++)
        if (CPU_ISSET(i, allowed))
            places[count++].processor = i;
    while (started < count &&
           pthread_create(&places[started].thread, NULL, time_loop, &places[started]) == 0)
        started++;
    for (int i = 0; i < started; i++) {
        pthread_join(places[i].thread, NULL);
        if (places[i].seconds > slowest)
            slowest = places[i].seconds;
    }
    *value = started;
    return started == count ? slowest : -1;
}

int main(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return 1;
    return bench_serve(measure, &allowed);
}
