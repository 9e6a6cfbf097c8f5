/* error.h: filling the caller's nfold_error, so that failing is one line:
 *     return nf_fail(err, NFOLD_E_VALUE, "steps must be a whole number, not %g", n);
 */
#ifndef NF_ERROR_H
#define NF_ERROR_H

#include <stdarg.h>

#include <nfold/nfold.h>

/* Fills err (NULL is fine), its detail with "", and returns code. */
int nf_fail(nfold_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int nf_vfail(nfold_error *err, int code, const char *format, va_list args);
/* nf_fail with ": " and the text of errno at the end; NFOLD_E_SYSTEM (NFOLD_E_MEMORY for ENOMEM).
 */
int nf_fail_errno(nfold_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int nf_fail_memory(nfold_error *err);
/* Appends whole lines to err->detail; cuts at its size, keeping a final newline. */
void nf_error_detail(nfold_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts context in front of the message: "option 'workers': " … ; returns err's code. */
int nf_error_context(nfold_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
