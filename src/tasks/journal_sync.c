/* journal_sync.c: a thread that only syncs. */
#include "journal_sync.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#define STACK_BYTES (64 << 10)

/* Some files cannot be synced, and need not be. */
static int sync_file(int fd)
{
    return fdatasync(fd) == 0 || errno == EINVAL || errno == ENOSYS ? 0 : errno;
}

static void *work(void *user)
{
    struct nf_journal_sync *sync = user;
    pthread_mutex_lock(&sync->mutex);
    for (;;) {
        while (!sync->is_wanted && !sync->is_over)
            pthread_cond_wait(&sync->changed, &sync->mutex);
        if (sync->is_over)
            break;
        sync->is_wanted = 0;
        sync->is_busy = 1;
        pthread_mutex_unlock(&sync->mutex);
        int cause = sync_file(sync->fd);
        pthread_mutex_lock(&sync->mutex);
        sync->is_busy = 0;
        if (cause != 0)
            sync->cause = cause;
    }
    pthread_mutex_unlock(&sync->mutex);
    return NULL;
}

void nf_journal_sync_open(struct nf_journal_sync *sync, int fd)
{
    *sync = (struct nf_journal_sync){
        .fd = fd, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
}

/* With all signals blocked: they are the loop's. */
static void start_thread(struct nf_journal_sync *sync)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sync->has_thread = pthread_create(&sync->thread, &attributes, work, sync) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

int nf_journal_sync_ask(struct nf_journal_sync *sync)
{
    if (!sync->has_thread)
        start_thread(sync);
    if (!sync->has_thread) { /* no room for one: then here */
        errno = sync_file(sync->fd);
        return errno == 0 ? 1 : -1;
    }
    pthread_mutex_lock(&sync->mutex);
    int is_free = !sync->is_busy && !sync->is_wanted, cause = sync->cause;
    sync->is_wanted |= is_free;
    pthread_cond_signal(&sync->changed);
    pthread_mutex_unlock(&sync->mutex);
    errno = cause;
    return cause != 0 ? -1 : is_free;
}

int nf_journal_sync_close(struct nf_journal_sync *sync)
{
    if (!sync->has_thread)
        return 0;
    pthread_mutex_lock(&sync->mutex);
    sync->is_over = 1;
    pthread_cond_signal(&sync->changed);
    pthread_mutex_unlock(&sync->mutex);
    pthread_join(sync->thread, NULL);
    sync->has_thread = 0;
    return sync->cause;
}
