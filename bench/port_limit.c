/* port_limit.c: how fast this core could at best evaluate x = fma(j, h, base), y = x*x.
 *
 *     bench_port_limit POINTS
 *
 * Two instructions a vector that only the multiply units can do, with nothing else in their way:
 * independent registers, no loads, no sum. The widest vectors that the CPU has. The value printed
 * is the number of points, so that a rate can be made of it.
 */
#include <stdint.h>

#include "serve.h"

#define PAIRS 6 /* independent pairs in a turn: twelve results in flight cover latency × units */

/* Twelve results in registers 0 ... 11, three inputs in 12 ... 14. */
/* clang-format off */
#define PAIR(reg, x, y)                                                                            \
    "vfmadd132pd %%" reg "12, %%" reg "13, %%" reg #x "\n\t"                                       \
    "vmulpd %%" reg "14, %%" reg "14, %%" reg #y "\n\t"
#define TURN(reg)                                                                                  \
    "1:\n\t"                                                                                       \
    PAIR(reg, 0, 1) PAIR(reg, 2, 3) PAIR(reg, 4, 5) PAIR(reg, 6, 7) PAIR(reg, 8, 9)                \
    PAIR(reg, 10, 11)                                                                              \
    "dec %0\n\t"                                                                                   \
    "jnz 1b\n\t"
#define CLEAR(n) "vxorpd %%ymm" #n ", %%ymm" #n ", %%ymm" #n "\n\t"
#define CLEAR_ALL                                                                                  \
    CLEAR(0) CLEAR(2) CLEAR(4) CLEAR(6) CLEAR(8) CLEAR(10) CLEAR(12) CLEAR(13) CLEAR(14)
/* clang-format on */

static void turns_avx2(uint64_t turns)
{
    __asm__ volatile(CLEAR_ALL TURN("ymm") "vzeroupper"
                     : "+r"(turns)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14");
}

static void turns_avx512(uint64_t turns)
{
    __asm__ volatile(CLEAR_ALL TURN("zmm") "vzeroupper"
                     : "+r"(turns)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14");
}

static double measure(void *user, double *value)
{
    double points = *(double *)user;
    int lanes = __builtin_cpu_supports("avx512f") ? 8 : 4;
    uint64_t turns = (uint64_t)(points / (PAIRS * lanes)) + 1;

    *value = (double)turns * PAIRS * lanes;
    double start = bench_now();
    if (lanes == 8)
        turns_avx512(turns);
    else
        turns_avx2(turns);
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    double points = argc > 1 ? atof(argv[1]) : 1e8;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        fprintf(stderr, "bench_port_limit: this CPU has no AVX2 and FMA\n");
        return 3;
    }
    return bench_serve(measure, &points);
}
