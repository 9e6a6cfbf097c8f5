/* problems.h: functions that are hard on an order of summation, as C and as expressions. */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include <nfold/nfold.h>

#include "order_v1.h"

struct problem_case {
    const char *name;
    const char *expression; /* the same bits as f; %s stands for the variable */
    order_function *f;
    double a, b; /* bounds to integrate between */
};

extern const struct problem_case problem_cases[]; /* ended by a zero row */

/* Numbers of steps or items around everything that happens at a size: ended by 0. */
extern const double problem_sizes[];

#endif
