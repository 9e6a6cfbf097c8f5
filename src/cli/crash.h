/* crash.h: a function of the user's that crashes, or ends the process or its thread, is named, with
 * what it was doing, before the process ends. */
#ifndef NF_CRASH_H
#define NF_CRASH_H

/* Handles the signals of a crash (crash_signal.h), on a stack of their own in the calling thread:
 * says which items the crashing thread had, then lets the signal end the process as it would have.
 */
void nf_crash_watch(void);

/* From here until nf_crash_allow_exit, exit and pthread_exit end the process with the status of
 * NFOLD_E_BODY and say which items the thread had: an answer was promised. _exit cannot be seen. */
void nf_crash_watch_exit(void);
void nf_crash_allow_exit(void);

/* What the user calls the function ("f.c:f"): from now on messages do. It is not copied. */
void nf_crash_name(const char *function);
/* "rank 1 on h2", or "": where it is. It is not copied. */
void nf_crash_place(const char *rank);

#endif
