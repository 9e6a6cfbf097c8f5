/* launch.c: reads what launchers leave in the environment. */
#include "launch.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int read_number(const char *name, unsigned long *number)
{
    const char *text = getenv(name);
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    *number = strtoul(text, &end, 10);
    return *end == '\0';
}

/* Open MPI's mpirun under Slurm may start its daemons by srun; its own ranks' daemon is itself. */
static unsigned long count_launchers(void)
{
    const char *own = getenv("OMPI_MCA_orte_local_daemon_uri");
    const char *first = getenv("OMPI_MCA_orte_hnp_uri");
    unsigned long tasks;
    if (getenv("SLURM_STEP_ID") == NULL || own == NULL || first == NULL ||
        strcmp(own, first) != 0 || !read_number("SLURM_STEP_NUM_TASKS", &tasks))
        return 1;
    return tasks;
}

static int read_pair(struct nf_launch *launch, const char *launcher, const char *copies,
                     const char *rank, enum nf_launch_meets meets)
{
    if (!read_number(copies, &launch->copies) || !read_number(rank, &launch->rank))
        return 0;
    launch->launcher = launcher;
    launch->meets = meets;
    launch->launchers = launcher[0] == 'm' ? count_launchers() : 1;
    return 1;
}

/* A batch script has SLURM_NTASKS and SLURM_PROCID=0 too, but runs once: it is in a job, not in a
 * step. */
static int in_batch_script(void)
{
    return getenv("SLURM_JOB_ID") != NULL && getenv("SLURM_STEP_ID") == NULL;
}

/* srun sets the variables of PMI by itself where it was told to; of PMIx only some. */
static enum nf_launch_meets step_meets(void)
{
    if (getenv("PMIX_RANK") != NULL)
        return NF_LAUNCH_OPENMPI;
    return getenv("PMI_FD") != NULL || getenv("PMI_RANK") != NULL ? NF_LAUNCH_MPICH
                                                                  : NF_LAUNCH_NOWHERE;
}

void nf_launch_read(struct nf_launch *launch)
{
    const int is_step = getenv("SLURM_STEP_ID") != NULL;
    *launch = (struct nf_launch){.copies = 1, .launchers = 1};
    if (read_pair(launch, "mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
                  NF_LAUNCH_OPENMPI))
        return;
    /* MPICH's mpirun under Slurm starts its proxies by srun: the step is the proxies'. */
    if (getenv("PMIX_RANK") == NULL &&
        read_pair(launch, is_step && getenv("PMI_JOBID") ? "srun" : "mpirun", "PMI_SIZE",
                  "PMI_RANK", NF_LAUNCH_MPICH))
        return;
    if (read_pair(launch, "srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", step_meets()))
        return;
    if (!in_batch_script() &&
        read_pair(launch, "srun", "SLURM_NTASKS", "SLURM_PROCID", step_meets()))
        return;
    *launch = (struct nf_launch){.copies = 1, .launchers = 1};
}
