/* vm_program.h: for the VM only: a program of the IR as a list of loops with places for their
 * values. */
#ifndef NF_VM_PROGRAM_H
#define NF_VM_PROGRAM_H

#include "vm_loops.h"

/* What a place's offset is counted from while a block runs. */
enum nf_vm_base {
    NF_VM_SLOTS, /* the worker's scratch: values that live in the block */
    NF_VM_POOL,  /* constants, coefficients, tables */
    NF_VM_OUTPUT,
    NF_VM_INPUT, /* + number of the input */
    NF_VM_BASES = NF_VM_INPUT + NF_IR_RARE_INPUTS
};

struct nf_vm_place {
    uint32_t base;   /* enum nf_vm_base, or NF_VM_INPUT + number */
    uint32_t offset; /* bytes */
};

struct nf_vm_instruction {
    nf_vm_loop *loop;        /* for RARE: puts the usual value into out */
    nf_vm_first_loop *first; /* the same of points that are not stored; NULL: there is none */
    struct nf_vm_place out, operand[3];
    uint32_t
        rare; /* number + 1 of the rare program that runs for lanes of mask operand[0]; 0: none */
};

struct nf_vm_rare {
    const struct nf_vm_program *program; /* borrowed from .inner */
    struct nf_vm_place input[NF_IR_RARE_INPUTS];
    unsigned input_count;
};

/* Scratch of a program: its slots; then, where it has rare programs, one area that they share, as
 * only one runs at a time: the numbers of lanes, the inputs, the output, the scratch of the
 * program. */
struct nf_vm_program {
    struct nf_vm_instruction *instruction;
    size_t count;
    struct nf_vm_rare *rare;
    struct nf_vm_program **inner; /* those that its rares run */
    size_t inner_count;
    uint64_t *pool;
    size_t slot_count;
    size_t block;       /* lanes of a block at most, a multiple of NF_VM_LANES */
    size_t slot_bytes;  /* room of one value of the block */
    int can_step;       /* the one instruction that reads the input can do so unstored */
    size_t rare_offset; /* of the shared area */
    size_t scratch_size;
};

/* block: 0 lets the program choose, so that its values stay in the caches. */
int nf_vm_program_create(struct nf_vm_program **program, const nf_ir *ir,
                         const struct nf_vm_loops *loops, size_t block, nfold_error *err);
void nf_vm_program_destroy(struct nf_vm_program *program); /* NULL is fine */

#endif
