/* task_memory.h: how much memory the processes of a task have now. */
#ifndef NF_TASK_MEMORY_H
#define NF_TASK_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes of a process and all below it. Pages that several of them share count once where it
 * matters: if the plain sum is above exact_above, the shares are summed up instead, which takes
 * longer. */
uint64_t nf_task_memory(pid_t task, uint64_t exact_above);

#endif
