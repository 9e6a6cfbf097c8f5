/* place.c: two workers on one processor while another has none.
 *
 * A worker that is woken may be put beside another one, and kernels leave it there for
 * milliseconds: a part of a run that shows. Away for a moment is enough: it comes back only when it
 * is moved. */
#include "place.h"

#include <sched.h>

#define CPU_OF(place) (atomic_load_explicit(place, memory_order_relaxed) - 1)

static int is_valid(int cpu)
{
    return cpu >= 0 && cpu < CPU_SETSIZE;
}

int nf_place_part(nf_place *own, unsigned others, const nf_place *(*place_of)(void *, unsigned),
                  void *user)
{
    int cpu = sched_getcpu(), is_shared = 0;
    cpu_set_t allowed, free;
    atomic_store_explicit(own, cpu + 1, memory_order_relaxed);
    for (unsigned k = 0; k < others && !is_shared; k++)
        is_shared = is_valid(cpu) && CPU_OF(place_of(user, k)) == cpu;
    if (!is_shared || sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return 0;
    free = allowed;
    for (unsigned k = 0; k < others; k++) {
        int taken = CPU_OF(place_of(user, k));
        if (is_valid(taken))
            CPU_CLR((unsigned)taken, &free);
    }
    if (CPU_COUNT(&free) == 0 || sched_setaffinity(0, sizeof free, &free) < 0)
        return 0;
    sched_setaffinity(0, sizeof allowed, &allowed);
    atomic_store_explicit(own, sched_getcpu() + 1, memory_order_relaxed);
    return 1;
}
