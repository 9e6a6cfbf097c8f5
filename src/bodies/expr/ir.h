/* ir.h: the small SSA program that every expression becomes.
 *
 * A program is a list of instructions; an instruction's number is its value. Every value is one
 * 64-bit lane. Types are F (binary64), I (64-bit integer, wrapping) and M (mask: all ones or all
 * zeros); an operand of type I may be an F or M value and the other way round: the lane's bits are
 * taken as they are, and nothing is converted. All floating-point operations round to nearest even.
 *
 * The builder folds constants (with nf_ir_apply, the one definition of every operation), gives
 * equal instructions one number and never changes a bit of a result. Operands come before their
 * users.
 *
 * Readers: the scalar definition (ir.c), the VM (vm.c), the C printer (print_c.c), the text
 * printer.
 */
#ifndef NF_IR_H
#define NF_IR_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* name, result type, operand types, what it does (a, b, c are the operands) */
#define NF_IR_OPS(X)                                                                               \
    X(CONST, F, "", "imm, as bits of any type")                                                    \
    X(INPUT, F, "", "input number imm: 0 is the item's variable; arguments of a rare program")     \
    X(ADD, F, "FF", "a + b")                                                                       \
    X(SUB, F, "FF", "a - b")                                                                       \
    X(MUL, F, "FF", "a * b")                                                                       \
    X(DIV, F, "FF", "a / b")                                                                       \
    X(SQRT, F, "F", "correctly rounded square root")                                               \
    X(FMA, F, "FFF", "a * b + c, rounded once")                                                    \
    X(NEG, F, "F", "the sign bit flipped, NaN too")                                                \
    X(ABS, F, "F", "the sign bit cleared, NaN too")                                                \
    X(LT, M, "FF", "a < b, false if unordered")                                                    \
    X(LE, M, "FF", "a <= b, false if unordered")                                                   \
    X(EQ, M, "FF", "a == b, false if unordered")                                                   \
    X(NE, M, "FF", "a != b, true if unordered")                                                    \
    X(SELECT, F, "MFF", "a ? b : c, lane by lane; any type")                                       \
    X(IADD, I, "II", "a + b")                                                                      \
    X(ISUB, I, "II", "a - b")                                                                      \
    X(IMUL, I, "II", "low 64 bits of a * b")                                                       \
    X(IMULHI, I, "II", "high 64 bits of a * b, unsigned")                                          \
    X(AND, I, "II", "a & b, also of masks")                                                        \
    X(OR, I, "II", "a | b, also of masks")                                                         \
    X(XOR, I, "II", "a ^ b, also of masks")                                                        \
    X(SHL, I, "II", "a << b, 0 <= b < 64")                                                         \
    X(SHR, I, "II", "a >> b, unsigned, 0 <= b < 64")                                               \
    X(SAR, I, "II", "a >> b, signed, 0 <= b < 64")                                                 \
    X(IEQ, M, "II", "a == b")                                                                      \
    X(ILT, M, "II", "a < b, signed")                                                               \
    X(TABLE, I, "I", "constant table number imm at index a, which is in range")                    \
    X(RARE, F, "MF", "a ? rare program number imm : b; the program runs only if some lane needs it")

enum nf_ir_op {
#define NF_IR_ENUM(name, type, operands, meaning) NF_IR_##name,
    NF_IR_OPS(NF_IR_ENUM)
#undef NF_IR_ENUM
        NF_IR_OP_COUNT
};

enum nf_ir_type { NF_IR_F, NF_IR_I, NF_IR_M };

typedef uint32_t nf_value; /* the number of an instruction */

struct nf_ir_op_info {
    const char *name; /* "FMA" */
    enum nf_ir_type type;
    const char *operands; /* one letter each */
};
extern const struct nf_ir_op_info nf_ir_op_info[NF_IR_OP_COUNT];

struct nf_ir_instruction {
    uint8_t op; /* enum nf_ir_op */
    nf_value operand[3];
    uint64_t imm; /* CONST: bits; INPUT: number; TABLE, RARE: number */
};

struct nf_ir_table {
    uint64_t *entry;
    size_t count;
};

#define NF_IR_RARE_INPUTS 4

struct nf_ir;

/* Makes a rare program from its inputs; pure: equal inputs give equal programs. */
typedef nf_value nf_ir_build_fn(struct nf_ir *program, const nf_value *input);

/* Built once for all that run it; owned by the ir. What it was built with tells equal ones. */
struct nf_ir_program {
    struct nf_ir *ir;
    nf_ir_build_fn *build;
    unsigned is_const; /* bit k: argument k is the constant bits[k] */
    uint64_t bits[NF_IR_RARE_INPUTS];
    unsigned argument_count;
};

struct nf_ir_rare {
    struct nf_ir *program; /* borrowed; its inputs are 0 … input_count-1 */
    nf_value input[NF_IR_RARE_INPUTS];
    unsigned input_count;
    uint32_t program_number; /* of .program in the ir's list */
};

typedef struct nf_ir {
    struct nf_ir_instruction *instruction;
    size_t count, capacity;
    uint32_t *bucket; /* hash of instructions: equal ones are found here */
    size_t bucket_count;
    struct nf_ir_table *table;
    size_t table_count;
    struct nf_ir_rare *rare;
    size_t rare_count;
    struct nf_ir_program *program;
    size_t program_count;
    nf_value result;
    int failed; /* out of memory: later calls do nothing, nf_ir_finish reports it */
} nf_ir;

/* An empty program on success and failure; clear it in any case. */
void nf_ir_init(nf_ir *ir);
void nf_ir_clear(nf_ir *ir);

/* Building. Never fails visibly: after a failed allocation ir->failed is set and values are 0. */
nf_value nf_ir_const(nf_ir *ir, double value);
nf_value nf_ir_bits(nf_ir *ir, uint64_t bits);
nf_value nf_ir_input(nf_ir *ir, unsigned number);
nf_value nf_ir_op1(nf_ir *ir, enum nf_ir_op op, nf_value a);
nf_value nf_ir_op2(nf_ir *ir, enum nf_ir_op op, nf_value a, nf_value b);
nf_value nf_ir_op3(nf_ir *ir, enum nf_ir_op op, nf_value a, nf_value b, nf_value c);
/* A table's entries are copied; equal tables get one number. */
nf_value nf_ir_table(nf_ir *ir, const uint64_t *entry, size_t count, nf_value index);
/* Lanes where mask holds get the value of the program that build makes from its inputs; the others
 * get usual. The program is defined for every input. */
nf_value nf_ir_rare(nf_ir *ir, nf_value mask, nf_value usual, nf_ir_build_fn *build,
                    const nf_value *input, unsigned input_count);

int nf_ir_is_const(const nf_ir *ir, nf_value value, uint64_t *bits);

/* Sets the result, drops what it does not need, renumbers. NFOLD_E_MEMORY if building failed. */
int nf_ir_finish(nf_ir *ir, nf_value result, nfold_error *err);

/* The one definition of every operation but CONST, INPUT, TABLE and RARE, on one lane. */
uint64_t nf_ir_apply(enum nf_ir_op op, uint64_t a, uint64_t b, uint64_t c);
/* The whole program on one lane, rare programs included: slow, for tests and constant folding. */
double nf_ir_evaluate(const nf_ir *ir, const double *input);

#endif
