/* login_node.c: is this a machine of a Slurm cluster that others log in to, too? */
#include "cpus.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "cgroup.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int exists(const char *root, const char *path)
{
    struct nfold_buffer name = {0};
    nf_buffer_print(&name, "%s%s", root, path);
    int is_there = !name.failed && access(name.data, F_OK) == 0;
    nf_buffer_clear(&name);
    return is_there;
}

static int any_exists(const char *root, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (exists(root, paths[i]))
            return 1;
    return 0;
}

/* Packages of distributions, Slurm's own default, and nodes that get their configuration sent. */
static int is_configured(const char *root)
{
    static const char *const files[] = {"/etc/slurm/slurm.conf", "/etc/slurm-llnl/slurm.conf",
                                        "/usr/local/etc/slurm.conf", "/run/slurm/conf/slurm.conf"};
    const char *named = getenv("SLURM_CONF");
    return (named && exists(root, named)) || any_exists(root, files, ARRAY_LENGTH(files));
}

/* What a running slurmd leaves: its process number, or the group that systemd put it in. */
static int is_compute_node(const char *root)
{
    static const char *const files[] = {
        "/run/slurmd.pid",
        "/run/slurm/slurmd.pid",
        "/run/slurmd/slurmd.pid",
        "/run/slurm-llnl/slurmd.pid",
        "/sys/fs/cgroup/system.slice/slurmd.service",
        "/sys/fs/cgroup/system.slice/slurmstepd.scope",
        "/sys/fs/cgroup/systemd/system.slice/slurmd.service",
    };
    return any_exists(root, files, ARRAY_LENGTH(files));
}

int nf_cpus_login_node_at(const char *root)
{
    if (getenv("SLURM_JOB_ID") || !is_configured(root))
        return 0;
    return !nf_cgroup_in_job(root) && !is_compute_node(root);
}

int nf_cpus_login_node(void)
{
    return nf_cpus_login_node_at("");
}
