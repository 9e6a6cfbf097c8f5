/* vm_loops.h: for the VM only: one loop for each operation, compiled once per instruction set.
 *
 * A loop does one operation on `count` lanes, a multiple of NF_VM_LANES. Lanes are 64 bits of any
 * type in arrays aligned to 64 bytes; out may be one of the operands, but overlaps none otherwise.
 * An operand that is a constant is one lane instead of an array: the loop's pattern says which are.
 */
#ifndef NF_VM_LOOPS_H
#define NF_VM_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#include <nfold/body.h>

#include "ir.h"

#define NF_VM_LANES      16
#define NF_VM_STEPS      16
#define NF_VM_PATTERNS   8 /* bit k is set: operand k is a constant */
#define NF_VM_HORNER_MAX 6 /* steps of one fused Horner loop */

typedef uint64_t nf_vm_lane __attribute__((may_alias));

typedef void nf_vm_loop(nf_vm_lane *out, const nf_vm_lane *a, const nf_vm_lane *b,
                        const nf_vm_lane *c, size_t count);

/* Points of NF_VM_STEPS steps of the lanes: x of step k of lane l is fma(32(first_step + k), h,
 * base[l]). */
struct nf_vm_points {
    const double *base;
    double h;
    uint64_t first_step;
};

/* A loop whose operands are these points, but for constants: they are never stored. */
typedef void nf_vm_first_loop(nf_vm_lane *out, const struct nf_vm_points *points,
                              const nf_vm_lane *a, const nf_vm_lane *b, const nf_vm_lane *c);

struct nf_vm_loops {
    const char *isa;
    /* NULL: there is none; pattern 0 is there for every operation but CONST, INPUT and RARE. The
     * table of TABLE is operand b. */
    nf_vm_loop *operation[NF_IR_OP_COUNT][NF_VM_PATTERNS];
    /* NULL: there is none. Those that light programs begin with. */
    nf_vm_first_loop *first[NF_IR_OP_COUNT][NF_VM_PATTERNS];
    nf_vm_loop *copy, *splat; /* out = a; out = constant a */
    /* [n][is constant]: a, then n times a = fma(a, b, c[k]) with c an array of n constants;
     * n = 2 … NF_VM_HORNER_MAX; a is an array or a constant. */
    nf_vm_loop *horner[NF_VM_HORNER_MAX + 1][2];
    /* Writes the numbers of the lanes whose mask is set, in ascending order; returns how many.
     * count need not be a multiple; lane has room for count rounded up. */
    size_t (*lanes)(const nf_vm_lane *mask, size_t count, uint16_t *lane);
};

#endif
