/* native_kernel.h: a compiled object with a kernel in it becomes an nfold_native. */
#ifndef NF_NATIVE_KERNEL_H
#define NF_NATIVE_KERNEL_H

#include <nfold/body.h>

#include "buffer.h"
#include "error.h"

/* Loads the kernel of an object (its symbol: NF_PRINT_C_KERNEL) whose bytes stay the caller's. */
int nf_native_kernel_load(const void *object, size_t size, struct nfold_native *native,
                          nfold_error *err);
/* The same of what was compiled since `start` by the clock, with the bytes, which go to *native, or
 * on failure are freed. */
int nf_native_kernel_keep(struct nfold_buffer *object, double start, struct nfold_native *native,
                          nfold_error *err);
void nf_native_kernel_unload(struct nfold_native *native);

#endif
