/* current.c: one pointer a thread. A signal handler is given nothing, so it cannot be a parameter.
 */
#include "current.h"

#include <stddef.h>

/* initial-exec: reading it in a handler must not allocate. */
static _Thread_local const struct nf_current *volatile current_of_thread
    __attribute__((tls_model("initial-exec")));

void nf_current_enter(const struct nf_current *current)
{
    current_of_thread = current;
}

void nf_current_leave(void)
{
    current_of_thread = NULL;
}

int nf_current_read(struct nf_current *current)
{
    const struct nf_current *known = current_of_thread;
    if (known == NULL)
        return 0;
    *current = *known;
    return 1;
}
