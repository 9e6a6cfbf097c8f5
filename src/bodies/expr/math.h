/* math.h: the mathematics, written once as programs of the IR over IEEE operations.
 *
 * Each function appends its program to ir and returns its value. Errors are at most 1 ulp against
 * the exact result over the whole range (tests/unit/math_mpfr.c), special values are those of C99
 * Annex F, and no result depends on the sign or payload of a NaN. docs/design/mathematics.md says
 * how; coefficients: tools/coefficients.py. */
#ifndef NF_MATH_H
#define NF_MATH_H

#include "ir.h"

typedef nf_value nf_math_fn(nf_ir *ir, const nf_value *argument);

struct nf_math_function {
    const char *name;
    unsigned arguments;
    nf_math_fn *build;
    const char *summary; /* for the manual */
};

/* Every function of the grammar that is a call (sqrt, abs, where, … too); ended by a zero row. */
extern const struct nf_math_function nf_math_functions[];

/* What the grammar's operators need. */
nf_value nf_math_pow(nf_ir *ir, nf_value x, nf_value y);
nf_value nf_math_mod(nf_ir *ir, nf_value x, nf_value y); /* exact, the sign of y: % */
nf_value nf_math_floor(nf_ir *ir, nf_value x);

#endif
