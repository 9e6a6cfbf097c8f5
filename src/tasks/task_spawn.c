/* task_spawn.c: vfork and what the child does before its program runs.
 *
 * The child shares our memory until then: it calls nothing that takes locks or memory, and leaves
 * the cause of a failure in a variable of ours. */
#include "task_spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"

#define EXIT_NOT_FOUND 127
#define EXIT_NOT_RUN   126

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

/* Who lost its parent before it asked for the signal would never get it. */
static _Noreturn void run_program(const struct nf_spawn *spawn, pid_t parent, volatile int *cause)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_NOT_RUN);
    if (spawn->born)
        *spawn->born = getpid();
    if (take_limits(spawn) == 0 && take_files(spawn) == 0 &&
        (!spawn->directory || chdir(spawn->directory) == 0)) {
        sigprocmask(SIG_SETMASK, spawn->mask, NULL);
        execve(spawn->path, spawn->argv, spawn->envp);
    }
    *cause = errno;
    _exit(EXIT_NOT_RUN);
}

static pid_t spawn_program(const struct nf_spawn *spawn, int *is_exec)
{
    volatile int cause = 0;
    pid_t parent = getpid();
    *is_exec = 0;
    pid_t pid = vfork();
    if (pid == 0)
        run_program(spawn, parent, &cause);
    if (pid < 0 || cause == 0)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *is_exec = 1;
    errno = cause;
    return -1;
}

static pid_t spawn_script(const struct nf_spawn *spawn, int *is_exec)
{
    struct nf_spawn script = *spawn;
    size_t count = 0;
    while (spawn->argv[count])
        count++;
    char **argv = calloc(count + 2, sizeof *argv);
    if (!argv) {
        *is_exec = 0;
        errno = ENOMEM;
        return -1;
    }
    argv[0] = "sh";
    argv[1] = (char *)(uintptr_t)spawn->path;
    for (size_t i = 1; i < count; i++)
        argv[i + 1] = spawn->argv[i];
    script.path = "/bin/sh";
    script.argv = argv;
    pid_t pid = spawn_program(&script, is_exec);
    int cause = errno;
    free(argv);
    errno = cause;
    return pid;
}

pid_t nf_spawn(const struct nf_spawn *spawn, int *is_exec)
{
    pid_t pid = spawn_program(spawn, is_exec);
    return pid < 0 && *is_exec && errno == ENOEXEC ? spawn_script(spawn, is_exec) : pid;
}

int nf_spawn_exit_code(int cause)
{
    return cause == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
}

void nf_spawn_excuse(const char *path, int cause, struct nfold_buffer *text)
{
    nf_buffer_print(text, "nfold: %s: %s\n", path, strerror(cause));
}
