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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nfold/body.h>

#include "buffer.h"
#include "clock.h"
#include "error.h"
#include "isa.h"
#include "native.h"
#include "option.h"
#include "suggest.h"
#include "temporary.h"

#include "expr/print_c.h"

extern const struct nfold_body_type nf_body_cfunction;

#define SYMBOL_MAX   256
#define SOURCE_MAX   (4 << 20) /* of a file, this much is searched for the names of functions */
#define BLOCK_SYMBOL "nf_block"

typedef double point_function(double x);
typedef void block_function(const double *x, double *y, size_t count);

/* How a file was compiled, so that a kernel can be made of it in the same way. */
struct source {
    char path[PATH_MAX]; /* absolute */
    char symbol[SYMBOL_MAX];
    char compiler[PATH_MAX];
    enum nf_isa isa;
    char *cflags;
    struct stat status;       /* the file's when it was compiled */
    const volatile int *stop; /* the program's */
};

struct cfunction {
    point_function *point;      /* of a library; otherwise NULL */
    block_function *block;      /* of a file; otherwise NULL */
    void *library;              /* from dlopen */
    void *handle;               /* from nf_native_load */
    struct source source;       /* of a file */
    struct nfold_buffer object; /* what handle was loaded from */
    char *path, *symbol;        /* what library was loaded from */
};

/* An operand taken apart. */
struct operand {
    char path[PATH_MAX];
    char symbol[SYMBOL_MAX];
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
    return is_source_name(operand, length) || is_library_name(operand, length);
}

static int is_identifier(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return 0;
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return *name == '\0';
}

static int take_apart(struct operand *parts, const char *text, nfold_error *err)
{
    size_t length = path_length(text);
    const char *symbol = text[length] ? text + length + 1 : "";
    if (!is_identifier(symbol))
        return nf_fail(err, NFOLD_E_USAGE, "'%s': the name of a function is missing: %.*s:NAME",
                       text, (int)length, text);
    if (length >= sizeof parts->path || strlen(symbol) >= sizeof parts->symbol)
        return nf_fail(err, NFOLD_E_VALUE, "'%.64s…' is too long for a file and a function", text);
    snprintf(parts->path, sizeof parts->path, "%.*s", (int)length, text);
    snprintf(parts->symbol, sizeof parts->symbol, "%s", symbol);
    return 0;
}

/* ---- names near a wrong one ------------------------------------------------------------------ */

/* Keeps the nearest of the names that stand in front of a parenthesis in C text. */
static void nearest_in_source(const char *text, const char *wanted, char best[SYMBOL_MAX])
{
    while (*text) {
        size_t length = 0;
        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
        if (length == 0) {
            text++;
            continue;
        }
        char name[SYMBOL_MAX];
        const char *after = text + length + strspn(text + length, " \t\n");
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        if (*after == '(' && length < sizeof name && is_identifier(name) &&
            strcmp(name, wanted) != 0 && /* a macro, or words in a comment */
            nf_suggest_nearer(wanted, strlen(wanted), *best ? best : NULL, name) == name)
            snprintf(best, SYMBOL_MAX, "%s", name);
        text += length;
    }
}

static void suggest_from_source(const struct operand *operand, char best[SYMBOL_MAX])
{
    FILE *file = fopen(operand->path, "re");
    char *text = malloc(SOURCE_MAX);
    *best = '\0';
    if (file && text) {
        text[fread(text, 1, SOURCE_MAX - 1, file)] = '\0';
        nearest_in_source(text, operand->symbol, best);
    }
    free(text);
    if (file)
        fclose(file);
}

/* ---- file.c:f -------------------------------------------------------------------------------- */

static const char *option_text(const nfold_options *options, const char *name)
{
    return options && nf_options_find(options, name) ? nf_options_text(options, name) : NULL;
}

static enum nf_isa wanted_isa(const nfold_options *options)
{
    enum nf_isa isa;
    const char *name = option_text(options, "isa");
    if (name && nf_isa_parse(name, &isa) == 0 && nf_isa_runs_here(isa))
        return isa;
    return nf_isa_best();
}

/* The compiler's command beyond what every native code gets. */
struct command {
    const char **flag; /* ended by NULL */
    size_t count;
    int failed;                /* no memory */
    char folder[PATH_MAX + 2]; /* -I… */
    char *cflags;              /* a copy, cut at its blanks */
};

static void command_add(struct command *command, const char *flag)
{
    const char **grown = reallocarray(command->flag, command->count + 2, sizeof *grown);
    if (!grown) {
        command->failed = 1;
        return;
    }
    command->flag = grown;
    command->flag[command->count++] = flag;
    command->flag[command->count] = NULL;
}

static void command_clear(struct command *command)
{
    free(command->flag);
    free(command->cflags);
}

/* Flags that would have the compiler write something else, or somewhere else. */
static int check_flag(const char *flag, nfold_error *err)
{
    static const char *const other[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"};
    int is_other = strncmp(flag, "-o", 2) == 0;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        is_other |= strcmp(flag, other[i]) == 0;
    if (!is_other)
        return 0;
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'cflags': what the compiler makes, and where, is not for '%s' to say",
                   flag);
}

/* Hidden: otherwise a function of the user's that has the name of one of the C library's would call
 * that one, and none could be put into the loop. -fno-trapping-math changes no value, only flags.
 */
static int command_make(struct command *command, const struct source *source, nfold_error *err)
{
    static const char *const always[] = {"-O3", "-fno-trapping-math", "-fvisibility=hidden",
                                         "-Werror=incompatible-pointer-types"};
    for (const char *const *flag = nf_isa_flags(source->isa); *flag; flag++)
        command_add(command, *flag);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        command_add(command, always[i]);
    snprintf(command->folder, sizeof command->folder, "-I%.*s",
             (int)(strrchr(source->path, '/') - source->path), source->path);
    command_add(command, command->folder);
    command->cflags = strdup(source->cflags);
    if (!command->cflags)
        return nf_fail_memory(err);
    char *rest = NULL;
    for (char *word = strtok_r(command->cflags, " \t", &rest); word;
         word = strtok_r(NULL, " \t", &rest)) {
        int rc = check_flag(word, err);
        if (rc < 0)
            return rc;
        command_add(command, word);
    }
    return 0;
}

static int print_source(struct nfold_buffer *source, const char *symbol, nfold_error *err)
{
    nf_buffer_print(source,
                    "static double (*const nf_function)(double) = %s;\n"
                    "__attribute__((visibility(\"default\")))\n"
                    "void " BLOCK_SYMBOL "(const double *x, double *y,\n"
                    "              __SIZE_TYPE__ count)\n"
                    "{\n"
                    "    for (__SIZE_TYPE__ i = 0; i < count; i++)\n"
                    "        y[i] = nf_function(x[i]);\n"
                    "}\n",
                    symbol);
    return source->failed ? nf_fail_memory(err) : 0;
}

/* Our own lines have no name but this. */
static int is_ours(const char *line)
{
    return strncmp(line, "<stdin>", 7) == 0;
}

/* Takes our lines out of what the compiler says; 1 if it found an error in others. */
static int keep_the_user_s(const char *said, nfold_error *err)
{
    int is_wrong = 0;
    while (*said) {
        size_t length = strcspn(said, "\n");
        const char *error = strstr(said, "error: ");
        if (!is_ours(said)) {
            is_wrong |= error && error < said + length;
            nf_error_detail(err, "%.*s\n", (int)length, said);
        }
        said += length + (said[length] == '\n');
    }
    return is_wrong;
}

/* What is wrong with the symbol, from what the compiler says about our lines, which the user never
 * wrote. */
static int explain_symbol(const struct operand *operand, const char *said, nfold_error *err)
{
    char best[SYMBOL_MAX];
    if (strstr(said, "undeclared")) {
        suggest_from_source(operand, best);
        return nf_fail(err, NFOLD_E_BODY, "%s has no function '%s'%s%s%s", operand->path,
                       operand->symbol, *best ? "; did you mean '" : "", best, *best ? "'?" : "");
    }
    return nf_fail(err, NFOLD_E_BODY,
                   strstr(said, "incompatible") ? "%s: '%s' must be double %s(double)"
                                                : "%s: '%s' is no function double %s(double)",
                   operand->path, operand->symbol, operand->symbol);
}

static int explain_refusal(const struct operand *operand, nfold_error *err)
{
    const nfold_error said = *err;
    if (!*said.detail)
        return nf_fail(err, NFOLD_E_BODY, "%s: %s and did not say why", operand->path,
                       said.message);
    nf_fail(err, NFOLD_E_BODY, "%s does not compile", operand->path);
    if (!keep_the_user_s(said.detail, err) && strstr(said.detail, "<stdin>"))
        return explain_symbol(operand, said.detail, err);
    return NFOLD_E_BODY;
}

static int load_block(struct cfunction *self, const void *object, size_t size, const char *path,
                      nfold_error *err)
{
    int rc = nf_native_load(object, size, &self->handle, err);
    if (rc < 0) {
        nf_error_context(err, "%s: ", path);
        return err ? (err->code = NFOLD_E_BODY) : NFOLD_E_BODY;
    }
    void *symbol = nf_native_symbol(self->handle, BLOCK_SYMBOL);
    memcpy(&self->block, &symbol, sizeof symbol);
    return symbol ? 0 : nf_fail(err, NFOLD_E_INTERNAL, "%s: no loop was made", path);
}

/* The file is included before our loop, not by it: so its name may have any letters. */
static int compile_block(const struct source *source, struct nfold_buffer *object, nfold_error *err)
{
    struct command command = {.count = 0};
    struct nfold_buffer text = {0};
    int rc = command_make(&command, source, err);
    command_add(&command, "-include");
    command_add(&command, source->path);
    command_add(&command, "-lm");
    if (command.failed)
        rc = nf_fail_memory(err);
    if (rc >= 0)
        rc = print_source(&text, source->symbol, err);
    if (rc >= 0)
        rc = nf_native_compile(&(struct nf_native_job){.compiler = source->compiler,
                                                       .source = nf_buffer_text(&text),
                                                       .flags = command.flag,
                                                       .stop = source->stop},
                               object, err);
    nf_buffer_clear(&text);
    command_clear(&command);
    return rc;
}

static int find_compiler(struct source *source, const struct operand *operand, const char *wanted,
                         nfold_error *err)
{
    nfold_error why;
    int is_named = 0;
    if (nf_native_find(wanted, source->compiler, sizeof source->compiler, &why) >= 0)
        return 0;
    is_named = (wanted && *wanted) || getenv("NFOLD_CC");
    return nf_fail(err, NFOLD_E_MISSING, "%s needs a C compiler: %s", operand->path,
                   is_named ? why.message
                            : "there is no cc, gcc or clang in PATH; install gcc or clang, or "
                              "set NFOLD_CC");
}

static int compile_source(struct cfunction *self, const struct operand *operand, nfold_error *err)
{
    struct nfold_buffer object = {0};
    nfold_error said = {0};
    int rc = compile_block(&self->source, &object, &said);
    if (rc < 0 && err)
        *err = said;
    if (rc == NFOLD_E_BODY)
        rc = explain_refusal(operand, err ? err : &said);
    if (rc >= 0)
        rc = load_block(self, object.data, object.size, operand->path, err);
    self->object = object;
    return rc;
}

static int open_source(struct cfunction *self, const struct operand *operand,
                       const nfold_options *options, nfold_error *err)
{
    struct source *source = &self->source;
    const char *cflags = option_text(options, "cflags");
    if (!realpath(operand->path, source->path) || stat(source->path, &source->status) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "cannot read %s: %s", operand->path, strerror(errno));
    if (!S_ISREG(source->status.st_mode) || access(source->path, R_OK) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "cannot read %s: %s", operand->path,
                       S_ISREG(source->status.st_mode) ? strerror(errno) : "it is not a file");
    source->stop = nf_options_stop(options);
    source->isa = wanted_isa(options);
    source->cflags = strdup(cflags ? cflags : "");
    if (!source->cflags)
        return nf_fail_memory(err);
    snprintf(source->symbol, sizeof source->symbol, "%s", operand->symbol);
    int rc = find_compiler(source, operand, option_text(options, "cc"), err);
    return rc < 0 ? rc : compile_source(self, operand, err);
}

/* ---- a kernel of file.c:f -------------------------------------------------------------------- */

static int is_changed(const struct source *source)
{
    struct stat now;
    return stat(source->path, &now) < 0 || now.st_size != source->status.st_size ||
           now.st_mtim.tv_sec != source->status.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != source->status.st_mtim.tv_nsec;
}

/* A kernel must give the bits of the loop, whatever the compiler makes of either. */
static int may_have_kernel(const struct source *source, nfold_error *err)
{
    static const char *const loose[] = {"-ffast-math", "-Ofast",        "-ffp-contract",
                                        "-funsafe",    "-fassociative", "-freciprocal",
                                        "-fno-signed", "-ffinite"};
    for (size_t i = 0; i < sizeof loose / sizeof *loose; i++)
        if (strstr(source->cflags, loose[i]))
            return nf_fail(err, NFOLD_E_BODY,
                           "with %s among the flags the function is called as it is", loose[i]);
    if (strpbrk(source->path, "\"\n"))
        return nf_fail(err, NFOLD_E_BODY, "the name of %s has a quotation mark", source->path);
    if (is_changed(source))
        return nf_fail(err, NFOLD_E_BODY, "%s has changed since it was compiled", source->path);
    return 0;
}

static int compile_kernel(const struct source *source, enum nfold_shape shape,
                          const volatile int *cancel, struct nfold_buffer *object, nfold_error *err)
{
    struct command command = {.count = 0};
    struct nfold_buffer text = {0};
    int rc = command_make(&command, source, err);
    command_add(&command, "-lm");
    if (command.failed)
        rc = nf_fail_memory(err);
    if (rc >= 0)
        rc = nf_print_c_function(source->path, source->symbol, shape, source->isa, &text, err);
    if (rc >= 0)
        rc = nf_native_compile(&(struct nf_native_job){.compiler = source->compiler,
                                                       .source = nf_buffer_text(&text),
                                                       .flags = command.flag,
                                                       .cancel = cancel,
                                                       .stop = source->stop},
                               object, err);
    nf_buffer_clear(&text);
    command_clear(&command);
    return rc;
}

static int cfunction_compile(const void *opaque, enum nfold_shape shape, const volatile int *cancel,
                             struct nfold_native *native, nfold_error *err)
{
    const struct cfunction *self = opaque;
    struct nfold_buffer object = {0};
    double start = nf_clock_now();
    if (!self->block)
        return nf_fail(err, NFOLD_E_BODY, "a library's function is called as it is");
    int rc = may_have_kernel(&self->source, err);
    if (rc >= 0)
        rc = compile_kernel(&self->source, shape, cancel, &object, err);
    if (rc >= 0)
        rc = nf_native_load(object.data, object.size, &native->handle, err);
    nf_buffer_clear(&object);
    if (rc < 0)
        return rc;
    void *symbol = nf_native_symbol(native->handle, NF_PRINT_C_KERNEL);
    memcpy(&native->kernel, &symbol, sizeof symbol); /* ISO C converts no data to code */
    native->compile_seconds = nf_clock_now() - start;
    return 0;
}

static void cfunction_unload(struct nfold_native *native)
{
    nf_native_unload(native->handle);
    *native = (struct nfold_native){0};
}

/* ---- ./lib.so:f ------------------------------------------------------------------------------ */

static int load_library(struct cfunction *self, const char *path, const char *name,
                        nfold_error *err)
{
    self->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!self->library)
        return nf_fail(err, NFOLD_E_BODY, "the library cannot be loaded: %s", dlerror());
    void *symbol = dlsym(self->library, name);
    if (!symbol)
        return nf_fail(err, NFOLD_E_BODY,
                       "%s has no function '%s'; a C++ function must be declared extern \"C\"",
                       path, name);
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
    free(self->source.cflags);
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
    if (self->block)
        self->block(x, y, count);
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
    if (self->block) {
        nf_buffer_string(buffer, "object\n");
        nf_buffer_bytes(buffer, self->object.data, self->object.size);
    } else {
        nf_buffer_print(buffer, "library %s\n%s", self->symbol, self->path);
    }
    return buffer->failed ? nf_fail_memory(err) : 0;
}

/* The text that the compiler saw, headers included: those of the system are another system's where
 * they differ. */
static int preprocess(const struct source *source, struct nfold_buffer *text, nfold_error *err)
{
    struct command command = {.count = 0};
    int rc = command_make(&command, source, err);
    command_add(&command, "-include");
    command_add(&command, source->path);
    command_add(&command, "-E");
    command_add(&command, "-P");
    if (command.failed)
        rc = nf_fail_memory(err);
    if (rc >= 0)
        rc = nf_native_compile(&(struct nf_native_job){.compiler = source->compiler,
                                                       .source = "",
                                                       .flags = command.flag,
                                                       .stop = source->stop},
                               text, err);
    command_clear(&command);
    return rc;
}

static int identify_source(const struct source *source, struct nfold_buffer *bytes,
                           nfold_error *err)
{
    if (is_changed(source))
        return nf_fail(err, NFOLD_E_BODY, "%s has changed since it was compiled", source->path);
    nf_buffer_print(bytes, "source %s\n%s\n", source->symbol, source->cflags);
    return preprocess(source, bytes, err);
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
        rc = identify_source(&self->source, bytes, err);
    return rc >= 0 && bytes->failed ? nf_fail_memory(err) : rc;
}

static int rebuild_library(struct cfunction *self, const char *text, size_t size, nfold_error *err)
{
    char symbol[SYMBOL_MAX], path[PATH_MAX];
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
        rc = load_block(self, text + object_head, size - object_head, "the C function", err);
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
    .scratch_size = cfunction_scratch_size,
    .call = cfunction_call,
    .compile = cfunction_compile,
    .unload = cfunction_unload,
    .describe = cfunction_describe,
    .identify = cfunction_identify,
    .rebuild = cfunction_rebuild,
};
