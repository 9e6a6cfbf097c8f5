/* choice.h: which MPI, and its module. */
#ifndef NF_CHOICE_H
#define NF_CHOICE_H

#include "error.h"
#include "launch.h"
#include "port.h"

#define NF_CHOICES     2
#define NF_CHOICE_PATH 4096

/* "openmpi", "mpich"; and as people write them. */
extern const char *const nf_choice_names[NF_CHOICES];
extern const char *const nf_choice_titles[NF_CHOICES];

/* The file of a module: found 1, or 0. */
int nf_choice_find(const char *name, char path[NF_CHOICE_PATH]);
/* The folder that the user's own modules are in; "" if there is no home. */
void nf_choice_own_folder(char path[NF_CHOICE_PATH]);
/* The MPI that this process is to use, as an index; launch: of this process; wanted: "auto" or a
 * name. NFOLD_E_MISSING says what to install, NFOLD_E_USAGE what does not fit. */
int nf_choice_make(const struct nf_launch *launch, const char *wanted, nfold_error *err);
/* Loads a module, for as long as the process lives. */
int nf_choice_load(int choice, const struct nf_port **port, nfold_error *err);

#endif
