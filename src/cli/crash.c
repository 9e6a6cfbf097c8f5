/* crash.c: async-signal-safe words about a crash, or an end that nobody expected. Only signal_text,
 * and what the engine keeps for each thread. */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <nfold/nfold.h>

#include "crash_signal.h"
#include "current.h"
#include "signal_text.h"

#define EXITS_AT_ONCE 64

/* Handlers are given nothing: what they need can only be global. */
static atomic_flag is_told = ATOMIC_FLAG_INIT; /* some thread is saying what happened */
static _Atomic int may_exit = 1;
static _Atomic(const char *) function_name = "the function";
static _Atomic(const char *) place = "";
static _Atomic(pid_t) command; /* the process that promised an answer; 0: none yet */

/* A forked worker has what was watched in the command, and is what the command would advise. */
static int is_worker(void)
{
    return atomic_load(&command) != 0 && atomic_load(&command) != getpid();
}

/* " item 7" or " items 7 to 9" */
static void add_range(struct nf_signal_text *text, const char *noun, uint64_t first, uint64_t last)
{
    nf_signal_text_add(text, noun);
    nf_signal_text_add(text, first == last ? " " : "s ");
    nf_signal_text_number(text, first);
    if (first == last)
        return;
    nf_signal_text_add(text, " to ");
    nf_signal_text_number(text, last);
}

static void add_items(struct nf_signal_text *text, const struct nf_current *current)
{
    if (current->is_ends) {
        nf_signal_text_add(text, "the ends, items 0 and ");
        nf_signal_text_number(text, current->last_item);
        return;
    }
    add_range(text, "item", current->first_item, current->last_item);
    add_range(text, " of chunk", current->first_chunk, current->last_chunk);
}

/* Often several workers crash at once. Only the first may end the process: another that let its
 * signal do so would end it before the first has spoken. */
static void wait_for_the_end(void)
{
    for (;;)
        pause();
}

/* Says what happened and, if it did in a body, on which items. */
static void tell(const char *what, const char *how)
{
    struct nf_signal_text text = {0};
    struct nf_current current;
    if (atomic_flag_test_and_set(&is_told))
        wait_for_the_end();
    nf_signal_text_add(&text, "\nnfold: ");
    nf_signal_text_add(&text, atomic_load(&place));
    nf_signal_text_add(&text, atomic_load(&place)[0] ? ": " : "");
    nf_signal_text_add(&text, what);
    nf_signal_text_add(&text, how);
    if (nf_current_read(&current)) {
        nf_signal_text_add(&text, "\nin ");
        nf_signal_text_add(&text, atomic_load(&function_name));
        nf_signal_text_add(&text, ", on ");
        add_items(&text, &current);
        nf_signal_text_add(&text, ", worker ");
        nf_signal_text_number(&text, current.worker);
        if (!is_worker())
            nf_signal_text_add(&text,
                               "\nwith `-b processes` nfold survives this and names the item");
    }
    nf_signal_text_add(&text, "\n");
    nf_signal_text_write(&text);
}

static void on_crash(int number)
{
    tell("crashed: ", nf_crash_signal_words(number));
    signal(number, SIG_DFL);
    raise(number); /* delivered when this handler returns */
}

void nf_crash_watch(void)
{
    static char stack_memory[64 * 1024];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    /* A crash of the handler itself is blocked, and so ends the process at once. */
    sigemptyset(&action.sa_mask);
    for (const int *number = nf_crash_signals; *number; number++)
        sigaddset(&action.sa_mask, *number);
    for (const int *number = nf_crash_signals; *number; number++)
        sigaction(*number, &action, NULL);
}

/* Where several threads call exit at once, each takes the next handler, and a thread that finds
 * none left ends the process at once with its own status. So there are many of this one, and each
 * that is taken is replaced. */
static void on_exit_of_process(void)
{
    if (atomic_load(&may_exit))
        return;
    atexit(on_exit_of_process);
    tell("exit was called: ", "there is no answer");
    _exit(nfold_error_status(NFOLD_E_BODY));
}

static void on_exit_of_thread(void)
{
    tell("pthread_exit was called", is_worker() ? "" : ": there is no answer");
    _exit(nfold_error_status(NFOLD_E_BODY));
}

void nf_crash_watch_exit(void)
{
    atomic_store(&may_exit, 0);
    atomic_store(&command, getpid());
    for (int i = 0; i < EXITS_AT_ONCE; i++)
        atexit(on_exit_of_process);
    /* Where there are no more keys, a thread that ends itself goes unseen. */
    nf_current_watch(on_exit_of_thread, NULL);
}

void nf_crash_allow_exit(void)
{
    atomic_store(&may_exit, 1);
}

void nf_crash_name(const char *function)
{
    atomic_store(&function_name, function);
}

void nf_crash_place(const char *rank)
{
    atomic_store(&place, rank);
}
