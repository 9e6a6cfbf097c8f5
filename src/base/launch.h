/* launch.h: were several copies of this command started at once, by srun or mpirun, and whose MPI
 * lets them meet? The innermost launcher speaks first. */
#ifndef NF_LAUNCH_H
#define NF_LAUNCH_H

enum nf_launch_meets { NF_LAUNCH_NOWHERE, NF_LAUNCH_OPENMPI, NF_LAUNCH_MPICH };

struct nf_launch {
    const char *launcher; /* "srun", "mpirun"; NULL: none */
    unsigned long copies; /* 1: nobody started several */
    unsigned long rank;
    enum nf_launch_meets meets; /* what the launcher left for MPI to find */
    unsigned long launchers;    /* srun started so many mpiruns, of which this is one's; else 1 */
};

void nf_launch_read(struct nf_launch *launch);

#endif
