/* memory_group.h: a memory cgroup for each slot, where we may make one: the kernel then holds a
 * task to its limit. Version 1 or 2. */
#ifndef NF_MEMORY_GROUP_H
#define NF_MEMORY_GROUP_H

#include <stdint.h>
#include <sys/types.h>

struct nf_memory_group {
    int version;    /* 0: there is none */
    int folder;     /* open */
    int processes;  /* cgroup.procs, open for writing: a task writes itself into it */
    uint64_t limit; /* set last; 0: none */
    uint64_t kills; /* of the kernel, before the present task */
    char name[4096];
};

/* nfold.PID.SLOT below our own group. < 0 with errno: it may not be made; group->version is 0. */
int nf_memory_group_open(struct nf_memory_group *group, pid_t run, unsigned slot);
/* Before a task: its limit, its peak from zero. < 0: the kernel refuses. */
int nf_memory_group_begin(struct nf_memory_group *group, uint64_t limit);
/* After it: what it took at most (0: the kernel does not say); 1 if the kernel killed in it. */
int nf_memory_group_end(struct nf_memory_group *group, uint64_t *peak);
/* Removes it; what is left in it must have been ended. */
void nf_memory_group_close(struct nf_memory_group *group);
/* The guardian's part, for a supervisor that died: removes those of a run. */
void nf_memory_group_remove(pid_t run, unsigned slots);

#endif
