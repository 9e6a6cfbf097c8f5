/* cgroup.h: the processor time that this process's cgroups allow, versions 1 and 2. */
#ifndef NF_CGROUP_H
#define NF_CGROUP_H

#include <stddef.h>

/* The smallest quota on the way from the process's cgroups up to the top of what is mounted, as a
 * number of processors; 0: none. file (size bytes) gets the file that it was read from, else "". */
double nf_cgroup_quota(const char *root, char *file, size_t size);
/* How many processes of this process's memory group, or of those below it, the kernel has killed for
 * memory; 0 where that cannot be read. */
unsigned long long nf_cgroup_oom_kills(const char *root);
/* Bytes of memory: the smallest limit on the way up, and the least that one of them leaves free, with
 * the file pages that it could drop; infinity: no limit. */
void nf_cgroup_memory(const char *root, double *limit, double *left);
/* The folder of this process's group with that controller ("memory"), of size bytes: 1 or 2, the
 * version of its hierarchy; 0: it is in none that can be seen. */
int nf_cgroup_folder(const char *root, const char *controller, char *folder, size_t size);
/* 1 if this process is in a cgroup that Slurm made for a job. */
int nf_cgroup_in_job(const char *root);

#endif
