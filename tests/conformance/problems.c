/* problems.c: not only friendly functions, and the sizes at which something changes. */
#include "problems.h"

#include <math.h>

static double square(double x, void *user)
{
    (void)user;
    return x * x;
}

static double tenth(double x, void *user)
{
    (void)x;
    (void)user;
    return 0.1;
}

static double third(double x, void *user)
{
    (void)user;
    return 1.0 / 3.0 + x * 0.0;
}

static double one_and_a_bit(double x, void *user)
{
    (void)user;
    return 1.0 + 1e-17 * x;
}

static double step_up(double x, void *user)
{
    (void)user;
    return x < 0.3 ? -1.0 : 7.1;
}

static double alternating(double x, void *user)
{
    (void)user;
    return (x - 0.5) * (x - 0.25) * 1e16 + 1.0 / (x + 3.0);
}

static double large(double x, void *user)
{
    (void)user;
    return 1e300 * (1.0 + x);
}

static double largest(double x, void *user)
{
    (void)user;
    return 1e305 / (1.0 + x);
}

static double tiny(double x, void *user)
{
    (void)user;
    return 1e-310 * (1.0 + x);
}

static double root(double x, void *user)
{
    (void)user;
    return sqrt(x) / (1.0 + x);
}

static double minus_zero(double x, void *user)
{
    (void)x;
    (void)user;
    return -0.0;
}

static double sometimes_nan(double x, void *user)
{
    (void)user;
    return sqrt(x - 0.125);
}

static double pole(double x, void *user)
{
    (void)user;
    return 1.0 / (x - 0.5);
}

static double near_one(double x, void *user)
{
    (void)user;
    return 1.0 + 1.0 / (x * x + 2.0);
}

static double half_range(double x, void *user)
{
    (void)user;
    return x > 0.5 ? 0.0 : 3e-300 * (x + 1.0);
}

const struct problem_case problem_cases[] = {
    {"square", "%1$s*%1$s", square, 0, 100},
    {"square from 0.1", "%1$s*%1$s", square, 0.1, 7.3},
    {"square backwards", "%1$s*%1$s", square, 7.3, -0.1},
    {"no width", "%1$s*%1$s", square, 2.5, 2.5},
    {"tenth", "0.1", tenth, 0, 1},
    {"tenth on a tenth", "0.1", tenth, 0.1, 0.2},
    {"third", "1/3 + %1$s*0", third, 0, 10},
    {"one and a bit", "1 + 1e-17*%1$s", one_and_a_bit, 0, 100},
    {"step", "where(%1$s < 0.3, -1, 7.1)", step_up, 0, 1},
    {"alternating", "(%1$s-0.5)*(%1$s-0.25)*1e16 + 1/(%1$s+3)", alternating, 0, 1},
    {"large", "1e300*(1 + %1$s)", large, 0, 1},
    {"large and far", "1e300*(1 + %1$s)", large, 0, 1e10},
    {"largest", "1e305/(1 + %1$s)", largest, 0, 1},
    {"tiny", "1e-310*(1 + %1$s)", tiny, 0, 1e-5},
    {"root", "sqrt(%1$s)/(1 + %1$s)", root, 0, 10},
    {"wide", "1/3 + %1$s*0", third, -4e307, 4e307},
    {"minus zero", "-0.0", minus_zero, -1, 1},
    {"nan below an eighth", "sqrt(%1$s - 0.125)", sometimes_nan, 0, 1},
    {"pole", "1/(%1$s - 0.5)", pole, 0, 1},
    {"near one", "1 + 1/(%1$s*%1$s + 2)", near_one, 0, 1},
    {"underflow and zero", "where(%1$s > 0.5, 0, 3e-300*(%1$s + 1))", half_range, 0, 1},
    {0},
};

#define AROUND(n) (n) - 1, (n), (n) + 1

const double problem_sizes[] = {1,
                                2,
                                3,
                                4,
                                5,
                                31,
                                32,
                                33,
                                63,
                                64,
                                65,
                                1000,
                                AROUND(1024),
                                AROUND(2048),
                                AROUND(4096),
                                AROUND(8192),
                                AROUND(16384),
                                AROUND(32768),
                                AROUND(65536),
                                AROUND(131072),
                                AROUND(262144),
                                AROUND(524288),
                                AROUND(1048576),
                                AROUND(2097152),
                                2097152 + 2048,
                                3000001,
                                0};
