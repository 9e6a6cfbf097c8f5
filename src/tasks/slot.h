/* slot.h: a place where one task runs at a time: a set of CPUs, perhaps GPUs, of one host. */
#ifndef NF_SLOT_H
#define NF_SLOT_H

#include "option.h"

/* The seam for several hosts: a slot belongs to one; "" is this node. */
struct nf_slot {
    unsigned number; /* {%}: from 1 */
    const char *host;
    unsigned cpu_count;
    int is_pinned;
    const int *cpus; /* cpu_count of them when pinned */
    char gpus[128];  /* "0,1": CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES; "" none asked for */
};

struct nf_slots {
    unsigned count;
    struct nf_slot *slot;
    int *cpu_storage;
    char note[256]; /* "" or one line: "-c 5: 8 slots of 5 CPUs, not 16: 40 CPUs are allowed" */
};

/* -j N[%], -c k, gpus-per-task; by default one slot an allowed CPU. NFOLD_E_VALUE: -c beyond the
 * allowed CPUs, with the numbers. */
int nf_slots_make(struct nf_slots *slots, const nfold_options *options, nfold_error *err);
void nf_slots_clear(struct nf_slots *slots);

#endif
