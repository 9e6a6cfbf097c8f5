/* native.c: loading what a compiler made. */
#include "native.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "temporary.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

/* The loader remembers libraries by name, and the name of one in memory is the number of its file:
 * the file stays open as long as the library is loaded, so that no other one can get that number.
 */
struct library {
    void *loaded;
    int fd; /* -1: it came from a file that is gone */
};

/* A file in memory that code may be loaded from. Newer systems want to be asked for that. */
static int executable_memory(void)
{
    int fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC);
    return fd;
}

static int load_from_memory(struct library *library, const void *object, size_t size)
{
    char name[64];
    library->fd = executable_memory();
    if (library->fd < 0)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", library->fd);
    if (nf_temporary_write(library->fd, object, size) == 0)
        library->loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library->loaded)
        return 0;
    close(library->fd);
    library->fd = -1;
    return -1;
}

static int load_from_folder(struct library *library, const char *parent, const void *object,
                            size_t size)
{
    struct nf_temporary folder;
    char name[PATH_MAX + 16];
    if (nf_temporary_make(&folder, parent) < 0)
        return -1;
    snprintf(name, sizeof name, "%s/object.so", folder.path);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && nf_temporary_write(fd, object, size) == 0)
        library->loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (fd >= 0)
        close(fd);
    nf_temporary_remove(&folder);
    return library->loaded ? 0 : -1;
}

int nf_native_load(const void *object, size_t size, void **handle, nfold_error *err)
{
    const char *parent[NF_TEMPORARY_FOLDERS];
    struct library *library = malloc(sizeof *library);
    *handle = NULL;
    if (!library)
        return nf_fail_memory(err);
    *library = (struct library){.loaded = NULL, .fd = -1};
    int rc = load_from_memory(library, object, size);
    size_t count = nf_temporary_folders(parent);
    for (size_t i = 0; rc < 0 && i < count; i++)
        rc = load_from_folder(library, parent[i], object, size);
    if (rc < 0) {
        const char *reason = dlerror();
        free(library);
        return nf_fail(err, NFOLD_E_SYSTEM, "loading compiled code: %s",
                       reason ? reason : "no place for it");
    }
    *handle = library;
    return 0;
}

void *nf_native_symbol(void *handle, const char *name)
{
    return dlsym(((struct library *)handle)->loaded, name);
}

void nf_native_unload(void *handle)
{
    struct library *library = handle;
    if (!library)
        return;
    dlclose(library->loaded);
    if (library->fd >= 0)
        close(library->fd);
    free(library);
}
