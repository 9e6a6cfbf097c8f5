/* descendants.h: the processes below one, found by parent links, so that a session of its own hides
 * none; and the end of all of them. */
#ifndef NF_DESCENDANTS_H
#define NF_DESCENDANTS_H

#include <stddef.h>
#include <sys/types.h>

struct nf_descendants {
    pid_t *pid;
    size_t count, capacity;
};

/* 1 if /proc is there and numbers processes as we do: in a process namespace it may still be that
 * of the machine, where our numbers are other processes. */
int nf_descendants_can_be_seen(void);
/* All that are below top now, without top; parents come before their children. < 0: /proc cannot be
 * read, or there is no memory. */
int nf_descendants_find(struct nf_descendants *list, pid_t top);
/* Appends the direct children of one process only. */
int nf_descendants_children(struct nf_descendants *list, pid_t parent);
/* One more, unless it is there. */
int nf_descendants_add(struct nf_descendants *list, pid_t pid);
void nf_descendants_clear(struct nf_descendants *list);
/* Each of them and the process groups that they lead. A stopped one that gets SIGTERM is continued,
 * so that it can end. */
void nf_descendants_signal(const struct nf_descendants *list, int number);

/* The groups of the tasks that run, for where /proc does not show them; 0: nobody. */
struct nf_groups {
    const volatile pid_t *pid;
    size_t count;
};
/* Ends every descendant of this process, which must be a subreaper: TERM three times, then KILL,
 * again until none is left, and waits for those that are its children. Where they cannot be seen
 * only the groups are ended. Returns how many processes were there at first; *left (may be NULL):
 * how many could not be ended within ten seconds. */
size_t nf_descendants_end(const struct nf_groups *groups, size_t *left);

#endif
