/* interpreter.c: times an empty program. Nothing of the user's is run. */
#include "interpreter.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command_form.h"
#include "task_spawn.h"

#define RUNS          3
#define AGAIN_SECONDS 0.5  /* no further run when they took so long together */
#define MOST_SECONDS  10.0 /* a run that takes longer is ended */
#define PATH_SIZE     256

static const struct {
    const char *name, *program;
} interpreters[] = {
    {"python", "-c pass"}, {"Rscript", "-e 0"}, {"julia", "-e 0"}, {"perl", "-e 0"},
    {"node", "-e 0"},      {"ruby", "-e 0"},    {"bash", "-c :"},
};

/* "python3.11" is python: a name and a version. */
static int is_version(const char *text)
{
    while (isdigit((unsigned char)*text) || *text == '.')
        text++;
    return *text == '\0';
}

static int find(const char *base)
{
    for (unsigned i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        size_t length = strlen(interpreters[i].name);
        if (strncmp(base, interpreters[i].name, length) == 0 && is_version(base + length))
            return (int)i;
    }
    return -1;
}

/* The first word, if no shell has to be asked what it is. */
static int read_word(const char *command, char path[PATH_SIZE])
{
    size_t length = strcspn(command, " \t\n");
    if (length == 0 || length >= PATH_SIZE)
        return 0;
    memcpy(path, command, length);
    path[length] = '\0';
    return strpbrk(path, "'\"\\$`;&|<>(){}*?[#~=") == NULL;
}

static pid_t start(const struct nf_command_form *form)
{
    int is_exec, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    const struct nf_spawn spawn = {.path = form->path,
                                   .argv = form->argv,
                                   .envp = environ,
                                   .fd = {null_fd, null_fd, null_fd},
                                   .group_fd = {-1, -1},
                                   .mask = &none};
    pid_t pid = null_fd >= 0 ? nf_spawn(&spawn, &is_exec) : -1;
    if (null_fd >= 0)
        close(null_fd);
    return pid;
}

/* Wakes up when it ends. An old kernel has no such file: then we look every millisecond. */
static void wait_for(int pid_fd)
{
    struct pollfd one = {.fd = pid_fd, .events = POLLIN};
    (void)poll(&one, 1, pid_fd >= 0 ? (int)(1000 * MOST_SECONDS) : 1);
}

/* Seconds of one run; NaN: it failed or takes too long, and was ended. */
static double time_run(const struct nf_command_form *form)
{
    int status = 0;
    double began = nf_clock_now();
    pid_t pid = start(form);
    if (pid < 0)
        return NAN;
    int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        wait_for(pid_fd);
        if (nf_clock_now() - began > MOST_SECONDS)
            kill(pid, SIGKILL);
    }
    double seconds = nf_clock_now() - began;
    if (pid_fd >= 0)
        close(pid_fd);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? seconds : NAN;
}

static double time_runs(const char *line)
{
    struct nf_shell_choice *choice;
    struct nf_command_form form = {0};
    double least = NAN, began = nf_clock_now();
    if (nf_shell_choice_open(&choice, NULL) < 0)
        return NAN;
    if (nf_command_form_make(&form, choice, line, NULL) >= 0)
        for (int i = 0; i < RUNS && nf_clock_now() - began < AGAIN_SECONDS; i++)
            least = fmin(least, time_run(&form));
    nf_command_form_clear(&form);
    nf_shell_choice_close(choice);
    return least;
}

double nf_interpreter_start_up(const char *command, char *name, size_t size)
{
    char path[PATH_SIZE], line[PATH_SIZE + 16];
    name[0] = '\0';
    if (!command || !read_word(command, path))
        return NAN;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    int index = find(base);
    if (index < 0)
        return NAN;
    snprintf(line, sizeof line, "%s %s", path, interpreters[index].program);
    double seconds = time_runs(line);
    if (!isnan(seconds))
        snprintf(name, size, "%s", base);
    return seconds;
}
