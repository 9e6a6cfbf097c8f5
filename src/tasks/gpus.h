/* gpus.h: the GPUs that tasks may be given. */
#ifndef NF_GPUS_H
#define NF_GPUS_H

#define NF_GPUS_MOST 64

struct nf_gpus {
    unsigned count;
    char name[NF_GPUS_MOST][48]; /* "0", or a UUID as CUDA_VISIBLE_DEVICES has it */
    const char *source;          /* where they were read */
};

/* What CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES names, Slurm's included; otherwise the devices
 * of the machine. root: "" or a recorded machine's folder for /dev and /sys. */
void nf_gpus_read(struct nf_gpus *gpus, const char *root);

#endif
