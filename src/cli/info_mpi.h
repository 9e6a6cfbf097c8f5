/* info_mpi.h: nfold info mpi, and nfold info --build-mpi. */
#ifndef NF_INFO_MPI_H
#define NF_INFO_MPI_H

#include "verb.h"

/* What is here of each MPI, as text or JSON. NFOLD_E_MISSING, after that: nothing. */
int nf_info_mpi(const struct nf_command *command, struct nfold_buffer *out, nfold_error *err);
/* Compiles the module for the mpicc in PATH and puts it into the user's folder. */
int nf_info_build_mpi(struct nfold_buffer *out, nfold_error *err);

#endif
