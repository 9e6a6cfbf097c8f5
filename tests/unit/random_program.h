/* random_program.h: programs of the IR made at random, and inputs that are rarely friendly: what
 * the readers of the IR are compared on. The same seed gives the same program. */
#ifndef NF_RANDOM_PROGRAM_H
#define NF_RANDOM_PROGRAM_H

#include "ir.h"

struct random {
    uint64_t state;
};

uint64_t random_bits(struct random *random);
unsigned random_below(struct random *random, unsigned limit);
/* Zeros, infinities, NaNs, subnormals, whole numbers, numbers near 1, any bits. */
double random_input(struct random *random);

/* A finished program of input 0 with every operation of the IR in it sooner or later. No value
 * depends on the sign or payload of a NaN. Clear it with nf_ir_clear. */
void random_program(struct random *random, nf_ir *ir, unsigned operations);

#endif
