/* current.c: what a thread is in. A signal handler is given nothing, so it cannot be a parameter.
 */
#include "current.h"

#include <pthread.h>
#include <stdatomic.h>

#include "error.h"

/* A copy: where a thread ends inside a body, its stack is gone before anyone can look.
 * initial-exec: reading it in a handler must not allocate. */
static _Thread_local struct nf_current current_of_thread __attribute__((tls_model("initial-exec")));
static _Thread_local volatile int is_inside __attribute__((tls_model("initial-exec")));

/* The key's values say nothing; its destructor is how the end of a thread is learnt. */
static pthread_key_t end_key;
static _Atomic int has_end_key;
static _Atomic(void (*)(void)) on_abandoned;

void nf_current_enter(const struct nf_current *current)
{
    if (atomic_load_explicit(&has_end_key, memory_order_acquire))
        pthread_setspecific(end_key, &current_of_thread);
    current_of_thread = *current;
    atomic_signal_fence(memory_order_seq_cst);
    is_inside = 1;
}

void nf_current_leave(void)
{
    is_inside = 0;
}

int nf_current_read(struct nf_current *current)
{
    if (!is_inside)
        return 0;
    atomic_signal_fence(memory_order_seq_cst);
    *current = current_of_thread;
    return 1;
}

static void thread_ends(void *value)
{
    (void)value;
    if (is_inside)
        atomic_load (&on_abandoned)();
}

int nf_current_watch(void (*abandoned)(void), nfold_error *err)
{
    atomic_store(&on_abandoned, abandoned);
    if (pthread_key_create(&end_key, thread_ends) != 0)
        return nf_fail(err, NFOLD_E_SYSTEM, "there are no more keys for threads");
    atomic_store_explicit(&has_end_key, 1, memory_order_release);
    return 0;
}
