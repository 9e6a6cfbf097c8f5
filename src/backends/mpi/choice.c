/* choice.c: which MPI: the one in the program, the launcher's, the one asked for, or what is there.
 */
#include "choice.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const nf_choice_names[NF_CHOICES] = {"openmpi", "mpich"};
const char *const nf_choice_titles[NF_CHOICES] = {"Open MPI", "MPICH"};
static const char *const packages[NF_CHOICES] = {"openmpi-bin", "mpich"};
static const enum nf_launch_meets meets[NF_CHOICES] = {NF_LAUNCH_OPENMPI, NF_LAUNCH_MPICH};

/* ---- finding modules ------------------------------------------------------------------------- */

void nf_choice_own_folder(char path[NF_CHOICE_PATH])
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    path[0] = '\0';
    if (data && data[0] == '/')
        snprintf(path, NF_CHOICE_PATH, "%s/nfold", data);
    else if (home && home[0] == '/')
        snprintf(path, NF_CHOICE_PATH, "%s/.local/share/nfold", home);
}

/* The folder of the file that this code was loaded from: the command or the library. */
static int own_place(char path[NF_CHOICE_PATH])
{
    Dl_info library;
    char *slash, real[PATH_MAX];
    const char *file = "/proc/self/exe";
    if (dladdr(nf_choice_names, &library) && library.dli_fname &&
        strstr(library.dli_fname, "libnfold.so"))
        file = library.dli_fname;
    if (!realpath(file, real))
        return 0;
    slash = strrchr(real, '/');
    *slash = '\0';
    snprintf(path, NF_CHOICE_PATH, "%s", real);
    return 1;
}

static int is_module(const char *folder, const char *place, const char *name,
                     char path[NF_CHOICE_PATH])
{
    char file[NF_CHOICE_PATH], real[PATH_MAX];
    int size = snprintf(file, sizeof file, "%s/%s/nfold-mpi-%s.so", folder, place, name);
    if (size < 0 || size >= (int)sizeof file || access(file, R_OK) < 0 || !realpath(file, real))
        return 0;
    snprintf(path, NF_CHOICE_PATH, "%s", real);
    return 1;
}

/* The tree may be moved: all but the user's own is relative to the program. The last is where they
 * are built. */
int nf_choice_find(const char *name, char path[NF_CHOICE_PATH])
{
    static const char *const places[] = {"nfold", "../" NF_LIBRARY_FOLDER "/nfold", "../lib/nfold",
                                         "../backends/mpi"};
    char folder[NF_CHOICE_PATH];
    nf_choice_own_folder(folder);
    if (folder[0] && is_module(folder, ".", name, path))
        return 1;
    if (!own_place(folder))
        return 0;
    for (unsigned k = 0; k < sizeof places / sizeof *places; k++)
        if (is_module(folder, places[k], name, path))
            return 1;
    return 0;
}

int nf_choice_load(int choice, const struct nf_port **port, nfold_error *err)
{
    char path[NF_CHOICE_PATH];
    void *module = NULL;
    const char *reason;
    if (!nf_choice_find(nf_choice_names[choice], path))
        return nf_fail(err, NFOLD_E_MISSING, "there is no module for %s", nf_choice_titles[choice]);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *port = module ? dlsym(module, NF_PORT_SYMBOL) : NULL;
    if (!*port) {
        reason = dlerror();
        return nf_fail(err, NFOLD_E_MISSING, "%s cannot be loaded (%s): install %s",
                       nf_choice_titles[choice], reason ? reason : path, packages[choice]);
    }
    if ((*port)->abi != NF_PORT_ABI || (*port)->size != sizeof **port)
        return nf_fail(err, NFOLD_E_MISSING,
                       "%s was built for another nfold: build it again with `nfold info "
                       "--build-mpi`",
                       path);
    return 0;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* A program that is linked with an MPI can have no other one. */
static int choice_of_program(void)
{
    if (dlsym(RTLD_DEFAULT, "ompi_mpi_comm_world"))
        return 0;
    return dlsym(RTLD_DEFAULT, "MPI_Init") ? 1 : -1;
}

static int choice_of_launcher(const struct nf_launch *launch)
{
    for (int k = 0; k < NF_CHOICES; k++)
        if (launch->meets == meets[k])
            return k;
    return -1;
}

static int choice_of_name(const char *name)
{
    for (int k = 0; k < NF_CHOICES; k++)
        if (strcmp(name, nf_choice_names[k]) == 0)
            return k;
    return -1;
}

static int choice_of_installed(void)
{
    char path[NF_CHOICE_PATH];
    for (int k = 0; k < NF_CHOICES; k++)
        if (nf_choice_find(nf_choice_names[k], path))
            return k;
    return -1;
}

static int check_launcher(const struct nf_launch *launch, int wanted, nfold_error *err)
{
    int launchers = choice_of_launcher(launch);
    if (launch->launchers > 1)
        return nf_fail(err, NFOLD_E_USAGE,
                       "srun started %lu times mpirun, and each of them ranks of its own: use "
                       "mpirun once, or `srun --mpi=pmix` without mpirun",
                       launch->launchers);
    if (launch->launcher && launchers < 0)
        return nf_fail(err, NFOLD_E_USAGE,
                       "srun started this %lu time%s and left no way for ranks to meet: use `srun "
                       "--mpi=pmix` for Open MPI, `srun --mpi=pmi2` for MPICH",
                       launch->copies, launch->copies == 1 ? "" : "s");
    if (wanted >= 0 && launchers >= 0 && wanted != launchers)
        return nf_fail(err, NFOLD_E_USAGE,
                       "%s of %s started this %lu times, which %s does not see: each copy would be "
                       "alone; use the launcher of %s, or --mpi %s",
                       launch->launcher, nf_choice_titles[launchers], launch->copies,
                       nf_choice_titles[wanted], nf_choice_titles[wanted],
                       nf_choice_names[launchers]);
    return 0;
}

static int check_module(const struct nf_launch *launch, int choice, nfold_error *err)
{
    char path[NF_CHOICE_PATH];
    if (nf_choice_find(nf_choice_names[choice], path))
        return choice;
    return nf_fail(err, NFOLD_E_MISSING,
                   "nfold has no module for %s%s: install %s before nfold is built, or build the "
                   "module for the mpicc in PATH with `nfold info --build-mpi`",
                   nf_choice_titles[choice],
                   choice_of_launcher(launch) == choice ? ", whose launcher started this" : "",
                   packages[choice]);
}

int nf_choice_make(const struct nf_launch *launch, const char *wanted, nfold_error *err)
{
    int choice = choice_of_program(), rc;
    if (choice < 0)
        choice = choice_of_name(wanted);
    rc = check_launcher(launch, choice, err);
    if (rc < 0)
        return rc;
    if (choice < 0)
        choice = choice_of_launcher(launch);
    if (choice < 0)
        choice = choice_of_installed();
    if (choice < 0)
        return nf_fail(err, NFOLD_E_MISSING,
                       "no MPI was found: install openmpi-bin or mpich and build nfold anew, or "
                       "build its module for the mpicc in PATH with `nfold info --build-mpi`");
    return check_module(launch, choice, err);
}
