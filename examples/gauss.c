/* gauss.c: a function for the command line, compiled by the system's compiler when it is used:
 *
 *     nfold integrate examples/gauss.c:f -6 6 1e7
 *
 * The answer is close to the square root of pi, 1.7724538509055159.
 */
#include <math.h>

double f(double x)
{
    return exp(-x * x);
}
