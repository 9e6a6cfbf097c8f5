/* native.h: the system's C compiler as a child process, and loading what it made.
 * The object's bytes are kept so that they can travel; nothing stays on disk. */
#ifndef NF_NATIVE_H
#define NF_NATIVE_H

#include "buffer.h"
#include "error.h"

/* The compiler: option "cc" or $NFOLD_CC, else cc, gcc, clang in PATH. NFOLD_E_MISSING: none; the
 * message says that the VM runs instead and what that costs. path: PATH_MAX bytes. */
int nf_native_find(const char *wanted, char *path, size_t size, nfold_error *err);

/* Compiles source (C text) into the bytes of a shared object. flags: ended by NULL. cancel (may be
 * NULL): when it becomes non-zero the compiler is killed and NFOLD_E_STOPPED returned. A compiler's
 * complaint is in err->detail. Works with a full or noexec temporary folder where another one serves. */
int nf_native_compile(const char *compiler, const char *source, const char *const *flags,
                      const volatile int *cancel, struct nfold_buffer *object, nfold_error *err);

/* Loads a shared object from its bytes (memfd; a private file where that is refused). */
int nf_native_load(const void *object, size_t size, void **handle, nfold_error *err);
void *nf_native_symbol(void *handle, const char *name);
void nf_native_unload(void *handle); /* NULL is fine */

#endif
