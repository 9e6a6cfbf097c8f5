/* guardian.c: the process that the shell knows. Signals that it gets go through a pipe to the
 * supervisor, a byte each: a Ctrl-C goes to every process of the terminal's group, so signals
 * themselves would be counted twice. The pipe's end tells the supervisor that the guardian died. */
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "descendants.h"
#include "memory_group.h"

static const int passed_on[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};

/* nohup, and shells without job control, ignore signals on purpose. */
static int is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void make_set(sigset_t *set)
{
    sigemptyset(set);
    for (unsigned i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        if (!is_ignored(passed_on[i]))
            sigaddset(set, passed_on[i]);
}

static void pass_on(int number, int requests)
{
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(requests, &byte, 1); /* full: the supervisor has enough to read */
    (void)written;
    if (number == SIGTSTP)
        raise(SIGSTOP);
}

/* The status of the supervisor, once it has ended. */
static int wait_for(pid_t supervisor, const sigset_t *set, int requests)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(supervisor, &status, WNOHANG);
        if (pid == supervisor || (pid < 0 && errno == ECHILD))
            return pid < 0 ? 0 : status;
        int number = sigwaitinfo(set, NULL);
        if (number > 0 && number != SIGCHLD)
            pass_on(number, requests);
    }
}

static void say_ended(int status, size_t count, size_t left)
{
    struct nfold_buffer text = {0};
    if (WIFSIGNALED(status))
        nf_buffer_print(&text,
                        "nfold: its supervisor was ended by signal %d (%s); %zu processes of tasks "
                        "were ended\n",
                        WTERMSIG(status), strsignal(WTERMSIG(status)), count - left);
    if (left > 0)
        nf_buffer_print(&text, "nfold: %zu processes of tasks could not be ended\n", left);
    ssize_t written = write(STDERR_FILENO, nf_buffer_text(&text), text.size);
    (void)written;
    nf_buffer_clear(&text);
}

static _Noreturn void end_by_signal(int number)
{
    struct rlimit none = {0, 0}; /* the supervisor's core is the one to look at */
    sigset_t only;
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
    _exit(128 + number); /* not reached, unless the signal is ignored */
}

/* Where the supervisor ended in order nothing is left and this is one look. */
static _Noreturn void guard(pid_t supervisor, const sigset_t *set, int requests,
                            const struct nf_guardian_area *area)
{
    const struct nf_groups groups = {area->group, NF_GUARDIAN_GROUPS};
    int status = wait_for(supervisor, set, requests);
    size_t left, count = nf_descendants_end(&groups, &left);
    nf_memory_group_remove(getpid(), area->memory_groups);
    if (WIFSIGNALED(status) ? count > 0 || WTERMSIG(status) == SIGKILL : left > 0)
        say_ended(status, count, left);
    if (WIFSIGNALED(status))
        end_by_signal(WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

static int fail(struct nf_guardian *guardian, const int pipe_fd[2], nfold_error *err)
{
    nf_fail_errno(err, "the process that watches over the tasks could not be started");
    if (pipe_fd[0] >= 0) {
        close(pipe_fd[0]);
        close(pipe_fd[1]);
    }
    sigprocmask(SIG_SETMASK, &guardian->mask, NULL);
    nf_guardian_clear(guardian);
    return err ? err->code : NFOLD_E_SYSTEM;
}

int nf_guardian_start(struct nf_guardian *guardian, nfold_error *err)
{
    int pipe_fd[2] = {-1, -1};
    sigset_t set;
    *guardian = (struct nf_guardian){.pid = getpid(), .requests = -1};
    make_set(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &guardian->mask);
    void *area = mmap(NULL, sizeof(struct nf_guardian_area), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    guardian->area = area != MAP_FAILED ? area : NULL;
    if (!guardian->area || pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
        return fail(guardian, pipe_fd, err);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t supervisor = fork();
    if (supervisor < 0)
        return fail(guardian, pipe_fd, err);
    if (supervisor > 0) {
        close(pipe_fd[0]);
        guard(supervisor, &set, pipe_fd[1], guardian->area);
    }
    close(pipe_fd[1]);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    guardian->requests = pipe_fd[0];
    return 0;
}

void nf_guardian_clear(struct nf_guardian *guardian)
{
    if (guardian->area)
        munmap(guardian->area, sizeof(struct nf_guardian_area));
    if (guardian->requests >= 0)
        close(guardian->requests);
    guardian->area = NULL;
    guardian->requests = -1;
}
