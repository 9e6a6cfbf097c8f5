/* sleef.c: sums of sin, exp or log with SLEEF's 1-ulp vector functions, at the width of this build.
 *
 *     sleef FUNCTION A B N
 *
 * Compile with -mavx2 -mfma or -mavx512f. Four vectors in a turn, so that one does not wait for
 * another; points as nfold makes them, x = fma(j, h, base); link with -lsleef.
 */
#include <immintrin.h>
#include <sleef.h>
#include <stdint.h>
#include <string.h>

#include "../serve.h"

#ifdef __AVX512F__
typedef __m512d vector;
#define WIDTH       8
#define SET         _mm512_set1_pd
#define FMA         _mm512_fmadd_pd
#define ADD         _mm512_add_pd
#define LOAD        _mm512_loadu_pd
#define STORE       _mm512_storeu_pd
#define SLEEF(name) Sleef_##name##d8_u10avx512f
#else
typedef __m256d vector;
#define WIDTH       4
#define SET         _mm256_set1_pd
#define FMA         _mm256_fmadd_pd
#define ADD         _mm256_add_pd
#define LOAD        _mm256_loadu_pd
#define STORE       _mm256_storeu_pd
#define SLEEF(name) Sleef_##name##d4_u10avx2
#endif
#define VECTORS 4

struct job {
    double a, h;
    int64_t n;
    double (*sum)(double a, double h, int64_t n);
};

static double fold(vector *sums)
{
    double lane[WIDTH], total = 0;
    for (int v = 0; v < VECTORS; v++) {
        STORE(lane, sums[v]);
        for (int l = 0; l < WIDTH; l++)
            total += lane[l];
    }
    return total;
}

/* One loop a function, so that each call is direct. */
#define DEFINE_SUM(name)                                                                           \
    static double sum_##name(double a, double h, int64_t n)                                        \
    {                                                                                              \
        vector base[VECTORS], sums[VECTORS], step = SET(h);                                        \
        for (int v = 0; v < VECTORS; v++) {                                                        \
            double x[WIDTH];                                                                       \
            for (int l = 0; l < WIDTH; l++)                                                        \
                x[l] = a + (v * WIDTH + l) * h;                                                    \
            base[v] = LOAD(x);                                                                     \
            sums[v] = SET(0);                                                                      \
        }                                                                                          \
        for (int64_t i = 0; i < n; i += VECTORS * WIDTH) {                                         \
            vector j = SET((double)i);                                                             \
            for (int v = 0; v < VECTORS; v++)                                                      \
                sums[v] = ADD(sums[v], SLEEF(name)(FMA(j, step, base[v])));                        \
        }                                                                                          \
        return fold(sums);                                                                         \
    }
DEFINE_SUM(sin)
DEFINE_SUM(exp)
DEFINE_SUM(log)

static double measure(void *user, double *value)
{
    const struct job *job = user;
    double start = bench_now();
    *value = job->h * job->sum(job->a, job->h, job->n);
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*sum)(double a, double h, int64_t n);
    } functions[] = {{"sin", sum_sin}, {"exp", sum_exp}, {"log", sum_log}};
    struct job job = {0};

    if (argc < 5)
        return 2;
    for (int i = 0; i < 3; i++)
        if (strcmp(argv[1], functions[i].name) == 0)
            job.sum = functions[i].sum;
    job.a = atof(argv[2]);
    job.n = (int64_t)atof(argv[4]);
    job.h = (atof(argv[3]) - job.a) / (double)job.n;
    return job.sum ? bench_serve(measure, &job) : 2;
}
