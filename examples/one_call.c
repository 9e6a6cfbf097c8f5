/* one_call.c: an integral, a sum and a loop over an array, each in one call.
 *
 *     cc one_call.c $(pkg-config --cflags --libs nfold) -o one_call && ./one_call
 */
#include <nfold/nfold.h>
#include <stdio.h>

enum { ITEMS = 1000000 };

/* The library calls this for parts of 0 … ITEMS-1, from several threads at once. */
static int fill(void *user, uint64_t first, uint64_t last)
{
    double *array = user;
    for (uint64_t i = first; i < last; i++)
        array[i] = (double)i * (double)i;
    return 0;
}

int main(void)
{
    static double square[ITEMS];
    nfold_error err;
    double area, sum;

    if (nfold_integrate("x*x", 0, 100, 1e8, &area, &err) < 0)
        goto failed;
    printf("the integral of x*x from 0 to 100: %.17g\n", area);

    if (nfold_reduce("sum", "1/(i+1)^2", 1e8, &sum, &err) < 0)
        goto failed;
    printf("1 + 1/4 + 1/9 + ... (1e8 terms): %.17g\n", sum);

    if (nfold_for(fill, square, ITEMS, &err) < 0)
        goto failed;
    printf("the last square: %.0f\n", square[ITEMS - 1]);
    return 0;

failed:
    fprintf(stderr, "one_call: %s\n%s", err.message, err.detail);
    return nfold_error_status(err.code);
}
