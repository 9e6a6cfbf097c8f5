/* native.c: running the system's C compiler as a child process and loading what it made.
 *
 * The process may have threads, so the child comes from posix_spawn, never fork. The source, the
 * compiler's messages and the object go through files, the first two without a name: nothing can
 * block, and no pipe can raise SIGPIPE in a program that uses the library. */
#include "native.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

extern char **environ;

#define FOLDERS_MAX    4
#define MESSAGES_MAX   4096 /* of what a compiler says, this much is read */
#define CANCEL_POLL_MS 5
/* A folder must take this much before a compiler is started in it: otherwise it fails half way. */
#define FOLDER_BYTES (512 << 10)

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
        "no C compiler found (cc, gcc or clang in PATH): expressions run in the VM, 4 to 8 "
        "times slower with the same bits; install gcc or clang, or set NFOLD_CC");
}

/* ---- temporary places ---------------------------------------------------------------------- */

/* Folders to try, in this order; unset ones are left out. Returns how many. */
static size_t temporary_folders(const char *folder[FOLDERS_MAX])
{
    const char *candidate[FOLDERS_MAX] = {getenv("TMPDIR"), getenv("XDG_RUNTIME_DIR"), "/dev/shm",
                                          "/tmp"};
    size_t count = 0;
    for (size_t i = 0; i < FOLDERS_MAX; i++)
        if (candidate[i] && candidate[i][0] == '/')
            folder[count++] = candidate[i];
    return count;
}

/* Deletes a folder of ours and the files in it. */
static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

/* Makes a private folder in parent; 0, or -1 with errno set. */
static int make_folder(const char *parent, char *path, size_t size)
{
    if ((size_t)snprintf(path, size, "%s/nfold-XXXXXX", parent) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkdtemp(path) ? 0 : -1;
}

/* May this process write a file of that size? Where it may not, writing would end it by SIGXFSZ. */
static int is_size_allowed(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
           size <= limit.rlim_cur;
}

/* 0 if the folder takes a file of the size that a compiler needs; otherwise -1 with errno set. */
static int has_room(const char *path)
{
    char probe[PATH_MAX + 16];
    snprintf(probe, sizeof probe, "%s/room", path);
    int fd = open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int rc = posix_fallocate(fd, 0, FOLDER_BYTES);
    close(fd);
    unlink(probe);
    errno = rc;
    return rc == 0 || rc == EOPNOTSUPP || rc == EINVAL ? 0 : -1;
}

/* A file without a name: in memory, or in folder where the system refuses that. */
static int anonymous_file(const char *folder)
{
    int fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC);
    if (fd >= 0)
        return fd;
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* Into a file that is new. */
static int write_all(int fd, const char *data, size_t size)
{
    if (!is_size_allowed(size)) {
        errno = EFBIG;
        return -1;
    }
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

/* Appends what a file holds, from its beginning; at most `most` bytes. */
static int read_all(int fd, size_t most, struct nfold_buffer *buffer)
{
    char block[16384];
    off_t offset = 0;
    for (;;) {
        size_t wanted = most < sizeof block ? most : sizeof block;
        ssize_t count = wanted ? pread(fd, block, wanted, offset) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return (int)count;
        nf_buffer_bytes(buffer, block, (size_t)count);
        offset += count;
        most -= (size_t)count;
    }
}

/* ---- the child ----------------------------------------------------------------------------- */

/* One try: the compiler in one temporary folder. */
struct attempt {
    const struct nf_native_job *job;
    char folder[PATH_MAX];
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
    snprintf(folder_variable, sizeof folder_variable, "TMPDIR=%s", attempt->folder);
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
        rc = read_all(fd, SIZE_MAX, object) < 0 ? nf_fail_errno(err, "reading %s", attempt->object)
                                                : 0;
        close(fd);
        return object->failed ? nf_fail_memory(err) : rc;
    }
    read_all(attempt->message_fd, MESSAGES_MAX, &messages);
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
    if (has_room(attempt->folder) < 0)
        return nf_fail_errno(err, "the temporary folder %s", attempt->folder), 1;
    snprintf(attempt->object, sizeof attempt->object, "%s/object.so", attempt->folder);
    attempt->source_fd = anonymous_file(attempt->folder);
    attempt->message_fd = anonymous_file(attempt->folder);
    int rc = 1;
    if (attempt->source_fd < 0 || attempt->message_fd < 0 ||
        write_all(attempt->source_fd, source, strlen(source)) < 0 ||
        lseek(attempt->source_fd, 0, SEEK_SET) < 0) {
        nf_fail_errno(err, "writing to the temporary folder %s", attempt->folder);
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
    const char *parent[FOLDERS_MAX];
    size_t count = temporary_folders(parent);
    if (!is_size_allowed(FOLDER_BYTES))
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "a compiler needs files of %d kB, and this process may not write such ones "
                       "(ulimit -f)",
                       FOLDER_BYTES >> 10);
    for (size_t i = 0; i < count; i++) {
        if (make_folder(parent[i], attempt.folder, sizeof attempt.folder) < 0) {
            nf_fail_errno(err, "making a temporary folder in %s", parent[i]);
            continue;
        }
        int rc = compile_here(&attempt, object, err);
        remove_folder(attempt.folder);
        if (rc <= 0)
            return rc;
    }
    nf_error_context(err, "no temporary folder serves, set TMPDIR to one: ");
    return NFOLD_E_SYSTEM;
}

/* ---- loading ------------------------------------------------------------------------------- */

/* The loader remembers libraries by name, and the name of one in memory is the number of its file:
 * the file stays open as long as the library is loaded, so that no other one can get that number.
 */
struct library {
    void *loaded;
    int fd; /* -1: it came from a file that is gone */
};

/* A file in memory that code may be loaded from. Newer systems want to be asked for that. */
static int executable_memory(void)
{
    int fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_memfd_create, "nfold", MFD_CLOEXEC);
    return fd;
}

static int load_from_memory(struct library *library, const void *object, size_t size)
{
    char name[64];
    library->fd = executable_memory();
    if (library->fd < 0)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", library->fd);
    if (write_all(library->fd, object, size) == 0)
        library->loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library->loaded)
        return 0;
    close(library->fd);
    library->fd = -1;
    return -1;
}

static int load_from_folder(struct library *library, const char *parent, const void *object,
                            size_t size)
{
    char folder[PATH_MAX], name[PATH_MAX + 16];
    if (make_folder(parent, folder, sizeof folder) < 0)
        return -1;
    snprintf(name, sizeof name, "%s/object.so", folder);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write_all(fd, object, size) == 0)
        library->loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (fd >= 0)
        close(fd);
    remove_folder(folder);
    return library->loaded ? 0 : -1;
}

int nf_native_load(const void *object, size_t size, void **handle, nfold_error *err)
{
    const char *parent[FOLDERS_MAX];
    struct library *library = malloc(sizeof *library);
    *handle = NULL;
    if (!library)
        return nf_fail_memory(err);
    *library = (struct library){.loaded = NULL, .fd = -1};
    int rc = load_from_memory(library, object, size);
    size_t count = temporary_folders(parent);
    for (size_t i = 0; rc < 0 && i < count; i++)
        rc = load_from_folder(library, parent[i], object, size);
    if (rc < 0) {
        const char *reason = dlerror();
        free(library);
        return nf_fail(err, NFOLD_E_SYSTEM, "loading compiled code: %s",
                       reason ? reason : "no place for it");
    }
    *handle = library;
    return 0;
}

void *nf_native_symbol(void *handle, const char *name)
{
    return dlsym(((struct library *)handle)->loaded, name);
}

void nf_native_unload(void *handle)
{
    struct library *library = handle;
    if (!library)
        return;
    dlclose(library->loaded);
    if (library->fd >= 0)
        close(library->fd);
    free(library);
}
