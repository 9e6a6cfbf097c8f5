/* cfunction.c: the body type "cfunction": a C function of the user's, double f(double).
 *
 *     file.c:f        compiled here with a loop around it, so that the compiler can use vectors
 *     ./lib.so:f      loaded and called point by point
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nfold/body.h>

#include "buffer.h"
#include "clock.h"
#include "error.h"
#include "foreign_source.h"
#include "function_source.h"
#include "native.h"
#include "native_kernel.h"
#include "option.h"
#include "temporary.h"

extern const struct nfold_body_type nf_body_cfunction;

typedef double point_function(double x);

struct cfunction {
    point_function *point;            /* of a library; otherwise NULL */
    nf_function_loop *loop;           /* of a file; otherwise NULL */
    void *library;                    /* from dlopen */
    void *handle;                     /* from nf_native_load */
    struct nf_function_source source; /* of a file */
    struct nfold_buffer object;       /* what handle was loaded from */
    double compile_seconds;           /* of the loop */
    char *path, *symbol;              /* what library was loaded from */
};

/* An operand taken apart. */
struct operand {
    char path[PATH_MAX];
    char symbol[NF_SYMBOL_MAX];
};

static const struct nf_option cfunction_options[] = {
    {.name = "cc",
     .type = NF_OPTION_TEXT,
     .metavar = "PROGRAM",
     .help = "C compiler for native code and C functions; default: cc, gcc or clang in PATH"},
    {.name = "cflags",
     .type = NF_OPTION_TEXT,
     .metavar = "FLAGS",
     .help = "more compiler flags for a C function, separated by blanks"},
    {0},
};

/* ---- operands ------------------------------------------------------------------------------ */

static int is_source_name(const char *path, size_t length)
{
    return length > 2 && memcmp(path + length - 2, ".c", 2) == 0;
}

/* lib.so, lib.so.1, lib.so.1.2 */
static int is_library_name(const char *path, size_t length)
{
    size_t end = length;
    while (end > 0 && (isdigit((unsigned char)path[end - 1]) || path[end - 1] == '.'))
        end--;
    if (end < length && path[end] != '.')
        return 0;
    return end > 3 && memcmp(path + end - 3, ".so", 3) == 0;
}

/* The length of the path: up to the last colon, or all of the operand. */
static size_t path_length(const char *operand)
{
    const char *colon = strrchr(operand, ':');
    return colon ? (size_t)(colon - operand) : strlen(operand);
}

static int cfunction_claims(const char *operand)
{
    size_t length = path_length(operand);
    return is_source_name(operand, length) || is_library_name(operand, length) ||
           nf_foreign_source_is(operand);
}

static int take_apart(struct operand *parts, const char *text, nfold_error *err)
{
    size_t length = path_length(text);
    const char *symbol = text[length] ? text + length + 1 : "";
    if (nf_foreign_source_is(text))
        return nf_foreign_source_refuse(text, err);
    if (!nf_is_identifier(symbol))
        return nf_fail(err, NFOLD_E_USAGE, "'%s': the name of a function is missing: %.*s:NAME",
                       text, (int)length, text);
    if (length >= sizeof parts->path || strlen(symbol) >= sizeof parts->symbol)
        return nf_fail(err, NFOLD_E_VALUE, "'%.64s…' is too long for a file and a function", text);
    snprintf(parts->path, sizeof parts->path, "%.*s", (int)length, text);
    snprintf(parts->symbol, sizeof parts->symbol, "%s", symbol);
    return 0;
}

/* ---- file.c:f -------------------------------------------------------------------------------- */

static int load_loop(struct cfunction *self, const void *object, size_t size, const char *path,
                     nfold_error *err)
{
    int rc = nf_native_load(object, size, &self->handle, err);
    if (rc < 0)
        return nf_compiler_words_loading(path, err);
    void *symbol = nf_native_symbol(self->handle, NF_FUNCTION_LOOP);
    memcpy(&self->loop, &symbol, sizeof symbol);
    return symbol ? 0 : nf_fail(err, NFOLD_E_INTERNAL, "%s: no loop was made", path);
}

static int open_source(struct cfunction *self, const struct operand *operand,
                       const nfold_options *options, nfold_error *err)
{
    double start = nf_clock_now();
    int rc = nf_function_source_open(&self->source, operand->path, operand->symbol, options, err);
    if (rc >= 0)
        rc = nf_function_source_loop(&self->source, &self->object, err);
    if (rc >= 0)
        rc = load_loop(self, self->object.data, self->object.size, operand->path, err);
    self->compile_seconds = nf_clock_now() - start;
    return rc;
}

static int cfunction_compile(const void *opaque, enum nfold_shape shape, const volatile int *cancel,
                             struct nfold_native *native, nfold_error *err)
{
    const struct cfunction *self = opaque;
    struct nfold_buffer object = {0};
    double start = nf_clock_now();
    if (!self->loop)
        return nf_fail(err, NFOLD_E_BODY, "a library's function is called as it is");
    int rc = nf_function_source_kernel(&self->source, shape, cancel, &object, err);
    if (rc >= 0)
        return nf_native_kernel_keep(&object, start, native, err);
    nf_buffer_clear(&object);
    return rc;
}

static int cfunction_load(const void *self, const void *object, size_t size,
                          struct nfold_native *native, nfold_error *err)
{
    (void)self;
    return nf_native_kernel_load(object, size, native, err);
}

/* ---- ./lib.so:f ------------------------------------------------------------------------------ */

static int complain_no_function(void *library, const char *path, const char *name, nfold_error *err)
{
    char fortran[NF_SYMBOL_MAX + 1];
    snprintf(fortran, sizeof fortran, "%s_", name);
    if (dlsym(library, fortran))
        return nf_fail(err, NFOLD_E_BODY,
                       "%s has no function '%s' but '%s'; a Fortran function must be declared "
                       "bind(c) and its argument value",
                       path, name, fortran);
    return nf_fail(err, NFOLD_E_BODY,
                   "%s has no function '%s'; a C++ function must be declared extern \"C\"", path,
                   name);
}

/* A variable, which has a name in a library as functions do. */
static int is_data(const void *address)
{
    const ElfW(Sym) *symbol = NULL;
    Dl_info info;
    return dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) != 0 && symbol != NULL &&
           info.dli_saddr == address && ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT;
}

static int load_library(struct cfunction *self, const char *path, const char *name,
                        nfold_error *err)
{
    self->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!self->library)
        return nf_fail(err, NFOLD_E_BODY, "the library cannot be loaded: %s", dlerror());
    void *symbol = dlsym(self->library, name);
    if (!symbol)
        return complain_no_function(self->library, path, name, err);
    if (is_data(symbol))
        return nf_fail(err, NFOLD_E_BODY, "%s: '%s' is a variable, not a function", path, name);
    memcpy(&self->point, &symbol, sizeof symbol); /* ISO C converts no data to code */
    self->path = strdup(path);
    self->symbol = strdup(name);
    return self->path && self->symbol ? 0 : nf_fail_memory(err);
}

/* A file of that name beats a library of the system's. */
static int open_library(struct cfunction *self, const struct operand *operand, nfold_error *err)
{
    char path[PATH_MAX];
    int is_here = realpath(operand->path, path) != NULL;
    if (!is_here && strchr(operand->path, '/'))
        return nf_fail(err, NFOLD_E_VALUE, "cannot read %s: %s", operand->path, strerror(errno));
    return load_library(self, is_here ? path : operand->path, operand->symbol, err);
}

/* ---- the body -------------------------------------------------------------------------------- */

static void cfunction_close(void *opaque)
{
    struct cfunction *self = opaque;
    if (!self)
        return;
    nf_native_unload(self->handle);
    nf_buffer_clear(&self->object);
    if (self->library)
        dlclose(self->library);
    nf_function_source_close(&self->source);
    free(self->path);
    free(self->symbol);
    free(self);
}

/* A value that nothing takes would be a mistake without a word. */
static int refuse_set(const nfold_options *options, nfold_error *err)
{
    unsigned count =
        options && nf_options_find(options, "set") ? nf_options_assign_count(options, "set") : 0;
    double value;
    for (unsigned i = 0; i < count; i++)
        if (!nf_options_assign_is_taken(options, "set", i))
            return nf_fail(err, NFOLD_E_USAGE, "--set %s: a C function has no such name",
                           nf_options_assign(options, "set", i, &value));
    return 0;
}

static int cfunction_open(void **opaque, const char *text, const char *variable,
                          const nfold_options *options, nfold_error *err)
{
    struct operand operand;
    (void)variable;
    int rc = take_apart(&operand, text, err);
    if (rc >= 0)
        rc = refuse_set(options, err);
    if (rc < 0)
        return rc;
    struct cfunction *self = calloc(1, sizeof *self);
    if (!self)
        return nf_fail_memory(err);
    if (is_source_name(operand.path, strlen(operand.path)))
        rc = open_source(self, &operand, options, err);
    else
        rc = open_library(self, &operand, err);
    if (rc < 0) {
        cfunction_close(self);
        return rc;
    }
    *opaque = self;
    return 0;
}

static double cfunction_open_compile_seconds(const void *opaque)
{
    const struct cfunction *self = opaque;
    return self->compile_seconds;
}

static size_t cfunction_scratch_size(const void *self)
{
    (void)self;
    return 0;
}

static int cfunction_call(const void *opaque, void *scratch, const double *x, double *y,
                          size_t count, nfold_error *err)
{
    const struct cfunction *self = opaque;
    (void)scratch, (void)err;
    if (self->loop)
        self->loop(x, y, count);
    else
        for (size_t i = 0; i < count; i++)
            y[i] = self->point(x[i]);
    return 0;
}

/* "object\n" and the bytes of the compiled file, or "library SYMBOL\n" and the library's path: what
 * was compiled once is never compiled again, and the file may have changed since. */
static int cfunction_describe(const void *opaque, struct nfold_buffer *buffer, nfold_error *err)
{
    const struct cfunction *self = opaque;
    if (self->loop) {
        nf_buffer_string(buffer, "object\n");
        nf_buffer_bytes(buffer, self->object.data, self->object.size);
    } else {
        nf_buffer_print(buffer, "library %s\n%s", self->symbol, self->path);
    }
    return buffer->failed ? nf_fail_memory(err) : 0;
}

/* The file that the loader took, which need not be where the operand says. */
static int identify_library(const struct cfunction *self, struct nfold_buffer *bytes,
                            nfold_error *err)
{
    Dl_info info;
    const void *address;
    int fd, rc = 0;
    memcpy(&address, &self->point, sizeof address); /* ISO C converts no code to data */
    if (dladdr(address, &info) == 0 || !info.dli_fname)
        return nf_fail(err, NFOLD_E_BODY, "the loader does not say where '%s' is from",
                       self->symbol);
    nf_buffer_print(bytes, "library %s\n", self->symbol);
    fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || nf_temporary_read(fd, SIZE_MAX, bytes) < 0)
        rc = nf_fail_errno(err, "cannot read %s", info.dli_fname);
    if (fd >= 0)
        close(fd);
    return rc;
}

static int cfunction_identify(const void *opaque, struct nfold_buffer *bytes, nfold_error *err)
{
    const struct cfunction *self = opaque;
    int rc;
    if (self->library)
        rc = identify_library(self, bytes, err);
    else
        rc = nf_function_source_identify(&self->source, bytes, err);
    return rc >= 0 && bytes->failed ? nf_fail_memory(err) : rc;
}

static int rebuild_library(struct cfunction *self, const char *text, size_t size, nfold_error *err)
{
    char symbol[NF_SYMBOL_MAX], path[PATH_MAX];
    const char *end = memchr(text, '\n', size);
    if (!end || (size_t)(end - text) >= sizeof symbol ||
        size - (size_t)(end - text) - 1 >= sizeof path)
        return nf_fail(err, NFOLD_E_INTERNAL, "a description of a library is too long");
    snprintf(symbol, sizeof symbol, "%.*s", (int)(end - text), text);
    snprintf(path, sizeof path, "%.*s", (int)(size - (size_t)(end - text) - 1), end + 1);
    return load_library(self, path, symbol, err);
}

static int cfunction_rebuild(void **opaque, const void *description, size_t size, nfold_error *err)
{
    static const char object[] = "object\n", library[] = "library ";
    const size_t object_head = sizeof object - 1, library_head = sizeof library - 1;
    const char *text = description;
    struct cfunction *self = calloc(1, sizeof *self);
    int rc;
    if (!self)
        return nf_fail_memory(err);
    if (size > object_head && memcmp(text, object, object_head) == 0)
        rc = load_loop(self, text + object_head, size - object_head, "the C function", err);
    else if (size > library_head && memcmp(text, library, library_head) == 0)
        rc = rebuild_library(self, text + library_head, size - library_head, err);
    else
        rc = nf_fail(err, NFOLD_E_INTERNAL, "a description is not of a C function");
    if (rc < 0)
        cfunction_close(self);
    else
        *opaque = self;
    return rc;
}

const struct nfold_body_type nf_body_cfunction = {
    .abi = NFOLD_BODY_ABI,
    .name = "cfunction",
    .summary = "a C function double f(double): file.c:f or ./lib.so:f",
    .forms = NFOLD_FORM_CALL,
    .traits = NFOLD_BODY_PURE | NFOLD_BODY_USER_CODE,
    .options = cfunction_options,
    .claims = cfunction_claims,
    .open = cfunction_open,
    .close = cfunction_close,
    .open_compile_seconds = cfunction_open_compile_seconds,
    .scratch_size = cfunction_scratch_size,
    .call = cfunction_call,
    .compile = cfunction_compile,
    .load = cfunction_load,
    .unload = nf_native_kernel_unload,
    .describe = cfunction_describe,
    .identify = cfunction_identify,
    .rebuild = cfunction_rebuild,
};
