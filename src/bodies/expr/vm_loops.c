/* vm_loops.c: the loops of the VM, written for the compiler's vectoriser. This file is compiled
 * once for each instruction set; NF_VM_ISA is its name. */
#include "vm_loops.h"

#include <math.h>

#include "fma.h"

#define JOIN_TOKENS(a, b) a##b
#define JOIN(a, b)        JOIN_TOKENS(a, b)
#define TEXT_TOKENS(a)    #a
#define TEXT(a)           TEXT_TOKENS(a)

/* Lanes are independent even where out is an operand. `restrict` would not be true then. */
#ifdef __clang__
#define EACH_LANE _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_LANE _Pragma("GCC ivdep")
#endif

typedef double number __attribute__((may_alias));
typedef nf_vm_lane bits;

static const uint64_t sign_bit = UINT64_C(1) << 63;

/* One loop. In value, a b c are the operands' arrays, a0 b0 c0 their first lanes. */
#define LOOP(name, in, out_type, value)                                                            \
    static void name(nf_vm_lane *to, const nf_vm_lane *from_a, const nf_vm_lane *from_b,           \
                     const nf_vm_lane *from_c, size_t count)                                       \
    {                                                                                              \
        out_type *out = __builtin_assume_aligned(to, 64);                                          \
        const in *a = (const in *)from_a, *b = (const in *)from_b, *c = (const in *)from_c;        \
        const in a0 = a[0], b0 = b[0], c0 = c[0];                                                  \
        (void)a0, (void)b0, (void)c0;                                                              \
        count &= ~(size_t)(NF_VM_LANES - 1);                                                       \
        EACH_LANE                                                                                  \
        for (size_t i = 0; i < count; i++)                                                         \
            out[i] = value;                                                                        \
    }

#define UNARY(name, in, out, DO) LOOP(name##_v, in, out, DO(a[i]))
/* Of commutative operations the builder puts the constant second. */
#define COMMUTATIVE(name, in, out, DO)                                                             \
    LOOP(name##_vv, in, out, DO(a[i], b[i]))                                                       \
    LOOP(name##_vc, in, out, DO(a[i], b0))
#define BINARY(name, in, out, DO)                                                                  \
    COMMUTATIVE(name, in, out, DO)                                                                 \
    LOOP(name##_cv, in, out, DO(a0, b[i]))
#define TERNARY(name, in, out, DO)                                                                 \
    LOOP(name##_vvv, in, out, DO(a[i], b[i], c[i]))                                                \
    LOOP(name##_vcv, in, out, DO(a[i], b0, c[i]))                                                  \
    LOOP(name##_vvc, in, out, DO(a[i], b[i], c0))                                                  \
    LOOP(name##_vcc, in, out, DO(a[i], b0, c0))

#define ADD(a, b)       ((a) + (b))
#define SUB(a, b)       ((a) - (b))
#define MUL(a, b)       ((a) * (b))
#define DIV(a, b)       ((a) / (b))
#define NEG(a)          ((a) ^ sign_bit)
#define ABS(a)          ((a) & ~sign_bit)
#define MASK(holds)     ((holds) ? UINT64_MAX : 0)
#define LT(a, b)        MASK((a) < (b))
#define LE(a, b)        MASK((a) <= (b))
#define EQ(a, b)        MASK((a) == (b))
#define NE(a, b)        MASK((a) != (b))
#define ILT(a, b)       MASK((int64_t)(a) < (int64_t)(b))
#define SELECT(a, b, c) (((a) & (b)) | (~(a) & (c)))
#define AND(a, b)       ((a) & (b))
#define OR(a, b)        ((a) | (b))
#define XOR(a, b)       ((a) ^ (b))
#define SHL(a, b)       ((a) << ((b)&63))
#define SHR(a, b)       ((a) >> ((b)&63))
/* Before AVX-512 there is no signed shift of 64-bit lanes. */
#define SAR(a, b)    ((SHR(a, b) ^ SHR(sign_bit, b)) - SHR(sign_bit, b))
#define IMULHI(a, b) ((uint64_t)(((unsigned __int128)(a) * (b)) >> 64))
#define PICK(a, b)   ((b)[a])
#define SAME(a)      (a)

COMMUTATIVE(add, number, number, ADD)
BINARY(sub, number, number, SUB)
COMMUTATIVE(mul, number, number, MUL)
BINARY(div, number, number, DIV)
UNARY(sqrt, number, number, sqrt)
TERNARY(fma, number, number, nf_fma)
UNARY(neg, bits, bits, NEG)
UNARY(abs, bits, bits, ABS)
BINARY(lt, number, bits, LT)
BINARY(le, number, bits, LE)
COMMUTATIVE(eq, number, bits, EQ)
COMMUTATIVE(ne, number, bits, NE)
TERNARY(select, bits, bits, SELECT)
COMMUTATIVE(iadd, bits, bits, ADD)
BINARY(isub, bits, bits, SUB)
COMMUTATIVE(imul, bits, bits, MUL)
COMMUTATIVE(imulhi, bits, bits, IMULHI)
COMMUTATIVE(and, bits, bits, AND)
COMMUTATIVE(or, bits, bits, OR)
COMMUTATIVE(xor, bits, bits, XOR)
BINARY(shl, bits, bits, SHL)
BINARY(shr, bits, bits, SHR)
BINARY(sar, bits, bits, SAR)
COMMUTATIVE(ieq, bits, bits, EQ)
BINARY(ilt, bits, bits, ILT)
LOOP(table_v, bits, bits, PICK(a[i], b))
LOOP(copy_v, bits, bits, SAME(a[i]))
LOOP(splat_c, bits, bits, SAME(a0))

/* One store for several steps; the coefficients stay in registers. */
#define HORNER_LOOP(name, steps, start, value)                                                     \
    static void name(nf_vm_lane *to, const nf_vm_lane *from_a, const nf_vm_lane *from_b,           \
                     const nf_vm_lane *from_c, size_t count)                                       \
    {                                                                                              \
        number *out = __builtin_assume_aligned(to, 64);                                            \
        const number *a = (const number *)from_a, *b = (const number *)from_b;                     \
        const number a0 = a[0];                                                                    \
        double c[steps];                                                                           \
        (void)a0;                                                                                  \
        for (unsigned k = 0; k < steps; k++)                                                       \
            c[k] = ((const number *)from_c)[k];                                                    \
        count &= ~(size_t)(NF_VM_LANES - 1);                                                       \
        EACH_LANE                                                                                  \
        for (size_t i = 0; i < count; i++)                                                         \
            out[i] = value(start);                                                                 \
    }
#define STEP_2(start) nf_fma(nf_fma(start, b[i], c[0]), b[i], c[1])
#define STEP_3(start) nf_fma(STEP_2(start), b[i], c[2])
#define STEP_4(start) nf_fma(STEP_3(start), b[i], c[3])
#define STEP_5(start) nf_fma(STEP_4(start), b[i], c[4])
#define STEP_6(start) nf_fma(STEP_5(start), b[i], c[5])
#define HORNER(n)                                                                                  \
    HORNER_LOOP(horner_##n##_v, n, a[i], STEP_##n)                                                 \
    HORNER_LOOP(horner_##n##_c, n, a0, STEP_##n)

HORNER(2)
HORNER(3)
HORNER(4)
HORNER(5)
HORNER(6)

/* In value, p is the point; a0 and b0 are the operands that are constants. There is no -p: gcc 12
 * makes fma(-offset, h, -base) of it, which is +0 where -p is -0. */
#define FIRST_LOOP(name, value)                                                                    \
    static void name(nf_vm_lane *to, const struct nf_vm_points *points, const nf_vm_lane *from_a,  \
                     const nf_vm_lane *from_b, const nf_vm_lane *from_c)                           \
    {                                                                                              \
        number *restrict out = __builtin_assume_aligned(to, 64);                                   \
        const double *restrict base = points->base;                                                \
        const number a0 = *(const number *)from_a, b0 = *(const number *)from_b;                   \
        double h = points->h, offset = (double)(NFOLD_LANES * points->first_step);                 \
        (void)a0, (void)b0, (void)from_c;                                                          \
        for (int k = 0; k < NF_VM_STEPS; k++, offset += NFOLD_LANES, out += NFOLD_LANES) {         \
            for (int l = 0; l < NFOLD_LANES; l++) {                                                \
                double p = nf_fma(offset, h, base[l]);                                             \
                out[l] = value;                                                                    \
            }                                                                                      \
        }                                                                                          \
    }

FIRST_LOOP(first_square, MUL(p, p))
FIRST_LOOP(first_multiple, MUL(p, b0))
FIRST_LOOP(first_sum, ADD(p, b0))
FIRST_LOOP(first_difference, SUB(p, b0))
FIRST_LOOP(first_complement, SUB(a0, p))
FIRST_LOOP(first_quotient, DIV(p, b0))
FIRST_LOOP(first_inverse, DIV(a0, p))
FIRST_LOOP(first_root, sqrt(p))

static size_t lanes(const nf_vm_lane *mask, size_t count, uint16_t *lane)
{
    uint64_t some = 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        some |= mask[i];
    for (size_t i = 0; some && i < count; i++) {
        lane[found] = (uint16_t)i;
        found += mask[i] != 0;
    }
    return found;
}

#define ROW_UNARY(op, name)       [NF_IR_##op] = {[0] = name##_v}
#define ROW_COMMUTATIVE(op, name) [NF_IR_##op] = {[0] = name##_vv, [2] = name##_vc}
#define ROW_BINARY(op, name)      [NF_IR_##op] = {[0] = name##_vv, [1] = name##_cv, [2] = name##_vc}
#define ROW_TERNARY(op, name)                                                                      \
    [NF_IR_##op] = {[0] = name##_vvv, [2] = name##_vcv, [4] = name##_vvc, [6] = name##_vcc}
#define ROW_HORNER(n) [n] = {horner_##n##_v, horner_##n##_c}

extern const struct nf_vm_loops JOIN(nf_vm_loops_, NF_VM_ISA);
const struct nf_vm_loops
    JOIN(nf_vm_loops_, NF_VM_ISA) = {
        .isa = TEXT(NF_VM_ISA),
        .operation =
            {
                ROW_COMMUTATIVE(ADD, add),
                ROW_BINARY(SUB, sub),
                ROW_COMMUTATIVE(MUL, mul),
                ROW_BINARY(DIV, div),
                ROW_UNARY(SQRT, sqrt),
                ROW_TERNARY(FMA, fma),
                ROW_UNARY(NEG, neg),
                ROW_UNARY(ABS, abs),
                ROW_BINARY(LT, lt),
                ROW_BINARY(LE, le),
                ROW_COMMUTATIVE(EQ, eq),
                ROW_COMMUTATIVE(NE, ne),
                ROW_TERNARY(SELECT, select),
                ROW_COMMUTATIVE(IADD, iadd),
                ROW_BINARY(ISUB, isub),
                ROW_COMMUTATIVE(IMUL, imul),
                ROW_COMMUTATIVE(IMULHI, imulhi),
                ROW_COMMUTATIVE(AND, and),
                ROW_COMMUTATIVE(OR, or),
                ROW_COMMUTATIVE(XOR, xor),
                ROW_BINARY(SHL, shl),
                ROW_BINARY(SHR, shr),
                ROW_BINARY(SAR, sar),
                ROW_COMMUTATIVE(IEQ, ieq),
                ROW_BINARY(ILT, ilt),
                ROW_UNARY(TABLE, table),
            },
        /* Of commutative operations the constant is the second operand: bit 1 of the pattern. */
        .first =
            {
                [NF_IR_MUL] = {[0] = first_square, [2] = first_multiple},
                [NF_IR_ADD] = {[2] = first_sum},
                [NF_IR_SUB] = {[1] = first_complement, [2] = first_difference},
                [NF_IR_DIV] = {[1] = first_inverse, [2] = first_quotient},
                [NF_IR_SQRT] = {[0] = first_root},
            },
        .copy = copy_v,
        .splat = splat_c,
        .horner = {ROW_HORNER(2), ROW_HORNER(3), ROW_HORNER(4), ROW_HORNER(5), ROW_HORNER(6)},
        .lanes = lanes,
};
