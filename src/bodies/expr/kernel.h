/* kernel.h: the part of a native kernel that is the same for every program.
 *
 * This file is not compiled into nfold. print_c.c embeds it as text and prints around it: before it
 * the macros below, after it the program itself as nf_values. The compiler of the user's machine
 * then makes an nfold_kernel_fn of it (include/nfold/body.h). What it computes is
 * docs/design/order.md; why it is written like this is docs/design/native.md.
 *
 *     NF_SHAPE_SUM, _WEIGHTED_SUM, _PROD, _MIN, _MAX or _COUNT   one of them is defined
 *     NF_WIDTH      doubles in a vector: 2, 4 or 8
 *     NF_VECTORS    vectors that go through a group together: 1, 2 or 4
 *     NF_UNROLL     steps in the body of the innermost loop: 1 or 4
 *
 * Nothing is included and every name begins with nf_ or NF_, because a file of the user's may
 * follow. Where NF_WIDTH is 2, src/base/fma.h stands in front of this text: its nf_fma on doubles
 * is the processor's instruction or the same bits in integers.
 */
#ifdef __FAST_MATH__
#error "a kernel needs IEEE arithmetic"
#endif

#define NF_LANES       32
#define NF_GROUP_STEPS 64
#define NF_INLINE      static inline __attribute__((always_inline))
#define NF_RARELY      static __attribute__((noinline, cold))

typedef double nf_real __attribute__((vector_size(NF_WIDTH * 8)));
/* Words and masks (all ones or all zeros); unsigned, so that they wrap. */
typedef unsigned long long nf_word __attribute__((vector_size(NF_WIDTH * 8)));
typedef long long nf_signed __attribute__((vector_size(NF_WIDTH * 8)));
/* How a vector lies among the caller's doubles. */
typedef double nf_memory __attribute__((vector_size(NF_WIDTH * 8), may_alias));

struct nf_lanes {
    double hi[NF_LANES] __attribute__((aligned(64)));
    double lo[NF_LANES] __attribute__((aligned(64)));
};

/* ---- vectors ------------------------------------------------------------------------------- */

NF_INLINE nf_real nf_load(const double *from)
{
    return *(const nf_memory *)from;
}

NF_INLINE void nf_store(double *to, nf_real value)
{
    *(nf_memory *)to = value;
}

NF_INLINE nf_real nf_all(double value)
{
    /* value - 0.0 is value, a zero's sign included, and makes a vector of it. */
    return value - (nf_real){0};
}

NF_INLINE nf_word nf_bits(unsigned long long bits)
{
    return bits + (nf_word){0};
}

/* a * b + c, rounded once */
NF_INLINE nf_real nf_fused(nf_real a, nf_real b, nf_real c)
{
#if NF_WIDTH == 8
    return (nf_real)__builtin_ia32_vfmaddpd512_mask(a, b, c, (unsigned char)-1, 4);
#elif NF_WIDTH == 4
    return (nf_real)__builtin_ia32_vfmaddpd256(a, b, c);
#else
    return (nf_real){nf_fma(a[0], b[0], c[0]), nf_fma(a[1], b[1], c[1])};
#endif
}

NF_INLINE nf_real nf_sqrt(nf_real a)
{
#if defined(__AVX__) && NF_WIDTH == 4
    return (nf_real)__builtin_ia32_sqrtpd256(a);
#elif defined(__SSE2__) && NF_WIDTH == 2
    return (nf_real)__builtin_ia32_sqrtpd(a);
#else
    nf_real result;
    for (int i = 0; i < NF_WIDTH; i++)
        result[i] = __builtin_sqrt(a[i]);
    return result;
#endif
}

/* mask ? a : b, lane by lane. */
NF_INLINE nf_real nf_select(nf_word mask, nf_real a, nf_real b)
{
#if defined(__AVX__) && NF_WIDTH == 4
    return (nf_real)__builtin_ia32_blendvpd256(b, a, (nf_real)mask);
#else
    return (nf_real)((mask & (nf_word)a) | (~mask & (nf_word)b));
#endif
}

NF_INLINE int nf_any(nf_word mask)
{
#if defined(__AVX512DQ__) && NF_WIDTH == 8
    return __builtin_ia32_cvtq2mask512((nf_signed)mask) != 0;
#elif defined(__AVX__) && NF_WIDTH == 4
    return __builtin_ia32_movmskpd256((nf_real)mask) != 0;
#elif defined(__SSE2__) && NF_WIDTH == 2
    return __builtin_ia32_movmskpd((nf_real)mask) != 0;
#else
    unsigned long long any = 0;
    for (int i = 0; i < NF_WIDTH; i++)
        any |= mask[i];
    return any != 0;
#endif
}

NF_INLINE nf_real nf_negate(nf_real a)
{
    return (nf_real)((nf_word)a ^ nf_bits(1ull << 63));
}

NF_INLINE nf_real nf_absolute(nf_real a)
{
    return (nf_real)((nf_word)a & nf_bits(~(1ull << 63)));
}

NF_INLINE nf_word nf_shift_signed(nf_word a, nf_word count)
{
    nf_word sign = nf_bits(1ull << 63) >> count;
    return ((a >> count) ^ sign) - sign;
}

/* The high words of the products. No vector unit has this; it is for rare programs. */
NF_INLINE nf_word nf_multiply_high(nf_word a, nf_word b)
{
    nf_word result;
    for (int i = 0; i < NF_WIDTH; i++)
        result[i] = (unsigned long long)(((unsigned __int128)a[i] * b[i]) >> 64);
    return result;
}

/* Single loads beat the gather instructions of most processors. */
NF_INLINE nf_word nf_gather(const unsigned long long *table, nf_word index)
{
    nf_word result;
    for (int i = 0; i < NF_WIDTH; i++)
        result[i] = table[index[i]];
    return result;
}

/* ---- the program, printed below -------------------------------------------------------------- */

/* One vector of points, or of values, for each that goes through a group. */
struct nf_points {
    nf_real at[NF_VECTORS];
};

NF_INLINE struct nf_points nf_values(struct nf_points input);

/* ---- the fold -------------------------------------------------------------------------------- */

/* NF_EACH(step) does a step for each of the vectors that go through a group together. */
#if NF_VECTORS == 4
#define NF_EACH(STEP) STEP(0) STEP(1) STEP(2) STEP(3)
#elif NF_VECTORS == 2
#define NF_EACH(STEP) STEP(0) STEP(1)
#else
#define NF_EACH(STEP) STEP(0)
#endif

#define NF_ROLLED _Pragma("GCC unroll 1")
#if NF_UNROLL == 4
#define NF_UNROLLED _Pragma("GCC unroll 4")
#else
#define NF_UNROLLED NF_ROLLED
#endif

/* clang would keep the whole table in registers, of which there are too few, and so store every
 * part of it twice for each group: 3 % of x*x. gcc does not, and is slower when it is told. */
#ifdef __clang__
#define NF_KEEP_IN_MEMORY(array) __asm__("" : "+m"(array));
#else
#define NF_KEEP_IN_MEMORY(array)
#endif

#define NF_POINT(v) points.at[v] = nf_fused(step, h, nf_load(base + v * NF_WIDTH));

NF_INLINE nf_real nf_canonical(nf_real value)
{
    return nf_select((nf_word)(value == value), value, (nf_real)nf_bits(0x7ff8ull << 48));
}

#if defined(NF_SHAPE_SUM) || defined(NF_SHAPE_WEIGHTED_SUM)

#ifdef NF_SHAPE_WEIGHTED_SUM
#define NF_FIRST_ADD(v) first##v += nf_load(weight + v * NF_WIDTH) * points.at[v];
#else
#define NF_FIRST_ADD(v) first##v += points.at[v];
#endif

/* Chains start from -0, which changes no bit: so they can be loops, and where the compiler unrolls
 * them it drops the first addition. */
#define NF_THIRD_BEGIN(v)  nf_real third##v = nf_all(-0.0);
#define NF_SECOND_BEGIN(v) nf_real second##v = nf_all(-0.0);
#define NF_FIRST_BEGIN(v)  nf_real first##v = nf_all(-0.0);
#define NF_SECOND_ADD(v)   second##v += first##v;
#define NF_THIRD_ADD(v)    third##v += second##v;
#define NF_GROUP_END(v)                                                                            \
    nf_carry(lanes->hi + lane + v * NF_WIDTH, lanes->lo + lane + v * NF_WIDTH, third##v);

/* (hi, e) = TwoSum(hi, sum), lo += e */
NF_INLINE void nf_carry(double *hi, double *lo, nf_real sum)
{
    nf_real before = nf_load(hi);
    nf_real after = before + sum;
    nf_real part = after - before;
    nf_real error = (before - (after - part)) + (sum - part);
    nf_store(hi, after);
    nf_store(lo, nf_load(lo) + error);
}

NF_INLINE void nf_group(const double *base, const double *weight, nf_real h, const double *steps,
                        struct nf_lanes *lanes, int lane)
{
    (void)weight;
    NF_EACH(NF_THIRD_BEGIN)
    /* clang-format off */
    NF_ROLLED
    for (int third = 0; third < 4; third++) {
        NF_EACH(NF_SECOND_BEGIN)
        NF_ROLLED
        for (int second = 0; second < 4; second++) {
            NF_EACH(NF_FIRST_BEGIN)
            NF_UNROLLED
            for (int first = 0; first < 4; first++) {
                nf_real step = nf_all(*steps++);
                struct nf_points points;
                NF_EACH(NF_POINT)
                points = nf_values(points);
                NF_EACH(NF_FIRST_ADD)
            }
            NF_EACH(NF_SECOND_ADD)
        }
        NF_EACH(NF_THIRD_ADD)
    }
    /* clang-format on */
    NF_EACH(NF_GROUP_END)
}

NF_INLINE void nf_finish(struct nf_lanes *lanes, int lane)
{
    nf_store(lanes->hi + lane, nf_canonical(nf_load(lanes->hi + lane)));
    nf_store(lanes->lo + lane, nf_canonical(nf_load(lanes->lo + lane)));
}

#else /* the other shapes: one loop over the steps of a group */

#if defined(NF_SHAPE_PROD)

/* A value as a mantissa in [1,2) with its sign, and an exponent that is added to *exponent; zeros,
 * infinities and NaNs are their own mantissas, with exponent 0. */
NF_RARELY nf_real nf_split_special(nf_real value, nf_word *exponent)
{
    for (int i = 0; i < NF_WIDTH; i++) {
        double one = value[i], size = __builtin_fabs(one);
        if (!(size > 0) || !(size <= __DBL_MAX__))
            continue;
        int shift = size < __DBL_MIN__ ? 54 : 0;
        unsigned long long bits = ((nf_word)nf_all(shift ? one * 0x1p+54 : one))[0];
        (*exponent)[i] += (bits >> 52 & 0x7ff) - 1023 - shift;
        bits = (bits & 0x800fffffffffffffull) | 0x3ffull << 52;
        value[i] = ((nf_real)nf_bits(bits))[0];
    }
    return value;
}

NF_INLINE nf_real nf_split(nf_real value, nf_word *exponent)
{
    nf_word bits = (nf_word)value, biased = (bits >> 52) & 0x7ff;
    /* 0 (zeros, subnormals) and 2047 (infinities, NaNs) */
    if (__builtin_expect(nf_any((nf_word)(((biased + 1) & 0x7fe) == 0)), 0))
        return nf_split_special(value, exponent);
    *exponent += biased - 1023;
    return (nf_real)((bits & 0x800fffffffffffffull) | 0x3ffull << 52);
}

/* A whole number of less than 51 bits as a double. */
NF_INLINE nf_real nf_whole(nf_word number)
{
    return (nf_real)(number + (nf_word)nf_all(0x1.8p+52)) - 0x1.8p+52;
}

#define NF_GROUP_BEGIN(v)                                                                          \
    nf_real product##v = nf_load(lanes->hi + lane + v * NF_WIDTH);                                 \
    nf_word exponent##v = {0};
#define NF_STEP(v) product##v *= nf_split(points.at[v], &exponent##v);
#define NF_GROUP_END(v)                                                                            \
    nf_multiply_end(product##v, exponent##v, lanes->hi + lane + v * NF_WIDTH,                      \
                    lanes->lo + lane + v * NF_WIDTH);

/* A product that is zero, infinite or not a number stays it and has no exponent. */
NF_INLINE void nf_multiply_end(nf_real product, nf_word exponent, double *hi, double *lo)
{
    nf_real mantissa = nf_split(product, &exponent);
    nf_word is_number = (nf_word)(nf_absolute(mantissa) < 2.0) & (nf_word)(mantissa != 0.0);
    nf_store(hi, mantissa + 0.0);
    nf_store(lo, nf_select(is_number, nf_load(lo) + nf_whole(exponent), nf_all(0.0)));
}

NF_INLINE void nf_finish(struct nf_lanes *lanes, int lane)
{
    nf_store(lanes->hi + lane, nf_canonical(nf_load(lanes->hi + lane)));
}

#else /* min, max, count: lo becomes 1 when a value was not finite */

/* y - y is 0, or NaN for what is not finite; sums keep the NaN. */
#define NF_SPOIL(v) spoiled##v += y##v - y##v;
#define NF_SPOIL_END(v)                                                                            \
    nf_store(lanes->lo + lane + v * NF_WIDTH,                                                      \
             nf_select((nf_word)(spoiled##v == 0.0), nf_load(lanes->lo + lane + v * NF_WIDTH),     \
                       nf_all(1.0)));

#if defined(NF_SHAPE_COUNT)

#define NF_GROUP_BEGIN(v)                                                                          \
    nf_real spoiled##v = {0}, count##v = nf_load(lanes->hi + lane + v * NF_WIDTH);
#define NF_STEP(v)                                                                                 \
    nf_real y##v = points.at[v];                                                                   \
    count##v += (nf_real)((nf_word)(y##v != 0.0) & (nf_word)nf_all(1.0));                          \
    NF_SPOIL(v)

NF_INLINE void nf_finish(struct nf_lanes *lanes, int lane)
{
    (void)lanes, (void)lane;
}

#else

#if defined(NF_SHAPE_MIN)
#define NF_BETTER(a, b) ((a) < (b))
#else
#define NF_BETTER(a, b) ((a) > (b))
#endif
#define NF_GROUP_BEGIN(v)                                                                          \
    nf_real spoiled##v = {0}, count##v = nf_load(lanes->hi + lane + v * NF_WIDTH);
/* y + 0 makes +0 of -0; a NaN that has become the extreme stays it. */
#define NF_STEP(v)                                                                                 \
    nf_real y##v = points.at[v] + 0.0;                                                             \
    count##v =                                                                                     \
        nf_select((nf_word)NF_BETTER(y##v, count##v) | (nf_word)(y##v != y##v), y##v, count##v);   \
    NF_SPOIL(v)

NF_INLINE void nf_finish(struct nf_lanes *lanes, int lane)
{
    nf_store(lanes->hi + lane, nf_canonical(nf_load(lanes->hi + lane)));
}

#endif

#undef NF_GROUP_END
#define NF_GROUP_END(v)                                                                            \
    nf_store(lanes->hi + lane + v * NF_WIDTH, count##v);                                           \
    NF_SPOIL_END(v)
#endif

NF_INLINE void nf_group(const double *base, const double *weight, nf_real h, const double *steps,
                        struct nf_lanes *lanes, int lane)
{
    (void)weight;
    NF_EACH(NF_GROUP_BEGIN)
    /* clang-format off */
    NF_UNROLLED
    for (int i = 0; i < NF_GROUP_STEPS; i++) {
        nf_real step = nf_all(steps[i]);
        struct nf_points points;
        NF_EACH(NF_POINT)
        points = nf_values(points);
        NF_EACH(NF_STEP)
    }
    /* clang-format on */
    NF_EACH(NF_GROUP_END)
}

#endif

/* ---- the kernel ------------------------------------------------------------------------------ */

/* 32q of each step of the longest chunk: loads are cheap where additions are not. Filled when the
 * code is loaded: to spell 1024 numbers out takes a compiler as long as a light program. */
#define NF_CHUNK_STEPS 1024
static double nf_chunk_steps[NF_CHUNK_STEPS] __attribute__((aligned(64)));

__attribute__((constructor)) static void nf_fill_steps(void)
{
    for (int i = 0; i < NF_CHUNK_STEPS; i++)
        nf_chunk_steps[i] = 32.0 * i;
}

/* Those of the first group of a range that is longer than any chunk; they are moved on. */
NF_INLINE void nf_begin_steps(double *steps, __UINT64_TYPE__ first_step)
{
    nf_real some;
    for (int i = 0; i < NF_WIDTH; i++)
        some[i] = 32.0 * (double)(__INT64_TYPE__)(first_step + (unsigned)i);
    for (int i = 0; i < NF_GROUP_STEPS; i += NF_WIDTH, some += 32.0 * NF_WIDTH)
        nf_store(steps + i, some);
}

__attribute__((visibility("default"))) void nf_kernel(const double *base, const double *weight,
                                                      double h, __UINT64_TYPE__ first_step,
                                                      __UINT64_TYPE__ groups,
                                                      struct nf_lanes *lanes)
{
    double moving[NF_GROUP_STEPS] __attribute__((aligned(64)));
    const double *steps = nf_chunk_steps + first_step;
    int is_moving = first_step + groups * NF_GROUP_STEPS > NF_CHUNK_STEPS;
    if (is_moving) {
        nf_begin_steps(moving, first_step);
        steps = moving;
    }
    for (__UINT64_TYPE__ group = 0; group < groups; group++) {
        NF_KEEP_IN_MEMORY(moving)
        /* clang-format off */
        NF_ROLLED
        for (int lane = 0; lane < NF_LANES; lane += NF_VECTORS * NF_WIDTH)
            nf_group(base + lane, weight + lane, nf_all(h), steps, lanes, lane);
        /* clang-format on */
        if (is_moving)
            for (int i = 0; i < NF_GROUP_STEPS; i += NF_WIDTH)
                nf_store(moving + i, nf_load(moving + i) + 32.0 * NF_GROUP_STEPS);
        else
            steps += NF_GROUP_STEPS;
    }
    for (int lane = 0; lane < NF_LANES; lane += NF_WIDTH)
        nf_finish(lanes, lane);
}

/* ---- the program ----------------------------------------------------------------------------- */
