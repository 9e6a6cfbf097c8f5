/* spawning.c: the spawners of the loop: when a slot gets one, what they reply, and what is left of
 * a task whose spawner was killed. Without them, or where no room for one is, all goes on as well:
 * the supervisor starts the tasks itself. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

#define REPLIES 8

int nf_loop_open_replies(struct nf_loop *loop)
{
    if (pipe2(loop->reply_fd, O_CLOEXEC) < 0 || fcntl(loop->reply_fd[0], F_SETFL, O_NONBLOCK) < 0)
        return -1;
    loop->setting.replies = loop->reply_fd[1];
    return nf_loop_watch(loop, loop->reply_fd[0], EPOLLIN, NF_LOOP_REPLIES);
}

/* One task alone is started as fast without; a slot with CPUs of its own that has a second one will
 * have more. */
void nf_loop_want_spawner(struct nf_loop *loop, unsigned index, int is_first)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    if (is_first && attempt->slot->is_pinned && loop->area && index < NF_GUARDIAN_GROUPS)
        attempt->born = &loop->area->group[index];
    if (is_first || !attempt->born || attempt->spawner.pid > 0)
        return;
    nf_attempt_open_spawner(attempt, &loop->setting, index);
    loop->area->spawner[index] = attempt->spawner.pid;
}

static void close_spawner(struct nf_loop *loop, unsigned index)
{
    nf_spawner_close(&loop->attempt[index].spawner);
    if (loop->area && index < NF_GUARDIAN_GROUPS)
        loop->area->spawner[index] = 0;
}

void nf_loop_close_spawners(struct nf_loop *loop)
{
    for (unsigned i = 0; i < loop->used; i++)
        close_spawner(loop, i);
}

void nf_loop_give_room(struct nf_loop *loop)
{
    for (unsigned i = 0; i < loop->used; i++)
        if (loop->attempt[i].born && !loop->attempt[i].is_spawned) {
            close_spawner(loop, i);
            loop->attempt[i].born = NULL;
        }
}

/* No program ran, or nobody saw its end. */
static int finish_unseen(struct nf_loop *loop, unsigned index, int is_put_back, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    if (!attempt->is_ending)
        attempt->cause = NF_TASK_CUT;
    attempt->is_ending = 1;
    attempt->is_put_back = is_put_back;
    return nf_loop_finish(loop, index, 0, NULL, err);
}

static int take_reply(struct nf_loop *loop, const struct nf_spawner_reply *reply, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[reply->index];
    if (!attempt->is_spawned || reply->turn != attempt->turn)
        return 0;
    if (reply->cause == 0) {
        loop->shortage_since = 0;
        return nf_loop_finish(loop, reply->index, reply->status, &reply->usage, err);
    }
    /* The spawner may have taken the last place for a process. */
    close_spawner(loop, reply->index);
    attempt->born = NULL;
    return finish_unseen(loop, reply->index, 1, err);
}

int nf_loop_take_replies(struct nf_loop *loop, nfold_error *err)
{
    struct nf_spawner_reply reply[REPLIES];
    ssize_t size = read(loop->reply_fd[0], reply, sizeof reply);
    int rc = 0, count = size > 0 ? (int)((size_t)size / sizeof *reply) : 0;
    for (int i = 0; rc >= 0 && i < count; i++)
        rc = take_reply(loop, &reply[i], err);
    return rc < 0 ? rc : count;
}

/* Who loses its parent becomes our child, unless it was waited for just before. */
static int is_ours(pid_t pid)
{
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static int adopt(struct nf_loop *loop, unsigned index, nfold_error *err)
{
    struct nf_attempt *attempt = &loop->attempt[index];
    int rc;
    while ((rc = nf_loop_take_replies(loop, err)) > 0)
        continue;
    if (rc < 0 || !attempt->is_spawned)
        return rc;
    pid_t pid = nf_attempt_pid(attempt);
    if (pid < 0 || !is_ours(pid))
        return finish_unseen(loop, index, pid < 0, err);
    attempt->is_spawned = 0;
    loop->pid[index] = pid;
    return 0;
}

int nf_loop_spawner_died(struct nf_loop *loop, pid_t pid, nfold_error *err)
{
    for (unsigned i = 0; i < loop->used; i++)
        if (loop->attempt[i].spawner.pid == pid) {
            nf_spawner_forget(&loop->attempt[i].spawner);
            loop->area->spawner[i] = 0;
            return adopt(loop, i, err);
        }
    return 0;
}
