/* launch.h: were several copies of this command started at once, by srun or mpirun? */
#ifndef NF_LAUNCH_H
#define NF_LAUNCH_H

struct nf_launch {
    const char *launcher; /* "srun", "mpirun" */
    unsigned long copies; /* 1: nobody started several */
    unsigned long rank;
};

void nf_launch_read(struct nf_launch *launch);

#endif
