/* signals.c: the two kinds of signals that matter: those that ask to stop, and crashes. */
#include "signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

/* A handler is given nothing but the number: what it needs can only be global. */
static _Atomic(nfold_context *) watched;
static _Atomic(int) caught;

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

static void stop_run(void)
{
    nfold_context *context = atomic_load(&watched);
    if (context != NULL)
        nfold_stop(context);
}

/* A stop that comes just before its run begins finds no run: it is asked for again every second. */
static void stop_again(int number)
{
    (void)number;
    stop_run();
    alarm(1);
}

static void stop_first(int number)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&caught, &none, number)) {
        signal(number, SIG_DFL);
        raise(number); /* delivered when this handler returns */
        return;
    }
    stop_run();
    alarm(1);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;
    /* nohup and background jobs of old shells ignore signals on purpose. */
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void nf_signals_watch(nfold_context *context)
{
    atomic_store(&watched, context);
    for (unsigned i = 0; i < sizeof stopping / sizeof stopping[0]; i++)
        handle(stopping[i], stop_first);
    handle(SIGALRM, stop_again);
    nf_crash_watch();
}

void nf_signals_leave(void)
{
    atomic_store(&watched, NULL);
}

int nf_signals_caught(void)
{
    return atomic_load(&caught);
}

const char *nf_signals_name(int number)
{
    switch (number) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    case SIGHUP:
        return "SIGHUP";
    default:
        return "a signal";
    }
}

void nf_signals_end(int number)
{
    sigset_t only;
    signal(number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
    _exit(128 + number); /* not reached, unless the signal is ignored */
}
