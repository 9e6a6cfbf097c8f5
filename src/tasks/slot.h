/* slot.h: a place where one task runs at a time: a set of CPUs, perhaps GPUs, of one host. */
#ifndef NF_SLOT_H
#define NF_SLOT_H

#include <sys/stat.h>

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
    unsigned most; /* that count may come to: more with -j FILE */
    struct nf_slot *slot;
    int *cpu_storage;
    struct stat read; /* -j FILE: when it was read; st_ino 0: no file */
    char note[256];   /* "" or one line: "-c 5: 8 slots of 5 CPUs, not 16: 40 CPUs are allowed" */
};

/* -j N[%], -c k, gpus-per-task; by default one slot an allowed CPU. NFOLD_E_VALUE: -c beyond the
 * allowed CPUs, with the numbers. With -j FILE slots have CPUs of their own only where -c says how
 * many: what a task has must not depend on how many there will be. */
int nf_slots_make(struct nf_slots *slots, const nfold_options *options, nfold_error *err);
/* -j FILE: 1: it was written, and count, the first slots of all, is another one; 0: it was not, or
 * there is no such file; < 0: what it says now is no number, and count stays. */
int nf_slots_follow(struct nf_slots *slots, const nfold_options *options, nfold_error *err);
int nf_slots_may_change(const struct nf_slots *slots);
void nf_slots_clear(struct nf_slots *slots);

#endif
