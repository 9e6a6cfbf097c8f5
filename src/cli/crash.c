/* crash.c: async-signal-safe words about a crash. Only write, and what the engine keeps for each
 * thread. */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "current.h"

#define TEXT_SIZE 512

static const int crashing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Some thread is saying what happened. */
static atomic_flag is_told = ATOMIC_FLAG_INIT;

struct text {
    size_t size;
    char data[TEXT_SIZE];
};

static void add(struct text *text, const char *words)
{
    size_t length = strlen(words);
    if (length > TEXT_SIZE - text->size)
        length = TEXT_SIZE - text->size;
    memcpy(text->data + text->size, words, length);
    text->size += length;
}

static void add_number(struct text *text, uint64_t number)
{
    char digits[21];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(text, digits + at);
}

/* " item 7" or " items 7 to 9" */
static void add_range(struct text *text, const char *noun, uint64_t first, uint64_t last)
{
    add(text, noun);
    add(text, first == last ? " " : "s ");
    add_number(text, first);
    if (first == last)
        return;
    add(text, " to ");
    add_number(text, last);
}

static const char *describe(int number)
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
    default:
        return "SIGABRT";
    }
}

static void add_items(struct text *text, const struct nf_current *current)
{
    if (current->is_ends) {
        add(text, "the ends, items 0 and ");
        add_number(text, current->last_item);
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

static void on_crash(int number)
{
    struct text text = {0};
    struct nf_current current;
    ssize_t ignored;
    if (atomic_flag_test_and_set(&is_told))
        wait_for_the_end();
    add(&text, "\nnfold: crashed: ");
    add(&text, describe(number));
    if (nf_current_read(&current)) {
        add(&text, "\nin the function, on ");
        add_items(&text, &current);
        add(&text, ", worker ");
        add_number(&text, current.worker);
    }
    add(&text, "\n");
    ignored = write(STDERR_FILENO, text.data, text.size);
    (void)ignored;
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
    for (unsigned i = 0; i < sizeof crashing / sizeof crashing[0]; i++)
        sigaddset(&action.sa_mask, crashing[i]);
    for (unsigned i = 0; i < sizeof crashing / sizeof crashing[0]; i++)
        sigaction(crashing[i], &action, NULL);
}
