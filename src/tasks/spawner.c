/* spawner.c: a process a slot that waits for requests, starts programs and waits for their ends.
 *
 * A request and a reply are each one write of less than PIPE_BUF bytes, so each is read whole. */
#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"

/* The words follow, each with its end: the path, then the arguments. */
struct request {
    uint64_t sequence;
    unsigned turn;
    int fd[3];
    int group_fd[2];
};

#define TEXT_MOST (PIPE_BUF - sizeof(struct request))

struct message {
    struct request request;
    char text[TEXT_MOST];
};

struct service {
    unsigned index;
    int requests, replies;
    struct nf_spawn spawn;
    struct nf_task_environment *environment;
};

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

/* Leaves the process to be waited for once its end is told: whenever we are killed, somebody knows
 * how it ended. The library's waitid() has no usage. */
static void see_end(pid_t pid, struct nf_spawner_reply *reply)
{
    siginfo_t info = {0};
    while (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &reply->usage) < 0 &&
           errno == EINTR)
        continue;
    reply->status = wait_status(&info);
}

/* Returns the process that is to be waited for, < 0: there is none. */
static pid_t run_task(const struct nf_spawn *spawn, struct nf_spawner_reply *reply)
{
    int is_exec;
    pid_t pid = nf_spawn(spawn, &is_exec);
    if (pid < 0 && is_exec) {
        reply->status = not_run(spawn, errno);
    } else if (pid < 0) {
        reply->cause = errno;
        *spawn->born = -1;
    }
    for (int i = 1; i < 3; i++)
        if (spawn->fd[i] >= 0)
            close(spawn->fd[i]);
    if (pid > 0)
        see_end(pid, reply);
    return pid;
}

/* The words of a message, ended by NULL. */
static void split(char *text, const char *end, char **word)
{
    for (; text < end; text += strlen(text) + 1)
        *word++ = text;
    *word = NULL;
}

static void serve_one(struct service *service, struct message *message, size_t size)
{
    char *word[TEXT_MOST + 1];
    struct nf_spawner_reply reply = {.index = service->index, .turn = message->request.turn};
    struct nf_spawn spawn = service->spawn;
    split(message->text, (const char *)message + size, word);
    spawn.path = word[0];
    spawn.argv = word + 1;
    memcpy(spawn.fd, message->request.fd, sizeof spawn.fd);
    memcpy(spawn.group_fd, message->request.group_fd, sizeof spawn.group_fd);
    nf_task_environment_sequence(service->environment, message->request.sequence);
    pid_t pid = run_task(&spawn, &reply);
    ssize_t written = write(service->replies, &reply, sizeof reply);
    (void)written;
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Killed with its supervisor: the guardian must not find it asking for more. */
static _Noreturn void serve(struct service *service, pid_t supervisor)
{
    struct message message;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (service->spawn.cpus)
        sched_setaffinity(0, service->spawn.cpus_size, service->spawn.cpus);
    service->spawn.cpus = NULL;
    while (getppid() == supervisor) {
        ssize_t size = read(service->requests, &message, sizeof message);
        if (size <= 0 && errno != EINTR)
            break;
        if (size > 0)
            serve_one(service, &message, (size_t)size);
    }
    _exit(0);
}

/* fork() has no word for sharing files. Pipes are made by the supervisor while spawners run. */
static pid_t fork_with_files(void)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_FILES | SIGCHLD), NULL, NULL, NULL, 0UL);
}

int nf_spawner_open(struct nf_spawner *spawner, unsigned index, int replies,
                    const struct nf_spawn *fixed, struct nf_task_environment *environment)
{
    pid_t supervisor = getpid();
    *spawner = (struct nf_spawner){0};
    if (pipe2(spawner->request, O_CLOEXEC) < 0)
        return -1;
    spawner->pid = fork_with_files();
    if (spawner->pid == 0) {
        struct service service = {index, spawner->request[0], replies, *fixed, environment};
        serve(&service, supervisor);
    }
    if (spawner->pid > 0)
        return 0;
    int cause = errno;
    nf_spawner_forget(spawner);
    errno = cause;
    return -1;
}

/* Appends a word; NULL: it has no place. */
static char *add_word(char *at, const char *end, const char *word)
{
    size_t size = strlen(word) + 1;
    return at && size <= (size_t)(end - at) ? (char *)memcpy(at, word, size) + size : NULL;
}

int nf_spawner_ask(const struct nf_spawner *spawner, const struct nf_spawn *spawn,
                   uint64_t sequence, unsigned turn)
{
    struct message message = {.request = {.sequence = sequence, .turn = turn}};
    const char *end = message.text + sizeof message.text;
    memcpy(message.request.fd, spawn->fd, sizeof spawn->fd);
    memcpy(message.request.group_fd, spawn->group_fd, sizeof spawn->group_fd);
    char *at = add_word(message.text, end, spawn->path);
    for (char *const *word = spawn->argv; at && *word; word++)
        at = add_word(at, end, *word);
    if (!at)
        return 0;
    size_t size = (size_t)(at - (char *)&message);
    return write(spawner->request[1], &message, size) == (ssize_t)size;
}

void nf_spawner_forget(struct nf_spawner *spawner)
{
    for (int i = 0; i < 2; i++)
        if (spawner->request[i] > 0)
            close(spawner->request[i]);
    *spawner = (struct nf_spawner){0};
}

void nf_spawner_close(struct nf_spawner *spawner)
{
    if (spawner->pid > 0) {
        kill(spawner->pid, SIGKILL);
        while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    nf_spawner_forget(spawner);
}
