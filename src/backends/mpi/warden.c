/* warden.c: sees to it that a launcher ends, too. Open MPI's waits until TCP gives up a host that
 * cannot be reached, which takes a quarter of an hour, on both sides of the cut. */
#include "warden.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRACE_MS 6000 /* ends by itself; the ranks themselves take up to five seconds (port.c) */
#define TERM_MS  3000 /* ends when told to */

struct launcher {
    pid_t pid;
    int fd;     /* of the process, which no other can take the place of */
    int signal; /* to begin with */
};

/* A launcher of another user is none, nor is slurmstepd, which is root's. Open MPI's mpirun has
 * been told by MPI_Abort; told to end again it crashes. */
static int signal_for(pid_t pid)
{
    static const struct {
        const char *program;
        int signal;
    } known[] = {
        {"orted", SIGTERM},   {"prted", SIGTERM},         {"orterun", SIGKILL},
        {"prterun", SIGKILL}, {"mpiexec.hydra", SIGTERM}, {"hydra_pmi_proxy", SIGTERM},
    };
    char path[32], program[PATH_MAX];
    const char *name;
    struct stat facts;
    ssize_t length;
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (stat(path, &facts) < 0 || facts.st_uid != geteuid())
        return 0;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    length = readlink(path, program, sizeof program - 1);
    if (length <= 0)
        return 0;
    program[length] = '\0';
    name = strrchr(program, '/');
    for (unsigned k = 0; name && k < sizeof known / sizeof *known; k++)
        if (strcmp(name + 1, known[k].program) == 0)
            return known[k].signal;
    return 0;
}

static int find_launcher(struct launcher *launcher)
{
    launcher->pid = getppid();
    launcher->fd = (int)syscall(SYS_pidfd_open, launcher->pid, 0);
    launcher->signal = launcher->fd >= 0 ? signal_for(launcher->pid) : 0;
    if (launcher->signal != 0 && getppid() == launcher->pid)
        return 1;
    if (launcher->fd >= 0)
        close(launcher->fd);
    return 0;
}

/* ---- in the process that is left: nothing but system calls ------------------------------------
 */

/* What it holds open others would wait for. */
static void close_all_but(int fd)
{
    if ((fd == 0 || syscall(SYS_close_range, 0U, (unsigned)fd - 1, 0) == 0) &&
        syscall(SYS_close_range, (unsigned)fd + 1, ~0U, 0) == 0)
        return;
    for (int k = 0; k < 4096; k++)
        if (k != fd)
            close(k);
}

static void take_default_signals(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&none);
    for (unsigned k = 0; k < sizeof caught / sizeof *caught; k++)
        sigaction(caught[k], &action, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int ends_within(const struct launcher *launcher, int ms)
{
    struct pollfd file = {.fd = launcher->fd, .events = POLLIN};
    int count;
    do
        count = poll(&file, 1, ms);
    while (count < 0 && errno == EINTR);
    return count != 0;
}

static _Noreturn void watch(const struct launcher *launcher)
{
    take_default_signals();
    close_all_but(launcher->fd);
    if (!ends_within(launcher, GRACE_MS))
        syscall(SYS_pidfd_send_signal, launcher->fd, launcher->signal, NULL, 0);
    if (!ends_within(launcher, TERM_MS))
        syscall(SYS_pidfd_send_signal, launcher->fd, SIGKILL, NULL, 0);
    _exit(0);
}

/* ---- in the rank ------------------------------------------------------------------------------
 */

/* Without what libraries want to do around a fork: MPI's warn of it, malloc's may wait. */
static pid_t fork_bare(void)
{
#if defined __GLIBC__ && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    return _Fork();
#else
    return fork();
#endif
}

int nf_warden_leave(void)
{
    struct launcher launcher;
    pid_t pid;
    if (!find_launcher(&launcher))
        return 0;
    pid = fork_bare();
    if (pid == 0)
        watch(&launcher);
    if (pid > 0)
        setpgid(pid, pid); /* from here: a launcher ends its ranks with all of their group */
    close(launcher.fd);
    return pid > 0;
}
