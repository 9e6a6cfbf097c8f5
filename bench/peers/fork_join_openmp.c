/* fork_join_openmp.c: fork_join.h with an OpenMP region; the library is the compiler's. */
#include "../fork_join.h"

static void region(void *user, struct meeting *meeting)
{
    (void)user;
#pragma omp parallel num_threads(meeting->workers)
    meet(meeting);
}

int main(int argc, char **argv)
{
    return serve_fork_join(argc, argv, NULL, region);
}
