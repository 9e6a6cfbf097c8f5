/* crash_signal.h: the signals that a thread brings on itself by a mistake in its code. */
#ifndef NF_CRASH_SIGNAL_H
#define NF_CRASH_SIGNAL_H

#include <signal.h>

extern const int nf_crash_signals[]; /* ended by 0 */

/* "SIGSEGV, an invalid address" for one of them, else NULL. Async-signal-safe. */
const char *nf_crash_signal_words(int number);

/* For a thread that is to be made: all other signals are the program's business, not its. before:
 * the mask to set again. */
void nf_crash_signals_only(sigset_t *before);

#endif
