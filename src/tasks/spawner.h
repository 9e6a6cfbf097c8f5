/* spawner.h: a small process that starts the tasks of one slot and waits for them, on the slot's
 * CPUs: so a task is born where it runs, and neither its start nor its end wakes up another CPU.
 * It is a child of the supervisor, whose open files it shares, and of nobody else's memory. */
#ifndef NF_SPAWNER_H
#define NF_SPAWNER_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "task_environment.h"
#include "task_spawn.h"

struct nf_spawner {
    pid_t pid;      /* 0: there is none */
    int request[2]; /* a pipe: the other end is open here, too, because files are shared */
};

/* What became of a request. */
struct nf_spawner_reply {
    unsigned index; /* of the slot */
    unsigned turn;  /* of the request */
    int cause;      /* errno: no process could be made; 0: one was, and ended with this status */
    int status;     /* as of wait; of a program that could not be run a shell's exit code */
    struct rusage usage;
};

/* fixed: what all starts have in common; its cpus are the spawner's own, *fixed->born says while a
 * task runs which process it is, and -1 when none could be made. Replies go into the pipe replies,
 * each in one piece. < 0 with errno: there is no room for a process more. */
int nf_spawner_open(struct nf_spawner *spawner, unsigned index, int replies,
                    const struct nf_spawn *fixed, struct nf_task_environment *environment);
/* Asks for one start; there must be none under way. turn comes back in the reply: who was killed
 * may have left one. 1: a reply will come, and spawn->fd[1] and fd[2] are closed by then; 0: it is
 * not to be told in one piece, start it otherwise. */
int nf_spawner_ask(const struct nf_spawner *spawner, const struct nf_spawn *spawn,
                   uint64_t sequence, unsigned turn);
/* Ends it, if there is one; a task that it waits for is then the supervisor's, and gets SIGTERM. */
void nf_spawner_close(struct nf_spawner *spawner);
/* It has ended and was waited for. */
void nf_spawner_forget(struct nf_spawner *spawner);

#endif
