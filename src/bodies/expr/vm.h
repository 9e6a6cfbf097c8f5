/* vm.h: runs a program of the IR over blocks of points: in every build, on every machine. */
#ifndef NF_VM_H
#define NF_VM_H

#include "isa.h"
#include "ir.h"

struct nf_vm; /* a program made ready: instructions with places for their values; immutable */

/* ir is borrowed and must outlive vm. */
int nf_vm_open(struct nf_vm **vm, const nf_ir *ir, enum nf_isa isa, nfold_error *err);
void nf_vm_close(struct nf_vm *vm);
/* Bytes of scratch that one worker needs. */
size_t nf_vm_scratch_size(const struct nf_vm *vm);
/* y[k] = program(x[k]) for 1 <= count <= 512. A NaN of y may have any sign and payload, like one of
 * a C function: whoever stores or shows one makes it canonical. x, y and scratch are 64-byte
 * aligned, with room for 512 values; x may equal y. */
void nf_vm_run(const struct nf_vm *vm, void *scratch, const double *x, double *y, size_t count);
/* The same of 16 steps of the lanes whose points are not stored: body.h, call_steps. 1: this
 * program wants its points stored. */
int nf_vm_run_steps(const struct nf_vm *vm, void *scratch, const double *base, double h,
                    uint64_t first_step, double *y);

#endif
