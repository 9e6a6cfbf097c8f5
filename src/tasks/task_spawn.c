/* task_spawn.c: vfork and what the child does before its program runs.
 *
 * The child shares our memory until then: it calls nothing that takes locks or memory, and leaves
 * the cause of a failure in a variable of ours. */
#include "task_spawn.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

/* None of them is 0, 1 or 2, so none is overwritten before its turn. */
static int take_files(const struct nf_spawn *spawn)
{
    for (int i = 0; i < 3; i++)
        if (spawn->fd[i] >= 0 && dup2(spawn->fd[i], i) < 0)
            return -1;
    return 0;
}

static int take_limits(const struct nf_spawn *spawn)
{
    if (spawn->cpus && sched_setaffinity(0, spawn->cpus_size, spawn->cpus) < 0 && errno != EINVAL)
        return -1;
    if (spawn->has_nice)
        setpriority(PRIO_PROCESS, 0, spawn->nice); /* refused: it runs as we do */
    if (spawn->files > 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = spawn->files;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (int i = 0; i < 2; i++)
        if (spawn->group_fd[i] >= 0 && write(spawn->group_fd[i], "0", 1) < 0)
            return -1;
    return 0;
}

static _Noreturn void run_program(const struct nf_spawn *spawn, volatile int *cause)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (take_limits(spawn) == 0 && take_files(spawn) == 0 &&
        (!spawn->directory || chdir(spawn->directory) == 0)) {
        sigprocmask(SIG_SETMASK, spawn->mask, NULL);
        execve(spawn->path, spawn->argv, spawn->envp);
    }
    *cause = errno;
    _exit(EXIT_NOT_RUN);
}

pid_t nf_spawn(const struct nf_spawn *spawn, int *is_exec)
{
    volatile int cause = 0;
    *is_exec = 0;
    pid_t pid = vfork();
    if (pid == 0)
        run_program(spawn, &cause);
    if (pid < 0 || cause == 0)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *is_exec = 1;
    errno = cause;
    return -1;
}
