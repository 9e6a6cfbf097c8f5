/* build_mpi.c: a module for a site's own MPI: the text of port.c travels in the command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "info_mpi.h"
#include "mpi/choice.h"
#include "native.h"
#include "temporary.h"

extern const char *const nf_port_text[], *const nf_port_header_text[];

/* One text: the header stands where it is included. */
static void write_source(struct nfold_buffer *source)
{
    nf_buffer_string(source, "#define _GNU_SOURCE\n");
    for (const char *const *line = nf_port_text; *line != NULL; line++) {
        if (strcmp(*line, "#include \"port.h\"\n") != 0) {
            nf_buffer_string(source, *line);
            continue;
        }
        for (const char *const *own = nf_port_header_text; *own != NULL; own++)
            nf_buffer_string(source, *own);
    }
}

/* The launcher that belongs to a wrapper stands beside it; MPICH's finds its helpers by where it
 * really is. */
static void launcher_flag(const char *wrapper, char *flag, size_t size)
{
    char path[PATH_MAX], real[PATH_MAX] = "";
    const char *slash = strrchr(wrapper, '/');
    snprintf(path, sizeof path, "%.*s/mpirun", (int)(slash - wrapper), wrapper);
    if (access(path, X_OK) < 0 || realpath(path, real) == NULL)
        real[0] = '\0';
    snprintf(flag, size, "-DNF_PORT_MPIRUN=\"%s\"", real);
}

static int compile(const char *wrapper, struct nfold_buffer *object, nfold_error *err)
{
    char launcher[PATH_MAX + 32];
    const char *const flags[] = {"-pthread", "-fvisibility=hidden", launcher, NULL};
    struct nfold_buffer source = {0};
    struct nf_native_job job = {.compiler = wrapper, .flags = flags};
    int rc;
    launcher_flag(wrapper, launcher, sizeof launcher);
    write_source(&source);
    job.source = nf_buffer_text(&source);
    rc = source.failed ? nf_fail_memory(err) : nf_native_compile(&job, object, err);
    nf_buffer_clear(&source);
    return rc < 0 ? nf_error_context(err, "%s: ", wrapper) : rc;
}

/* What it is, it says itself once it is loaded: that shows, too, that it can be. */
static int read_port(const struct nfold_buffer *object, char *name, char *library, size_t size,
                     nfold_error *err)
{
    const struct nf_port *port;
    void *handle;
    int rc = nf_native_load(object->data, object->size, &handle, err);
    if (rc < 0)
        return rc;
    port = nf_native_symbol(handle, NF_PORT_SYMBOL);
    if (port == NULL)
        return nf_fail(err, NFOLD_E_INTERNAL, "what was compiled is no module");
    snprintf(name, size, "%s", port->name);
    port->describe(library, size);
    return 0; /* not unloaded: MPIs do not like that */
}

static int make_folders(const char *path)
{
    char part[NF_CHOICE_PATH];
    for (const char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", at != NULL ? (int)(at - path) : (int)strlen(path),
                 path);
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return -1;
        if (at == NULL)
            return 0;
    }
}

/* As a whole or not at all: a run may load it meanwhile. */
static int put_in_place(const struct nfold_buffer *object, const char *name,
                        char path[NF_CHOICE_PATH], nfold_error *err)
{
    char folder[NF_CHOICE_PATH], partial[NF_CHOICE_PATH];
    int fd;
    nf_choice_own_folder(folder);
    if (folder[0] == '\0')
        return nf_fail(err, NFOLD_E_MISSING,
                       "there is no place for a module: set XDG_DATA_HOME or HOME");
    if (make_folders(folder) < 0)
        return nf_fail_errno(err, "%.300s", folder);
    snprintf(partial, sizeof partial, "%.3900s/.nfold-mpi-%s.%d", folder, name, (int)getpid());
    snprintf(path, NF_CHOICE_PATH, "%.3900s/nfold-mpi-%s.so", folder, name);
    fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (fd < 0)
        return nf_fail_errno(err, "%.300s", partial);
    if (nf_temporary_write(fd, object->data, object->size) < 0 || close(fd) < 0 ||
        rename(partial, path) < 0) {
        int rc = nf_fail_errno(err, "%.300s", path);
        unlink(partial);
        return rc;
    }
    return 0;
}

int nf_info_build_mpi(struct nfold_buffer *out, nfold_error *err)
{
    char wrapper[PATH_MAX], path[NF_CHOICE_PATH], name[64], library[64];
    struct nfold_buffer object = {0};
    int rc;
    if (nf_native_find("mpicc", wrapper, sizeof wrapper, NULL) < 0)
        return nf_fail(err, NFOLD_E_MISSING,
                       "there is no mpicc in PATH: load your site's MPI (module load ...), or "
                       "install libopenmpi-dev or libmpich-dev");
    rc = compile(wrapper, &object, err);
    if (rc >= 0)
        rc = read_port(&object, name, library, sizeof name, err);
    if (rc >= 0)
        rc = put_in_place(&object, name, path, err);
    if (rc >= 0)
        nf_buffer_print(out, "%s by %s\n%s\n", library, wrapper, path);
    nf_buffer_clear(&object);
    return rc;
}
