/* signals.h: what the command does about signals; libnfold itself installs no handler. */
#ifndef NF_SIGNALS_H
#define NF_SIGNALS_H

#include <nfold/nfold.h>

/* From here on Ctrl-C, SIGTERM and SIGHUP stop the run of context, or are noted while context is
 * NULL (so that a compiler at work is not left alone with its files); a second one ends the process
 * at once, 0.1 s after the first at the earliest: no compiler outlives that. A run that takes
 * longer than that to stop is said to wait for its items. A function of the user's that crashes is
 * named. Call again to watch another context. */
void nf_signals_watch(nfold_context *context);
/* The context is about to be closed: signals are noted until another is watched. */
void nf_signals_leave(void);
/* Another process says what it waits for. */
void nf_signals_mute(void);
/* The first signal that asked to stop, or 0. */
int nf_signals_caught(void);
/* The process that sent it; 0: the terminal. */
int nf_signals_sender(void);
/* The same for nf_options_watch. */
const volatile int *nf_signals_flag(void);
/* "SIGINT", "SIGTERM"; "a signal" for others. */
const char *nf_signals_name(int number);
/* Ends the process by this signal's default action, so that the caller's shell sees it. */
_Noreturn void nf_signals_end(int number);

#endif
