/* task_spawn.h: starting one program without copying this process: vfork, so that it costs the same
 * however large we are. */
#ifndef NF_TASK_SPAWN_H
#define NF_TASK_SPAWN_H

#include <sched.h>
#include <signal.h>
#include <sys/types.h>

struct nfold_buffer;

struct nf_spawn {
    const char *path; /* absolute, or of directory */
    char *const *argv;
    char *const *envp;
    const char *directory; /* NULL: ours */
    int fd[3];             /* become its 0, 1, 2; -1: it has ours */
    const cpu_set_t *cpus; /* NULL: not bound */
    size_t cpus_size;
    int has_nice, nice;   /* its niceness */
    unsigned files;       /* soft limit of open files to go back to; 0: leave */
    int group_fd[2];      /* cgroup.procs files that it writes itself into; -1: none */
    const sigset_t *mask; /* the signal mask it starts with */
    volatile pid_t *born; /* gets its number before its program runs; NULL: not wanted */
};

/* The process, which leads a group of its own and gets SIGTERM if we die; it runs its program when
 * this returns. A file without a format that the kernel knows is a script of sh, as every shell has
 * it. < 0: it could not be made, or its program could not be run: errno says why, *is_exec tells
 * which; then nothing is left of it. */
pid_t nf_spawn(const struct nf_spawn *spawn, int *is_exec);

/* For a program that could not be run: the exit code that a shell would give. */
int nf_spawn_exit_code(int cause);
/* What it would say, as a line. */
void nf_spawn_excuse(const char *path, int cause, struct nfold_buffer *text);

#endif
