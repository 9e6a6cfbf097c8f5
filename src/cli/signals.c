/* signals.c: the two kinds of signals that matter: those that ask to stop, and crashes. */
#include "signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "crash.h"
#include "signal_text.h"

/* A handler is given nothing but the number: what it needs can only be global. */
static _Atomic(nfold_context *) watched;
static _Atomic(int) caught, caught_again;
static _Atomic(int) is_muted, sender;
static _Atomic(int) had_time; /* the first one, to kill a compiler and delete its files */

#define GRACE_MICROSECONDS 100000

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

static void stop_run(void)
{
    nfold_context *context = atomic_load(&watched);
    if (context != NULL)
        nfold_stop(context);
}

static void end_now(int number)
{
    signal(number, SIG_DFL);
    raise(number); /* in its own handler it is delivered when that returns */
}

/* A run ends between two items: one that takes long, or never ends, holds it up. */
static void say_waiting(const nfold_context *context)
{
    struct nf_signal_text text = {0};
    uint64_t done, all;
    nfold_progress(context, &done, &all);
    nf_signal_text_add(&text, "\nnfold: ");
    nf_signal_text_add(&text, nf_signals_name(atomic_load(&caught)));
    nf_signal_text_add(&text, ": waiting for the items at work; ");
    nf_signal_text_number(&text, done);
    nf_signal_text_add(&text, " of ");
    nf_signal_text_number(&text, all);
    nf_signal_text_add(&text, " are done; a second signal ends at once\n");
    nf_signal_text_write(&text);
}

/* A stop that comes just before its run begins finds no run: it is asked for again every second. */
static void stop_again(int number)
{
    nfold_context *context = atomic_load(&watched);
    int is_first = !atomic_exchange(&had_time, 1);
    (void)number;
    if (atomic_load(&caught_again) != 0)
        end_now(atomic_load(&caught_again));
    else if (is_first && context != NULL && !atomic_load(&is_muted))
        say_waiting(context);
    stop_run();
}

static void stop_second(int number)
{
    atomic_store(&caught_again, number);
    if (atomic_load(&had_time))
        end_now(number);
}

static void stop_first(int number, siginfo_t *info, void *context)
{
    static const struct itimerval again = {.it_value.tv_usec = GRACE_MICROSECONDS,
                                           .it_interval.tv_sec = 1};
    int none = 0;
    (void)context;
    if (!atomic_compare_exchange_strong(&caught, &none, number)) {
        stop_second(number);
        return;
    }
    atomic_store(&sender, info->si_code == SI_USER ? (int)info->si_pid : 0);
    stop_run();
    setitimer(ITIMER_REAL, &again, NULL);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void watch(int number)
{
    struct sigaction action = {.sa_sigaction = stop_first, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* nohup and background jobs of old shells ignore signals on purpose. */
static int is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void nf_signals_watch(nfold_context *context)
{
    atomic_store(&watched, context);
    for (unsigned i = 0; i < sizeof stopping / sizeof stopping[0]; i++)
        if (!is_ignored(stopping[i]))
            watch(stopping[i]);
    handle(SIGALRM, stop_again);
    nf_crash_watch();
}

void nf_signals_mute(void)
{
    atomic_store(&is_muted, 1);
}

void nf_signals_leave(void)
{
    atomic_store(&watched, NULL);
}

int nf_signals_caught(void)
{
    return atomic_load(&caught);
}

int nf_signals_sender(void)
{
    return atomic_load(&sender);
}

const volatile int *nf_signals_flag(void)
{
    return (const volatile int *)&caught;
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
