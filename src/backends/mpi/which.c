/* which.c: preprocessed, it says whose wrapper did it. */
#include <mpi.h>
#if defined(OPEN_MPI)
nfold_openmpi
#elif defined(MPICH_VERSION) || defined(I_MPI_VERSION)
nfold_mpich
#endif
