/* isa.h: the instruction sets that this build has code for and this processor can run. */
#ifndef NF_ISA_H
#define NF_ISA_H

enum nf_isa { NF_ISA_SCALAR, NF_ISA_AVX2, NF_ISA_AVX512, NF_ISA_COUNT };

const char *nf_isa_name(enum nf_isa isa);             /* "scalar" "avx2" "avx512" */
int nf_isa_parse(const char *name, enum nf_isa *isa); /* 0, or -1: no such name */
int nf_isa_runs_here(
    enum nf_isa isa); /* in this build and on this processor, with the OS's consent */
enum nf_isa nf_isa_best(void);
/* Compiler flags for native code of this set, ended by NULL. */
const char *const *nf_isa_flags(enum nf_isa isa);

#endif
