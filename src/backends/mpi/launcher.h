/* launcher.h: `-b mpi -j N` without a launcher: the mpirun that fits takes over. */
#ifndef NF_LAUNCHER_H
#define NF_LAUNCHER_H

#include "error.h"

/* A command line to be executed. */
struct nf_launcher {
    char path[4096]; /* of mpirun */
    char **word;     /* ended by NULL; from malloc, the words are not */
    size_t count;
    char number[24];
};

/* For the command `program` with `words`; ranks: of them; is_asked: by number, so that they may be
 * more than processors. NFOLD_E_MISSING: no MPI, or no mpirun of it. */
int nf_launcher_make(struct nf_launcher *launcher, const nfold_options *options, unsigned ranks,
                     int is_asked, const char *program, char **words, nfold_error *err);
/* Who runs this as root, in a container mostly, means it: Open MPI's mpirun is told so. */
void nf_launcher_allow_root(void);
/* Ends this program and begins that one; returns only on failure. */
int nf_launcher_execute(struct nf_launcher *launcher, nfold_error *err);
void nf_launcher_clear(struct nf_launcher *launcher);
/* The mpirun of an MPI by its name: 1, or 0 if there is none. known: "" or what its module says. */
int nf_launcher_find(const char *name, const char *known, char *path, size_t size);

#endif
