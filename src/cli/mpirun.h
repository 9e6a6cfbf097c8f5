/* mpirun.h: the mpirun that this command starts, and stays beside. */
#ifndef NF_CLI_MPIRUN_H
#define NF_CLI_MPIRUN_H

#include "mpi/launcher.h"

/* Runs it to its end: shows what it says as it comes, passes on signals that reached only this
 * process, and ends it where it would wait for a host that the ranks have given up. Returns its
 * exit status, or < 0 where it had none to give and no rank has said why. */
int nf_mpirun_run(struct nf_launcher *launcher, nfold_error *err);

#endif
