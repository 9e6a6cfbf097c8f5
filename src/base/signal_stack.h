/* signal_stack.h: a stack of its own for a thread's signal handlers. A user's function may fill the
 * stack of its thread: then this is where the program's handler says so. */
#ifndef NF_SIGNAL_STACK_H
#define NF_SIGNAL_STACK_H

/* For the calling thread; give it to drop there. NULL: no memory, and the thread is without. */
void *nf_signal_stack_take(void);
void nf_signal_stack_drop(void *memory);

#endif
