/* vfork_loop.c: the barest way to run a program N times, two at a time: vfork, execv, wait. What a
 * launcher can reach; nothing is captured, bound, timed or recorded. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char **argv)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        exit(1);
}

/* vfork_loop N SLOTS PROGRAM [ARGUMENT...] */
int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    long count = atol(argv[1]), slots = atol(argv[2]), started = 0;
    for (; started < count && started < slots; started++)
        start(argv + 3);
    for (long ended = 0; ended < count; ended++) {
        if (wait(NULL) < 0)
            return 1;
        if (started < count) {
            start(argv + 3);
            started++;
        }
    }
    return 0;
}
