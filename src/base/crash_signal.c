/* crash_signal.c: one list of them, for handlers, for masks and for who sees a process die. */
#include "crash_signal.h"

#include <stddef.h>

const int nf_crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, 0};

const char *nf_crash_signal_words(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV, an invalid address";
    case SIGBUS:
        return "SIGBUS, an address without memory behind it";
    case SIGFPE:
        return "SIGFPE, an integer divided by zero or a trapped exception";
    case SIGILL:
        return "SIGILL, an instruction that this processor lacks";
    case SIGABRT:
        return "SIGABRT, a call of abort";
    case SIGSYS:
        return "SIGSYS, a system call that is not allowed";
    case SIGTRAP:
        return "SIGTRAP, a breakpoint";
    default:
        return NULL;
    }
}

void nf_crash_signals_only(sigset_t *before)
{
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int *number = nf_crash_signals; *number; number++)
        sigdelset(&blocked, *number);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}
