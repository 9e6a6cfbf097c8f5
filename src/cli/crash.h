/* crash.h: a function of the user's that crashes is named, with what it was doing, before the
 * process ends. */
#ifndef NF_CRASH_H
#define NF_CRASH_H

/* Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, on a stack of their own in the calling
 * thread: says which items the crashing thread had, then lets the signal end the process as it
 * would have. */
void nf_crash_watch(void);

#endif
