/* print_c.h: prints a program of the IR as C with vector extensions: a kernel of one shape. */
#ifndef NF_PRINT_C_H
#define NF_PRINT_C_H

#include <nfold/body.h>

#include "buffer.h"
#include "isa.h"
#include "ir.h"

#define NF_PRINT_C_KERNEL "nf_kernel" /* the symbol, a nfold_kernel_fn */

/* Appends a whole translation unit, to be compiled with the flags below. */
int nf_print_c(const nf_ir *ir, enum nfold_shape shape, enum nf_isa isa, struct nfold_buffer *out,
               nfold_error *err);
/* The same for a C function double symbol(double) that is defined in the file at path: lane by
 * lane, which compilers turn into vectors where they can. path must have no quotation mark and no
 * newline. */
int nf_print_c_function(const char *path, const char *symbol, enum nfold_shape shape,
                        enum nf_isa isa, struct nfold_buffer *out, nfold_error *err);
/* Compiler flags for nf_print_c, those of the instruction set among them; ended by NULL. */
#define NF_PRINT_C_FLAGS 24
void nf_print_c_flags(enum nf_isa isa, const char *flags[NF_PRINT_C_FLAGS]);
/* Appends the program as text, one instruction a line: for --show-code ir and for tests. */
void nf_print_ir(const nf_ir *ir, struct nfold_buffer *out);

#endif
