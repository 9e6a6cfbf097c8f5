/* function_source.c: the compiler's command for file.c:f, and the three texts that it is run on. */
#include "function_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler_words.h"
#include "native.h"
#include "option.h"

#include "expr/print_c.h"

/* ---- the compiler's command ----------------------------------------------------------------- */

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
static int command_make(struct command *command, const struct nf_function_source *source,
                        nfold_error *err)
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

/* Runs it on a text, with flags of that text's at the end. */
static int run_compiler(const struct nf_function_source *source, const char *const *more,
                        const char *text, const volatile int *cancel, struct nfold_buffer *object,
                        nfold_error *err)
{
    struct command command = {.count = 0};
    int rc = command_make(&command, source, err);
    for (; *more; more++)
        command_add(&command, *more);
    if (command.failed)
        rc = nf_fail_memory(err);
    if (rc >= 0)
        rc = nf_native_compile(&(struct nf_native_job){.compiler = source->compiler,
                                                       .source = text,
                                                       .flags = command.flag,
                                                       .cancel = cancel,
                                                       .stop = source->stop},
                               object, err);
    command_clear(&command);
    return rc;
}

/* ---- opening -------------------------------------------------------------------------------- */

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

static int find_compiler(struct nf_function_source *source, const char *wanted, nfold_error *err)
{
    nfold_error why;
    int is_named = 0;
    if (nf_native_find(wanted, source->compiler, sizeof source->compiler, &why) >= 0)
        return 0;
    is_named = (wanted && *wanted) || getenv("NFOLD_CC");
    return nf_fail(err, NFOLD_E_MISSING, "%s needs a C compiler: %s", source->name,
                   is_named ? why.message
                            : "there is no cc, gcc or clang in PATH; install gcc or clang, or "
                              "set NFOLD_CC");
}

int nf_function_source_open(struct nf_function_source *source, const char *path, const char *symbol,
                            const nfold_options *options, nfold_error *err)
{
    const char *cflags = option_text(options, "cflags");
    snprintf(source->name, sizeof source->name, "%s", path);
    snprintf(source->symbol, sizeof source->symbol, "%s", symbol);
    if (!realpath(path, source->path) || stat(source->path, &source->status) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(source->status.st_mode) || access(source->path, R_OK) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "cannot read %s: %s", path,
                       S_ISREG(source->status.st_mode) ? strerror(errno) : "it is not a file");
    source->stop = nf_options_stop(options);
    source->isa = wanted_isa(options);
    source->cflags = strdup(cflags ? cflags : "");
    if (!source->cflags)
        return nf_fail_memory(err);
    return find_compiler(source, option_text(options, "cc"), err);
}

void nf_function_source_close(struct nf_function_source *source)
{
    free(source->cflags);
    source->cflags = NULL;
}

/* ---- the function in a loop ----------------------------------------------------------------- */

static int print_loop(struct nfold_buffer *source, const char *symbol, nfold_error *err)
{
    nf_buffer_print(source,
                    "static double (*const nf_function)(double) = %s;\n"
                    "__attribute__((visibility(\"default\")))\n"
                    "void " NF_FUNCTION_LOOP "(const double *x, double *y,\n"
                    "              __SIZE_TYPE__ count)\n"
                    "{\n"
                    "    for (__SIZE_TYPE__ i = 0; i < count; i++)\n"
                    "        y[i] = nf_function(x[i]);\n"
                    "}\n",
                    symbol);
    return source->failed ? nf_fail_memory(err) : 0;
}

/* The file is included before our loop, not by it: so its name may have any letters. */
static int compile_loop(const struct nf_function_source *source, struct nfold_buffer *object,
                        nfold_error *err)
{
    const char *const more[] = {"-include", source->path, "-lm", NULL};
    struct nfold_buffer text = {0};
    int rc = print_loop(&text, source->symbol, err);
    if (rc >= 0)
        rc = run_compiler(source, more, nf_buffer_text(&text), NULL, object, err);
    nf_buffer_clear(&text);
    return rc;
}

int nf_function_source_loop(const struct nf_function_source *source, struct nfold_buffer *object,
                            nfold_error *err)
{
    nfold_error said = {0};
    int rc = compile_loop(source, object, &said);
    if (rc < 0 && err)
        *err = said;
    if (rc == NFOLD_E_BODY)
        rc = nf_compiler_words_explain(source->name, source->symbol, err ? err : &said);
    return rc;
}

/* ---- the function in a kernel --------------------------------------------------------------- */

static int is_changed(const struct nf_function_source *source)
{
    struct stat now;
    return stat(source->path, &now) < 0 || now.st_size != source->status.st_size ||
           now.st_mtim.tv_sec != source->status.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != source->status.st_mtim.tv_nsec;
}

/* A kernel must give the bits of the loop, whatever the compiler makes of either. */
static int may_have_kernel(const struct nf_function_source *source, nfold_error *err)
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

int nf_function_source_kernel(const struct nf_function_source *source, enum nfold_shape shape,
                              const volatile int *cancel, struct nfold_buffer *object,
                              nfold_error *err)
{
    static const char *const more[] = {"-lm", NULL};
    struct nfold_buffer text = {0};
    int rc = may_have_kernel(source, err);
    if (rc >= 0)
        rc = nf_print_c_function(source->path, source->symbol, shape, source->isa, &text, err);
    if (rc >= 0)
        rc = run_compiler(source, more, nf_buffer_text(&text), cancel, object, err);
    nf_buffer_clear(&text);
    return rc;
}

/* ---- the text of the function --------------------------------------------------------------- */

/* The text that the compiler saw, headers included: those of the system are another system's where
 * they differ. */
int nf_function_source_identify(const struct nf_function_source *source, struct nfold_buffer *bytes,
                                nfold_error *err)
{
    const char *const more[] = {"-include", source->path, "-E", "-P", NULL};
    if (is_changed(source))
        return nf_fail(err, NFOLD_E_BODY, "%s has changed since it was compiled", source->path);
    nf_buffer_print(bytes, "source %s\n%s\n", source->symbol, source->cflags);
    return run_compiler(source, more, "", NULL, bytes, err);
}
