/* start.c: workers are forked while this process has one thread, for then a child may do anything;
 * otherwise the command is started as a worker, with its socket as file 3. */
#include "pool.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "mail.h"
#include "worker.h"

#define RETIRE_SECONDS 0.2 /* for a worker to end by itself */

extern char **environ;

/* /proc counts every thread; without it, glibc knows whether there ever was a second one. */
int nf_pool_is_single_threaded(void)
{
    struct stat tasks;
    if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2)
        return tasks.st_nlink == 3;
    return __libc_single_threaded;
}

static unsigned long long inode_of(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 ? (unsigned long long)status.st_ino : 0;
}

/* ---- what all workers share ------------------------------------------------------------------ */

static size_t aligned(size_t size)
{
    return (size + 4095) / 4096 * 4096;
}

static int make_area(struct nf_pool *pool, unsigned workers, nfold_error *err)
{
    size_t slots = aligned(sizeof(struct nf_area));
    size_t share = slots + aligned(workers * sizeof(struct nf_slot));
    struct nf_area *area = MAP_FAILED;
    int rc;
    pool->area_size = share + aligned(pool->engine->share_size(workers));
    pool->area_fd = nf_mail_lift(memfd_create("nfold", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (pool->area_fd >= 0 && nf_mail_check_size(pool->area_size) < 0)
        return nf_fail_errno(err, "%zu KiB of shared memory are more than `ulimit -f` allows",
                             pool->area_size >> 10);
    if (pool->area_fd < 0)
        return nf_fail_errno(err, "memory for %u worker processes to share", workers);
    /* All of it now: memory that is missing later would be a SIGBUS. */
    rc = posix_fallocate(pool->area_fd, 0, (off_t)pool->area_size);
    if (rc == 0)
        area = mmap(NULL, pool->area_size, PROT_READ | PROT_WRITE, MAP_SHARED, pool->area_fd, 0);
    if (area == MAP_FAILED) {
        errno = rc ? rc : errno;
        return nf_fail_errno(err, "%zu KiB for %u worker processes to share", pool->area_size >> 10,
                             workers);
    }
    fcntl(pool->area_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    *area = (struct nf_area){.magic = NF_AREA_MAGIC,
                             .size = pool->area_size,
                             .workers = workers,
                             .caller = getpid(),
                             .slots = slots,
                             .share = share,
                             .spin_seconds = pool->worker_spin_seconds};
    pool->area = area;
    return 0;
}

int nf_pool_prepare(struct nf_pool *pool, unsigned workers, nfold_error *err)
{
    int rc;
    pool->area_fd = pool->bell = pool->lifeline[0] = pool->lifeline[1] = -1;
    pool->work_fd = pool->native_fd = -1;
    rc = make_area(pool, workers, err);
    if (rc < 0)
        return rc;
    pool->bell = nf_mail_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (pool->bell < 0 || pipe2(pool->lifeline, O_CLOEXEC) < 0)
        return nf_fail_errno(err, "files for worker processes");
    pool->lifeline[0] = nf_mail_lift(pool->lifeline[0]);
    pool->lifeline[1] = nf_mail_lift(pool->lifeline[1]);
    pool->lifeline_inode = inode_of(pool->lifeline[1]);
    pool->worker = calloc(workers, sizeof *pool->worker);
    pool->poll = calloc(2 * (size_t)workers + 1, sizeof *pool->poll);
    if (!pool->worker || !pool->poll)
        return nf_fail_memory(err);
    for (unsigned k = 0; k < workers; k++)
        pool->worker[k] = (struct nf_worker){.number = k, .pidfd = -1, .socket = -1};
    return 0;
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void nf_pool_release(struct nf_pool *pool)
{
    if (nf_pool_has_files(pool)) {
        for (unsigned k = 0; pool->worker && k < pool->area->workers; k++)
            nf_worker_clear(&pool->worker[k]);
        close_file(&pool->area_fd);
        close_file(&pool->bell);
        close_file(&pool->lifeline[0]);
        close_file(&pool->lifeline[1]);
    }
    if (pool->area)
        munmap(pool->area, pool->area_size);
    free(pool->worker);
    free(pool->poll);
    free(pool->suspect);
    pool->area = NULL;
    pool->worker = NULL;
    pool->poll = NULL;
    pool->suspect = NULL;
}

int nf_pool_has_files(const struct nf_pool *pool)
{
    if (pool->lifeline[1] < 0)
        return 1;
    for (unsigned k = 0; pool->worker && k < pool->area->workers; k++)
        if (pool->worker[k].socket >= 0 &&
            inode_of(pool->worker[k].socket) != pool->worker[k].socket_inode)
            return 0;
    return inode_of(pool->lifeline[1]) == pool->lifeline_inode;
}

/* ---- fork ------------------------------------------------------------------------------------ */

/* In the child. The other workers' sockets are closed: their ends must be seen by the caller. */
static _Noreturn void become_worker(const struct nf_pool *pool, const struct nf_worker *worker,
                                    int socket)
{
    struct nf_worker_start start = {.engine = pool->engine,
                                    .area = pool->area,
                                    .number = worker->number,
                                    .socket = socket,
                                    .bell = pool->bell,
                                    .lifeline = pool->lifeline[0],
                                    .run = pool->run};
    /* A second string to the lifeline. This thread is all of the caller, so that its end is the
     * caller's end. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pool->lifeline[1]);
    for (unsigned k = 0; k < pool->area->workers; k++) {
        if (pool->worker[k].socket >= 0)
            close(pool->worker[k].socket);
        if (pool->worker[k].pidfd >= 0)
            close(pool->worker[k].pidfd);
    }
    nf_worker_live(&start);
}

static int start_by_fork(struct nf_pool *pool, struct nf_worker *worker, int socket)
{
    pid_t pid = fork();
    if (pid == 0)
        become_worker(pool, worker, socket);
    worker->pid = pid > 0 ? pid : 0;
    worker->has_work = pool->run != NULL;
    return pid > 0 ? 0 : -1;
}

/* ---- spawn ----------------------------------------------------------------------------------- */

static int is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* This program, if it is the command. */
static int find_itself(char *path, size_t size)
{
    const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0)
        path[length] = '\0';
    else
        snprintf(path, size, "%s", name ? name : "");
    name = strrchr(path, '/');
    return strcmp(name ? name + 1 : path, "nfold") == 0 && is_program(path);
}

/* The command beside the library: installed, or in the folder that it was built in. */
static int find_beside(char *path, size_t size)
{
    static const char *const places[] = {"/../bin/nfold", "/../../bin/nfold", "/../cli/nfold"};
    Dl_info library;
    const char *slash;
    if (!dladdr((const void *)(uintptr_t)&nf_worker_start, &library) || !library.dli_fname)
        return 0;
    slash = strrchr(library.dli_fname, '/');
    for (unsigned k = 0; slash && k < sizeof places / sizeof *places; k++) {
        snprintf(path, size, "%.*s%s", (int)(slash - library.dli_fname), library.dli_fname,
                 places[k]);
        if (is_program(path))
            return 1;
    }
    return 0;
}

static int find_program(char *path, size_t size, nfold_error *err)
{
    const char *wanted = getenv("NFOLD_WORKER");
    if (wanted && *wanted) {
        snprintf(path, size, "%s", wanted);
        if (is_program(path))
            return 0;
        return nf_fail(err, NFOLD_E_MISSING, "NFOLD_WORKER: '%s' is not a program that can be run",
                       wanted);
    }
    if (find_itself(path, size) || find_beside(path, size))
        return 0;
    return nf_fail(err, NFOLD_E_MISSING,
                   "this program has threads, so its workers must be started as processes of the "
                   "nfold command, which was not found beside the library; set NFOLD_WORKER to it");
}

static int spawn_program(const char *path, int socket, pid_t *pid)
{
    char name[] = "nfold", verb[] = "worker";
    char *arguments[] = {name, verb, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc)
        return rc;
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn_file_actions_adddup2(&files, socket, NF_SPAWN_SOCKET);
    if (!rc)
        rc = posix_spawn(pid, path, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static int start_by_spawn(struct nf_pool *pool, struct nf_worker *worker, int socket,
                          nfold_error *err)
{
    struct nf_welcome welcome = {.magic = NF_AREA_MAGIC,
                                 .size = pool->area_size,
                                 .number = worker->number,
                                 .version = NF_WELCOME_VERSION,
                                 .slot_size = sizeof(struct nf_slot)};
    const int files[NF_WELCOME_FILES] = {pool->area_fd, pool->bell, pool->lifeline[0]};
    char path[PATH_MAX];
    pid_t pid;
    int rc = find_program(path, sizeof path, err);
    if (rc < 0)
        return rc;
    errno = spawn_program(path, socket, &pid);
    if (errno != 0)
        return nf_fail_errno(err, "starting a worker process of %s", path);
    worker->pid = pid;
    if (nf_mail_send(worker->socket, &welcome, sizeof welcome, files, NF_WELCOME_FILES) < 0)
        return nf_fail_errno(err, "talking to a worker process");
    return 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* A new slot, but for the counts that the caller keeps. */
static void clear_slot(struct nf_pool *pool, struct nf_worker *worker)
{
    struct nf_slot *slot = nf_area_slot(pool->area, worker->number);
    memset(slot, 0, offsetof(struct nf_slot, ring));
    atomic_store(&slot->ring.head, 0);
    atomic_store(&slot->ring.tail, 0);
    worker->posted = 0;
    worker->taken = 0;
    worker->has_work = worker->has_native = worker->has_claimed = 0;
    worker->is_overdue = worker->is_stopped = 0;
    worker->range = (struct nfold_range){0, 0};
    worker->words_size = 0;
}

int nf_worker_start(struct nf_pool *pool, struct nf_worker *worker, nfold_error *err)
{
    int pair[2], rc;
    clear_slot(pool, worker);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return nf_fail_errno(err, "a socket for a worker process");
    pair[1] = nf_mail_lift(pair[1]);
    worker->socket = pair[0] = nf_mail_lift(pair[0]);
    worker->started_at = pool->engine->now();
    if (nf_pool_is_single_threaded())
        rc = start_by_fork(pool, worker, pair[1]) < 0
                 ? nf_fail_errno(err, "starting a worker process")
                 : 0;
    else if (pool->must_inherit)
        rc = nf_fail(err, NFOLD_E_USAGE,
                     "this function exists in this process only, which has threads, so no worker "
                     "can be forked: use the backend threads, or run it before threads are made");
    else
        rc = start_by_spawn(pool, worker, pair[1], err);
    close(pair[1]);
    worker->socket_inode = inode_of(worker->socket);
    if (rc < 0) {
        if (worker->pid > 0)
            nf_worker_retire(worker);
        nf_worker_clear(worker);
        return rc;
    }
    worker->pidfd = nf_mail_lift((int)syscall(SYS_pidfd_open, worker->pid, 0));
    return 0;
}

void nf_worker_signal(const struct nf_worker *worker, int number)
{
    if (worker->pidfd >= 0 && syscall(SYS_pidfd_send_signal, worker->pidfd, number, NULL, 0) == 0)
        return;
    if (worker->pid > 0 && (worker->pidfd < 0 || errno == ENOSYS))
        kill(worker->pid, number);
}

int nf_worker_reap(struct nf_worker *worker)
{
    int status;
    pid_t pid;
    do
        pid = waitpid(worker->pid, &status, 0);
    while (pid < 0 && errno == EINTR);
    return pid < 0 ? -1 : status;
}

void nf_worker_clear(struct nf_worker *worker)
{
    close_file(&worker->socket);
    close_file(&worker->pidfd);
    worker->pid = 0;
}

/* The end of its mail ends it. */
void nf_worker_retire(struct nf_worker *worker)
{
    struct pollfd gone = {.fd = worker->pidfd, .events = POLLIN};
    if (worker->pid <= 0)
        return;
    if (worker->socket >= 0)
        shutdown(worker->socket, SHUT_WR);
    if (worker->pidfd < 0 || poll(&gone, 1, (int)(RETIRE_SECONDS * 1000)) <= 0)
        nf_worker_signal(worker, SIGKILL);
    nf_worker_reap(worker);
    nf_worker_clear(worker);
}
