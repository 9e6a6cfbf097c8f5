/* launcher.c: finds mpirun and makes its command line. */
#include "launcher.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "option.h"

#define WORDS_MOST 8 /* of mpirun's own */

/* In PATH; where a plain name may be any MPI's, what it really is tells. */
static int find_in_path(const char *name, const char *reality, char *path, size_t size)
{
    const char *at = getenv("PATH");
    char real[PATH_MAX];
    while (at && *at) {
        size_t length = strcspn(at, ":");
        snprintf(path, size, "%.*s/%s", (int)length, at, name);
        if (length > 0 && access(path, X_OK) == 0 &&
            (!reality || (realpath(path, real) && strstr(strrchr(real, '/'), reality))))
            return 1;
        at += length + (at[length] == ':');
    }
    return 0;
}

int nf_launcher_find(const char *name, const char *known, char *path, size_t size)
{
    static const struct {
        const char *mpi, *name, *reality;
    } candidates[] = {
        {"openmpi", "mpirun.openmpi", NULL},  {"openmpi", "orterun", NULL},
        {"openmpi", "prterun", NULL},         {"openmpi", "mpirun", "orterun"},
        {"openmpi", "mpirun", "prterun"},     {"mpich", "mpirun.mpich", NULL},
        {"mpich", "mpiexec.hydra", NULL},     {"mpich", "mpiexec.mpich", NULL},
        {"mpich", "mpirun", "mpiexec.hydra"},
    };
    if (known[0] && access(known, X_OK) == 0) {
        snprintf(path, size, "%s", known);
        return 1;
    }
    for (unsigned k = 0; k < sizeof candidates / sizeof *candidates; k++)
        if (strcmp(candidates[k].mpi, name) == 0 &&
            find_in_path(candidates[k].name, candidates[k].reality, path, size))
            return 1;
    return 0;
}

static int find_mpirun(struct nf_launcher *launcher, const nfold_options *options, int *choice,
                       nfold_error *err)
{
    const struct nf_launch none = {.copies = 1};
    const struct nf_port *port;
    int rc;
    *choice = nf_choice_make(&none, nf_options_text(options, "mpi"), err);
    if (*choice < 0)
        return *choice;
    rc = nf_choice_load(*choice, &port, err);
    if (rc < 0)
        return rc;
    if (nf_launcher_find(port->name, port->mpirun, launcher->path, sizeof launcher->path))
        return 0;
    return nf_fail(err, NFOLD_E_MISSING, "found no mpirun of %s in PATH: install %s",
                   nf_choice_titles[*choice], *choice == 0 ? "openmpi-bin" : "mpich");
}

/* exec takes words that it does not change. */
static void add(struct nf_launcher *launcher, const char *word)
{
    launcher->word[launcher->count++] = (char *)(uintptr_t)word;
}

int nf_launcher_make(struct nf_launcher *launcher, const nfold_options *options, unsigned ranks,
                     int is_asked, const char *program, char **words, nfold_error *err)
{
    size_t count = 0;
    int choice, rc;
    *launcher = (struct nf_launcher){.word = NULL};
    rc = find_mpirun(launcher, options, &choice, err);
    if (rc < 0)
        return rc;
    while (words[count])
        count++;
    launcher->word = calloc(count + WORDS_MOST + 1, sizeof *launcher->word);
    if (!launcher->word)
        return nf_fail_memory(err);
    snprintf(launcher->number, sizeof launcher->number, "%u", ranks);
    add(launcher, launcher->path);
    add(launcher, "-n");
    add(launcher, launcher->number);
    if (choice == 0) {
        add(launcher, "--bind-to");
        add(launcher, "none");
        /* Without a number there are as many ranks as processors, hardware threads counted. */
        add(launcher, is_asked ? "--oversubscribe" : "--use-hwthread-cpus");
    }
    add(launcher, program);
    for (size_t k = 0; k < count; k++)
        add(launcher, words[k]);
    return 0;
}

void nf_launcher_allow_root(void)
{
    if (geteuid() != 0)
        return;
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
}

/* Ranks read nothing. */
int nf_launcher_execute(struct nf_launcher *launcher, nfold_error *err)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    nf_launcher_allow_root();
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    execv(launcher->path, launcher->word);
    return nf_fail_errno(err, "cannot start %s", launcher->path);
}

void nf_launcher_clear(struct nf_launcher *launcher)
{
    free(launcher->word);
    launcher->word = NULL;
}
