/* compiler.c: finding the system's C compiler and running it as a child process.
 *
 * The process may have threads, so the child comes from posix_spawn, never fork. The source, the
 * compiler's messages and the object go through files, the first two without a name: nothing can
 * block, and no pipe can raise SIGPIPE in a program that uses the library. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "temporary.h"

extern char **environ;

#define MESSAGES_MAX   4096 /* of what a compiler says, this much is read */
#define CANCEL_POLL_MS 5

/* ---- finding ------------------------------------------------------------------------------- */

static int is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Looks name up as execvp does; 1 if found. */
static int search_path(const char *name, char *path, size_t size)
{
    const char *folders = getenv("PATH");
    if (strchr(name, '/'))
        return (size_t)snprintf(path, size, "%s", name) < size && is_program(path);
    if (!folders || !*folders)
        folders = "/usr/local/bin:/usr/bin:/bin";
    for (const char *folder = folders; folder; folder = strchr(folder, ':')) {
        folder += *folder == ':';
        int length = (int)strcspn(folder, ":");
        int written = snprintf(path, size, "%.*s/%s", length, length ? folder : ".", name);
        if (written > 0 && (size_t)written < size && is_program(path))
            return 1;
        if (!folder[length])
            break;
        folder += length;
    }
    return 0;
}

int nf_native_find(const char *wanted, char *path, size_t size, nfold_error *err)
{
    static const char *const usual[] = {"cc", "gcc", "clang", NULL};
    if (!wanted || !*wanted)
        wanted = getenv("NFOLD_CC");
    if (wanted && *wanted) {
        if (search_path(wanted, path, size))
            return 0;
        return nf_fail(err, NFOLD_E_MISSING, "the C compiler '%s' is not a program that can be run",
                       wanted);
    }
    for (const char *const *name = usual; *name; name++)
        if (search_path(*name, path, size))
            return 0;
    return nf_fail(
        err, NFOLD_E_MISSING,
        "no C compiler found (cc, gcc or clang in PATH): expressions run in the VM, 2 to 5 "
        "times slower with the same bits; install gcc or clang, or set NFOLD_CC");
}

/* ---- the child ----------------------------------------------------------------------------- */

/* One try: the compiler in one temporary folder. */
struct attempt {
    const struct nf_native_job *job;
    struct nf_temporary folder;
    char object[PATH_MAX + 16];
    int source_fd, message_fd;
    pid_t child;
};

/* Variables that change what a compiler prints, where it writes, or what runs inside it. */
static int is_kept_variable(const char *variable)
{
    static const char *const dropped[] = {"LC_ALL=",
                                          "LANGUAGE=",
                                          "TMPDIR=",
                                          "LD_PRELOAD=",
                                          "DEPENDENCIES_OUTPUT=",
                                          "SUNPRO_DEPENDENCIES="};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0)
            return 0;
    return 1;
}

/* The child's environment; the array is the caller's to free, its strings are not. */
static char **child_environment(char *folder_variable)
{
    static char messages[] = "LC_ALL=C";
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **environment = calloc(count + 3, sizeof *environment);
    if (!environment)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_kept_variable(environ[i]))
            environment[kept++] = environ[i];
    environment[kept++] = messages;
    environment[kept++] = folder_variable;
    return environment;
}

/* The child's command; the array is the caller's to free, its strings are not. Flags that the
 * caller gives come after ours, so that they can override them. */
static const char **child_arguments(const struct attempt *attempt)
{
    const char *const first[] = {attempt->job->compiler,
                                 "-shared",
                                 "-fPIC",
                                 "-pipe",
                                 "-O2",
                                 "-g0",
                                 "-ffp-contract=off",
                                 "-fno-math-errno",
                                 "-o",
                                 attempt->object,
                                 "-x",
                                 "c",
                                 "-",
                                 "-x",
                                 "none"};
    const char *const *flag = attempt->job->flags;
    size_t count = sizeof first / sizeof *first, more = 0;
    while (flag && flag[more])
        more++;
    const char **argument = calloc(count + more + 1, sizeof *argument);
    if (!argument)
        return NULL;
    memcpy(argument, first, sizeof first);
    for (size_t i = 0; i < more; i++)
        argument[count + i] = flag[i];
    return argument;
}

/* Its own process group, so that all that a compiler starts can be killed at once and Ctrl-C on the
 * terminal reaches only us; no signal blocked or ignored, whatever the calling thread has. */
static int child_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_init(attributes);
    if (rc)
        return rc;
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    return 0;
}

static int spawn_with(struct attempt *attempt, const posix_spawnattr_t *attributes,
                      const char **argument, char **environment)
{
    posix_spawn_file_actions_t files;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc)
        return rc;
    rc = posix_spawn_file_actions_adddup2(&files, attempt->source_fd, STDIN_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&files, attempt->message_fd, STDOUT_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&files, attempt->message_fd, STDERR_FILENO);
    if (!rc)
        rc = posix_spawn(&attempt->child, attempt->job->compiler, &files, attributes,
                         (char *const *)(uintptr_t)argument, environment);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Starts the compiler; 0 or an error number. */
static int start_child(struct attempt *attempt)
{
    char folder_variable[PATH_MAX + 16];
    posix_spawnattr_t attributes;
    snprintf(folder_variable, sizeof folder_variable, "TMPDIR=%s", attempt->folder.path);
    int rc = child_attributes(&attributes);
    if (rc)
        return rc;
    const char **argument = child_arguments(attempt);
    char **environment = child_environment(folder_variable);
    rc = argument && environment ? spawn_with(attempt, &attributes, argument, environment) : ENOMEM;
    free(argument);
    free(environment);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

/* Sleeps until the child has ended or it is time to look at cancel again. */
static void wait_a_little(int pidfd)
{
    struct pollfd ready = {.fd = pidfd, .events = POLLIN};
    struct timespec pause = {.tv_nsec = 1000000};
    if (pidfd >= 0)
        poll(&ready, 1, CANCEL_POLL_MS);
    else
        nanosleep(&pause, NULL);
}

static int is_set(const volatile int *flag)
{
    return flag && __atomic_load_n(flag, __ATOMIC_RELAXED);
}

/* Waits for the end of the compiler: its status as of waitpid, -1 if somebody else took it (a
 * program that ignores SIGCHLD), or NFOLD_E_STOPPED after killing it. */
static int wait_for_child(struct attempt *attempt)
{
    int status = 0, is_cancelled = 0;
    int pidfd = (int)syscall(SYS_pidfd_open, attempt->child, 0);
    pid_t ended;
    while ((ended = waitpid(attempt->child, &status, WNOHANG)) == 0 ||
           (ended < 0 && errno == EINTR)) {
        if (!is_cancelled && (is_set(attempt->job->cancel) || is_set(attempt->job->stop))) {
            is_cancelled = 1;
            kill(-attempt->child, SIGKILL);
        }
        wait_a_little(pidfd);
    }
    if (pidfd >= 0)
        close(pidfd);
    if (is_cancelled)
        return NFOLD_E_STOPPED;
    return ended < 0 ? -1 : status;
}

/* ---- compiling ----------------------------------------------------------------------------- */

/* Did the folder, not the source, make the compiler fail? */
static int is_folder_at_fault(const char *messages)
{
    static const char *const signs[] = {"No space left", "quota exceeded", "Read-only file system",
                                        "Input/output error"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(messages, signs[i]))
            return 1;
    return 0;
}

static int fail_compile(const struct attempt *attempt, int status, const char *messages,
                        nfold_error *err)
{
    int rc;
    if (status >= 0 && WIFSIGNALED(status))
        rc = nf_fail(err, NFOLD_E_SYSTEM, "the C compiler %s was killed by signal %d",
                     attempt->job->compiler, WTERMSIG(status));
    else
        rc = nf_fail(err, NFOLD_E_BODY, "the C compiler %s refused the code",
                     attempt->job->compiler);
    nf_error_detail(err, "%s%s", messages,
                    *messages && messages[strlen(messages) - 1] != '\n' ? "\n" : "");
    return rc;
}

/* Takes the object after the compiler has ended well, or says what it complained about.
 * Returns 0, < 0, or 1: try another folder. */
static int take_object(struct attempt *attempt, int status, struct nfold_buffer *object,
                       nfold_error *err)
{
    struct nfold_buffer messages = {0};
    int fd = status > 0 ? -1 : open(attempt->object, O_RDONLY | O_CLOEXEC);
    int rc = 0;
    if (fd >= 0) {
        rc = nf_temporary_read(fd, SIZE_MAX, object) < 0
                 ? nf_fail_errno(err, "reading %s", attempt->object)
                 : 0;
        close(fd);
        return object->failed ? nf_fail_memory(err) : rc;
    }
    nf_temporary_read(attempt->message_fd, MESSAGES_MAX, &messages);
    rc = fail_compile(attempt, status, nf_buffer_text(&messages), err);
    if (is_folder_at_fault(nf_buffer_text(&messages)))
        rc = 1;
    nf_buffer_clear(&messages);
    return rc;
}

/* The compiler in a folder that exists. Returns as take_object. */
static int compile_here(struct attempt *attempt, struct nfold_buffer *object, nfold_error *err)
{
    const char *source = attempt->job->source;
    if (nf_temporary_has_room(attempt->folder.path) < 0)
        return nf_fail_errno(err, "the temporary folder %s", attempt->folder.path), 1;
    snprintf(attempt->object, sizeof attempt->object, "%s/object.so", attempt->folder.path);
    attempt->source_fd = nf_temporary_file(attempt->folder.path);
    attempt->message_fd = nf_temporary_file(attempt->folder.path);
    int rc = 1;
    if (attempt->source_fd < 0 || attempt->message_fd < 0 ||
        nf_temporary_write(attempt->source_fd, source, strlen(source)) < 0 ||
        lseek(attempt->source_fd, 0, SEEK_SET) < 0) {
        nf_fail_errno(err, "writing to the temporary folder %s", attempt->folder.path);
    } else if ((errno = start_child(attempt)) != 0) {
        rc = nf_fail_errno(err, "starting the C compiler %s", attempt->job->compiler);
    } else {
        int status = wait_for_child(attempt);
        rc = status == NFOLD_E_STOPPED ? nf_fail(err, NFOLD_E_STOPPED, "stopped while compiling")
                                       : take_object(attempt, status, object, err);
    }
    if (attempt->source_fd >= 0)
        close(attempt->source_fd);
    if (attempt->message_fd >= 0)
        close(attempt->message_fd);
    return rc;
}

int nf_native_compile(const struct nf_native_job *job, struct nfold_buffer *object,
                      nfold_error *err)
{
    struct attempt attempt = {.job = job};
    const char *parent[NF_TEMPORARY_FOLDERS];
    size_t count = nf_temporary_folders(parent);
    if (!nf_temporary_is_allowed(NF_TEMPORARY_BYTES))
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "a compiler needs files of %d kB, and this process may not write such ones "
                       "(ulimit -f)",
                       NF_TEMPORARY_BYTES >> 10);
    for (size_t i = 0; i < count; i++) {
        if (nf_temporary_make(&attempt.folder, parent[i]) < 0) {
            nf_fail_errno(err, "making a temporary folder in %s", parent[i]);
            continue;
        }
        int rc = compile_here(&attempt, object, err);
        nf_temporary_remove(&attempt.folder);
        if (rc <= 0)
            return rc;
    }
    nf_error_context(err, "no temporary folder serves, set TMPDIR to one: ");
    return NFOLD_E_SYSTEM;
}
