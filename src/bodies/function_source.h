/* function_source.h: file.c:f, a C function in a file, compiled with a loop or a kernel around it,
 * so that the compiler can use vectors. */
#ifndef NF_FUNCTION_SOURCE_H
#define NF_FUNCTION_SOURCE_H

#include <limits.h>
#include <sys/stat.h>

#include <nfold/body.h>

#include "buffer.h"
#include "compiler_words.h"
#include "error.h"
#include "isa.h"

#define NF_FUNCTION_LOOP "nf_block" /* the symbol of the loop */
typedef void nf_function_loop(const double *x, double *y, size_t count);

/* How it was compiled, so that a kernel can be made of it in the same way. Zero it first. */
struct nf_function_source {
    char name[PATH_MAX]; /* of the file, as the user wrote it */
    char path[PATH_MAX]; /* absolute */
    char symbol[NF_SYMBOL_MAX];
    char compiler[PATH_MAX];
    enum nf_isa isa;
    char *cflags;
    struct stat status;       /* the file's when it was opened */
    const volatile int *stop; /* the program's */
};

/* Finds the file and the compiler. options (may be NULL): cc, cflags, isa. Close it on failure,
 * too. */
int nf_function_source_open(struct nf_function_source *source, const char *path, const char *symbol,
                            const nfold_options *options, nfold_error *err);
void nf_function_source_close(struct nf_function_source *source);

/* Appends the bytes of a shared object with NF_FUNCTION_LOOP, a nf_function_loop. */
int nf_function_source_loop(const struct nf_function_source *source, struct nfold_buffer *object,
                            nfold_error *err);
/* The same with a kernel; refused where its bits could differ from the loop's. */
int nf_function_source_kernel(const struct nf_function_source *source, enum nfold_shape shape,
                              const volatile int *cancel, struct nfold_buffer *object,
                              nfold_error *err);
/* Appends all that the function's values depend on, as nfold_body_type.identify says. */
int nf_function_source_identify(const struct nf_function_source *source, struct nfold_buffer *bytes,
                                nfold_error *err);

#endif
