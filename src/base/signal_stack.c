/* signal_stack.c: taken and dropped by the thread itself. */
#include "signal_stack.h"

#include <signal.h>
#include <stdlib.h>

#define SIGNAL_STACK_BYTES (64 * 1024)

void *nf_signal_stack_take(void)
{
    stack_t stack = {.ss_sp = malloc(SIGNAL_STACK_BYTES), .ss_size = SIGNAL_STACK_BYTES};
    if (stack.ss_sp)
        sigaltstack(&stack, NULL);
    return stack.ss_sp;
}

void nf_signal_stack_drop(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(memory);
}
