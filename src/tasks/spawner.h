/* spawner.h: a thread that starts the tasks of one slot and waits for them, on the slot's CPUs: so
 * a task is born where it runs, and neither its start nor its end wakes up another CPU. */
#ifndef NF_SPAWNER_H
#define NF_SPAWNER_H

#include <pthread.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "task_spawn.h"

/* What became of a start. */
struct nf_spawner_end {
    pid_t pid; /* of the process that ended; it is there until nf_spawner_release. <= 0: none was */
    int cause; /* errno: no process could be made; 0: one was, and ended with this status */
    int status; /* as of wait; of a program that could not be run a shell's exit code */
    struct rusage usage;
};

struct nf_spawner {
    pthread_t thread;
    int has_thread;
    const cpu_set_t *cpus; /* the thread's own */
    size_t cpus_size;
    unsigned index; /* of the slot */
    /* Called in the thread, which holds the lock: the next start may be asked for there. */
    void (*told)(void *user, unsigned index, const struct nf_spawner_end *end);
    void *user;
    pthread_mutex_t *lock; /* of the user's, who may hold it while a start is awaited */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct nf_spawn spawn;
    int is_asked, is_over;
};

/* cpus, index, told, user and lock are set. < 0 with errno: there is no room for a thread more. */
int nf_spawner_open(struct nf_spawner *spawner);
/* Asks for one start; there must be none under way. What spawn points to must stay until the end is
 * told; its fd[1] and fd[2] are closed by then. *spawn->born says while the task runs which process
 * it is, and -1 when none could be made. */
void nf_spawner_ask(struct nf_spawner *spawner, const struct nf_spawn *spawn);
/* Lets go of a process that has ended: its number may be another's from now on. */
void nf_spawner_release(const struct nf_spawner_end *end);
/* It ends when its task has, and is asked for nothing more. */
void nf_spawner_dismiss(struct nf_spawner *spawner);
/* Waits for that end; the lock is not held. */
void nf_spawner_close(struct nf_spawner *spawner);

#endif
