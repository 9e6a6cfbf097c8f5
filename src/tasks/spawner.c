/* spawner.c: a thread a slot that waits until it is asked, starts a program and waits for its end.
 */
#include "spawner.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"

#define STACK_BYTES (512 << 10)

/* Into the words that a task would have read from its shell, and where it would have read them. */
static int not_run(const struct nf_spawn *spawn, int cause)
{
    struct nfold_buffer text = {0};
    nf_spawn_excuse(spawn->path, cause, &text);
    ssize_t written =
        write(spawn->fd[2] >= 0 ? spawn->fd[2] : STDERR_FILENO, nf_buffer_text(&text), text.size);
    (void)written;
    nf_buffer_clear(&text);
    return W_EXITCODE(nf_spawn_exit_code(cause), 0);
}

static int wait_status(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return W_EXITCODE(info->si_status, 0);
    return info->si_status | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* Leaves the process to be waited for: as long as its end is not written down, a signal that is
 * meant for it must not reach another. The library's waitid() has no usage. */
static void see_end(pid_t pid, struct nf_spawner_end *end)
{
    siginfo_t info = {.si_code = CLD_KILLED}; /* an end that nobody sees is not ok */
    info.si_status = SIGKILL;
    while (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &end->usage) < 0 &&
           errno == EINTR)
        continue;
    end->pid = pid;
    end->status = wait_status(&info);
}

static void run_task(const struct nf_spawn *spawn, struct nf_spawner_end *end)
{
    int is_exec;
    pid_t pid = nf_spawn(spawn, &is_exec);
    if (pid < 0 && is_exec) {
        end->status = not_run(spawn, errno);
    } else if (pid < 0) {
        end->cause = errno;
        *spawn->born = -1;
    }
    for (int i = 1; i < 3; i++)
        if (spawn->fd[i] >= 0)
            close(spawn->fd[i]);
    if (pid > 0)
        see_end(pid, end);
}

static void serve_one(struct nf_spawner *spawner, const struct nf_spawn *spawn)
{
    struct nf_spawner_end end = {0};
    run_task(spawn, &end);
    pthread_mutex_lock(spawner->lock);
    spawner->told(spawner->user, spawner->index, &end);
    pthread_mutex_unlock(spawner->lock);
}

/* 1: the next start to be made; 0: there will be none. */
static int await(struct nf_spawner *spawner, struct nf_spawn *spawn)
{
    pthread_mutex_lock(&spawner->mutex);
    while (!spawner->is_asked && !spawner->is_over)
        pthread_cond_wait(&spawner->changed, &spawner->mutex);
    int is_asked = spawner->is_asked;
    *spawn = spawner->spawn;
    spawner->is_asked = 0;
    pthread_mutex_unlock(&spawner->mutex);
    return is_asked;
}

static void *serve(void *user)
{
    struct nf_spawner *spawner = user;
    struct nf_spawn spawn;
    sched_setaffinity(0, spawner->cpus_size, spawner->cpus);
    while (await(spawner, &spawn))
        serve_one(spawner, &spawn);
    return NULL;
}

/* With all signals blocked: they are the loop's. */
int nf_spawner_open(struct nf_spawner *spawner)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_mutex_init(&spawner->mutex, NULL);
    pthread_cond_init(&spawner->changed, NULL);
    spawner->is_asked = spawner->is_over = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int cause = pthread_create(&spawner->thread, &attributes, serve, spawner);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    spawner->has_thread = cause == 0;
    errno = cause;
    return cause == 0 ? 0 : -1;
}

void nf_spawner_ask(struct nf_spawner *spawner, const struct nf_spawn *spawn)
{
    pthread_mutex_lock(&spawner->mutex);
    spawner->spawn = *spawn;
    spawner->is_asked = 1;
    pthread_cond_signal(&spawner->changed);
    pthread_mutex_unlock(&spawner->mutex);
}

void nf_spawner_release(const struct nf_spawner_end *end)
{
    while (end->pid > 0 && waitpid(end->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void nf_spawner_dismiss(struct nf_spawner *spawner)
{
    if (!spawner->has_thread)
        return;
    pthread_mutex_lock(&spawner->mutex);
    spawner->is_over = 1;
    pthread_cond_signal(&spawner->changed);
    pthread_mutex_unlock(&spawner->mutex);
}

void nf_spawner_close(struct nf_spawner *spawner)
{
    if (!spawner->has_thread)
        return;
    pthread_join(spawner->thread, NULL);
    pthread_cond_destroy(&spawner->changed);
    pthread_mutex_destroy(&spawner->mutex);
    spawner->has_thread = 0;
}
