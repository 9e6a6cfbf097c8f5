/* shared_memory.c: memory that worker processes write and their caller reads. */
#include <nfold/nfold.h>

#include <sys/mman.h>

#include "error.h"

int nfold_shared_alloc(void **memory, size_t size, nfold_error *err)
{
    void *made;
    *memory = NULL;
    if (size == 0)
        return nf_fail(err, NFOLD_E_VALUE, "memory to share must have a size");
    made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return nf_fail_errno(err, "%zu bytes of memory to share", size);
    *memory = made;
    return 0;
}

void nfold_shared_free(void *memory, size_t size)
{
    if (memory)
        munmap(memory, size);
}
