/* free_memory.h: how much memory tasks may still take here. */
#ifndef NF_FREE_MEMORY_H
#define NF_FREE_MEMORY_H

/* Bytes: what the machine has available, or less where a cgroup leaves less. root: "" or a recorded
 * machine's folder. Infinity: it cannot be read. */
double nf_free_memory(const char *root);
/* The most that tasks could ever have here: the machine's memory or the smallest cgroup limit. */
double nf_whole_memory(const char *root);

/* What a Slurm job asked for on this node; infinity: this is none, or it asked for all. */
double nf_job_memory(void);

#endif
