/* native_kernel.c: what bodies that compile kernels have in common. */
#include "native_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "native.h"

#include "expr/print_c.h"

int nf_native_kernel_load(const void *object, size_t size, struct nfold_native *native,
                          nfold_error *err)
{
    void *handle, *symbol;
    int rc = nf_native_load(object, size, &handle, err);
    if (rc < 0)
        return rc;
    symbol = nf_native_symbol(handle, NF_PRINT_C_KERNEL);
    if (!symbol) {
        nf_native_unload(handle);
        return nf_fail(err, NFOLD_E_INTERNAL, "the native code has no symbol '%s'",
                       NF_PRINT_C_KERNEL);
    }
    *native = (struct nfold_native){.handle = handle};
    memcpy(&native->kernel, &symbol, sizeof symbol); /* ISO C converts no data to code */
    return 0;
}

int nf_native_kernel_keep(struct nfold_buffer *object, double start, struct nfold_native *native,
                          nfold_error *err)
{
    int rc = nf_native_kernel_load(object->data, object->size, native, err);
    if (rc < 0) {
        nf_buffer_clear(object);
        return rc;
    }
    native->compile_seconds = nf_clock_now() - start;
    native->object = object->data;
    native->object_size = object->size;
    *object = (struct nfold_buffer){0};
    return 0;
}

void nf_native_kernel_unload(struct nfold_native *native)
{
    nf_native_unload(native->handle);
    free(native->object);
    *native = (struct nfold_native){0};
}
