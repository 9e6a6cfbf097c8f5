/* launch.c: reads what launchers leave in the environment; the innermost launcher speaks first. */
#include "launch.h"

#include <stddef.h>
#include <stdlib.h>

static int read_number(const char *name, unsigned long *number)
{
    const char *text = name != NULL ? getenv(name) : NULL;
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    *number = strtoul(text, &end, 10);
    return *end == '\0';
}

static int read_pair(struct nf_launch *launch, const char *launcher, const char *copies,
                     const char *rank)
{
    if (!read_number(copies, &launch->copies) || !read_number(rank, &launch->rank))
        return 0;
    launch->launcher = launcher;
    return 1;
}

/* A batch script has SLURM_NTASKS and SLURM_PROCID=0 too, but runs once: it is in a job, not in a
 * step. */
static int in_batch_script(void)
{
    return getenv("SLURM_JOB_ID") != NULL && getenv("SLURM_STEP_ID") == NULL;
}

void nf_launch_read(struct nf_launch *launch)
{
    if (read_pair(launch, "mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK") ||
        read_pair(launch, "mpirun", "PMI_SIZE", "PMI_RANK") ||
        read_pair(launch, "srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"))
        return;
    if (!in_batch_script() && read_pair(launch, "srun", "SLURM_NTASKS", "SLURM_PROCID"))
        return;
    *launch = (struct nf_launch){.copies = 1};
}
