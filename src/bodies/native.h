/* native.h: the system's C compiler as a child process, and loading what it made.
 * The object's bytes are kept so that they can travel; nothing stays on disk. */
#ifndef NF_NATIVE_H
#define NF_NATIVE_H

#include "buffer.h"
#include "error.h"

/* The compiler: option "cc" or $NFOLD_CC, else cc, gcc, clang in PATH. NFOLD_E_MISSING: none; the
 * message says that the VM runs instead and what that costs. path: PATH_MAX bytes. */
int nf_native_find(const char *wanted, char *path, size_t size, nfold_error *err);

/* What to compile, and until when. */
struct nf_native_job {
    const char *compiler;
    const char *source;       /* C text */
    const char *const *flags; /* ended by NULL; NULL: none */
    /* When one of them becomes non-zero the compiler is killed; NULL: never. The first is the
     * run's, which ends with it; the second is the whole program's. */
    const volatile int *cancel, *stop;
};

/* Makes the bytes of a shared object. NFOLD_E_STOPPED: told to. A compiler's complaint is in
 * err->detail. Works with a full or noexec temporary folder where another one serves. */
int nf_native_compile(const struct nf_native_job *job, struct nfold_buffer *object,
                      nfold_error *err);

/* Loads a shared object from its bytes (memfd; a private file where that is refused). */
int nf_native_load(const void *object, size_t size, void **handle, nfold_error *err);
void *nf_native_symbol(void *handle, const char *name);
void nf_native_unload(void *handle); /* NULL is fine */

#endif
