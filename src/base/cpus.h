/* cpus.h: how many processors this process may use, and why fewer than the machine has.
 * allowed = affinity ∩ cgroup v1/v2 quota ∩ SLURM_CPUS_PER_TASK, at least 1. */
#ifndef NF_CPUS_H
#define NF_CPUS_H

#include <stddef.h>

struct nf_cpus {
    unsigned online;        /* processors of the machine */
    unsigned affinity;      /* of them in this process's mask */
    double cgroup_quota;    /* processors' worth of time; 0: no limit */
    char cgroup_file[256];  /* where the quota was read; "" : none */
    unsigned slurm;         /* SLURM_CPUS_PER_TASK; 0: not set */
    const char *slurm_name; /* the variable that slurm was read from */
    unsigned allowed;
};

/* Reads it anew; never fails (what cannot be read does not limit). root: "" or a folder that stands
 * for / when reading /proc and /sys (recorded machines in tests). */
void nf_cpus_read(struct nf_cpus *cpus, const char *root);
/* The same for who is alone in its job, whatever number of tasks that was asked for: what Slurm
 * gave the job on this node (SLURM_CPUS_ON_NODE) comes before what it gave one of its tasks. */
void nf_cpus_read_job(struct nf_cpus *cpus, const char *root);
/* "2 of 64: the cgroup allows 2.0 processors (/sys/fs/cgroup/…)"; text of size bytes. */
void nf_cpus_explain(const struct nf_cpus *cpus, char *text, size_t size);
/* 1 if Slurm is configured here, but this is neither inside a job nor on a compute node. */
int nf_cpus_login_node(void);
int nf_cpus_login_node_at(const char *root); /* the same for a recorded machine */

#endif
