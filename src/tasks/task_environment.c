/* task_environment.c: which variables a task has.
 *
 * A task that is itself an MPI program must not believe that it is a rank of the launcher that
 * started nfold, and Slurm's step is nfold's, not the task's. The job's own variables stay. */
#include "task_environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

#define SEQUENCE_DIGITS 20
#define MOST_OWN        16

/* Only where one of these is set did a launcher start us; a batch script alone has SLURM_PROCID. */
static const char *const launched[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_FD",
                                       "SLURM_STEP_ID"};
/* Beginnings of names. */
static const char *const launchers[] = {"OMPI_COMM_WORLD_",
                                        "OMPI_UNIVERSE_SIZE=",
                                        "OMPI_APP_CTX_NUM_PROCS=",
                                        "OMPI_FIRST_RANKS=",
                                        "OMPI_FILE_LOCATION=",
                                        "OMPI_MCA_orte_",
                                        "OMPI_MCA_ess",
                                        "OMPI_MCA_pmix",
                                        "OMPI_MCA_initial_wdir=",
                                        "OMPI_ARGV=",
                                        "OMPI_COMMAND=",
                                        "OMPI_NUM_APP_CTX=",
                                        "OMPI_MCA_mpi_oversubscribe=",
                                        "PMIX_",
                                        "PMI_",
                                        "PMI2_",
                                        "MPI_LOCALRANKID=",
                                        "MPI_LOCALNRANKS=",
                                        "HYDI_CONTROL_FD=",
                                        "HYDRA_",
                                        "SLURM_STEP",
                                        "SLURM_PROCID=",
                                        "SLURM_LOCALID=",
                                        "SLURM_NODEID=",
                                        "SLURM_SRUN_COMM_",
                                        "SLURM_LAUNCH_NODE_IPADDR=",
                                        "SLURM_TASK_PID=",
                                        "SLURM_MPI_TYPE=",
                                        "SLURM_PMI",
                                        "SLURM_GTIDS=",
                                        "SLURM_UMASK="};

static const char *const thread_counts[] = {"OMP_NUM_THREADS", "MKL_NUM_THREADS",
                                            "OPENBLAS_NUM_THREADS"};

static const char *value_of(char *const *variables, const char *name)
{
    size_t length = strlen(name);
    for (; *variables; variables++)
        if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=')
            return *variables + length + 1;
    return NULL;
}

static int is_launched(char *const *variables)
{
    for (unsigned i = 0; i < sizeof launched / sizeof launched[0]; i++)
        if (value_of(variables, launched[i]))
            return 1;
    return 0;
}

static int is_launchers(const char *variable)
{
    for (unsigned i = 0; i < sizeof launchers / sizeof launchers[0]; i++)
        if (strncmp(variable, launchers[i], strlen(launchers[i])) == 0)
            return 1;
    return 0;
}

/* Is variable one of those that own, a list of "NAME=VALUE" each ended by a zero byte, sets? */
static int is_own(const char *variable, const char *own, const char *end)
{
    size_t length = strcspn(variable, "=") + 1;
    for (; own < end; own += strlen(own) + 1)
        if (strncmp(variable, own, length) == 0)
            return 1;
    return 0;
}

static void add(struct nfold_buffer *own, const char *name, const char *value)
{
    nf_buffer_print(own, "%s=%s", name, value);
    nf_buffer_bytes(own, "", 1);
}

static void add_number(struct nfold_buffer *own, const char *name, long number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%ld", number);
    add(own, name, digits);
}

/* Where several slots share a CPU each gets one thread: more would only take turns. */
static void add_own(struct nfold_buffer *own, char *const *ours, const struct nf_slot *slot,
                    pid_t pid, const char *slot_variable)
{
    add(own, "PARALLEL_SEQ", "00000000000000000000");
    add_number(own, "PARALLEL_JOBSLOT", (long)slot->number);
    add_number(own, "PARALLEL_PID", (long)pid);
    if (slot_variable)
        add_number(own, slot_variable, (long)slot->number - 1);
    for (unsigned i = 0; i < sizeof thread_counts / sizeof thread_counts[0]; i++)
        if (!value_of(ours, thread_counts[i]))
            add_number(own, thread_counts[i], (long)slot->cpu_count);
    if (slot->gpus[0] != '\0') {
        add(own, "CUDA_VISIBLE_DEVICES", slot->gpus);
        add(own, "ROCR_VISIBLE_DEVICES", slot->gpus);
    }
}

static void fill(struct nf_task_environment *environment, char *const *ours,
                 const struct nfold_buffer *own)
{
    const char *end = environment->storage + own->size;
    int is_scrubbed = is_launched(ours);
    size_t count = 0;
    for (; *ours; ours++)
        if (!is_own(*ours, environment->storage, end) && !(is_scrubbed && is_launchers(*ours)))
            environment->envp[count++] = *ours;
    for (char *at = environment->storage; at < end; at += strlen(at) + 1)
        environment->envp[count++] = at;
    environment->envp[count] = NULL;
    environment->sequence = environment->storage + strlen("PARALLEL_SEQ=");
}

int nf_task_environment_make(struct nf_task_environment *environment, char *const *ours,
                             const struct nf_slot *slot, pid_t pid, const char *slot_variable,
                             nfold_error *err)
{
    struct nfold_buffer own = {0};
    size_t count = 0;
    while (ours[count])
        count++;
    *environment = (struct nf_task_environment){0};
    add_own(&own, ours, slot, pid, slot_variable);
    environment->envp = calloc(count + MOST_OWN, sizeof *environment->envp);
    if (own.failed || !environment->envp) {
        nf_buffer_clear(&own);
        nf_task_environment_clear(environment);
        return nf_fail_memory(err);
    }
    environment->storage = own.data;
    fill(environment, ours, &own);
    return 0;
}

void nf_task_environment_sequence(struct nf_task_environment *environment, uint64_t sequence)
{
    snprintf(environment->sequence, SEQUENCE_DIGITS + 1, "%" PRIu64, sequence);
}

void nf_task_environment_clear(struct nf_task_environment *environment)
{
    free(environment->envp);
    free(environment->storage);
    *environment = (struct nf_task_environment){0};
}
