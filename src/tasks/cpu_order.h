/* cpu_order.h: the CPUs that this process may use, neighbours first. */
#ifndef NF_CPU_ORDER_H
#define NF_CPU_ORDER_H

/* sets times each CPU numbers; a set is on one NUMA node where that can be had, and threads of one
 * core are neighbours. A set for which no CPUs are left begins with -1. NULL: no memory. root: ""
 * or a recorded machine's folder for /sys; the mask is this process's. */
int *nf_cpu_order_sets(const char *root, unsigned sets, unsigned each);

#endif
