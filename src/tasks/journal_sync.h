/* journal_sync.h: brings a file to its disk beside the loop: on a file system that is shared, an
 * fdatasync may take as long as a task. One thread, which does nothing else. */
#ifndef NF_JOURNAL_SYNC_H
#define NF_JOURNAL_SYNC_H

#include <pthread.h>

struct nf_journal_sync {
    pthread_t thread;
    int has_thread;
    int fd;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    int is_wanted, is_busy, is_over;
    int cause; /* errno of a sync that failed; 0: none did */
};

/* No thread yet: the first nf_journal_sync_ask makes it. */
void nf_journal_sync_open(struct nf_journal_sync *sync, int fd);
/* What is written to the file so far will be brought to the disk. 1: soon, or it is already; 0: an
 * earlier one is still on its way, ask again; -1: one failed, errno says why. */
int nf_journal_sync_ask(struct nf_journal_sync *sync);
/* Waits for what is on its way, and ends the thread: the errno of one that failed, or 0. What was
 * only asked for, and the file, are the caller's to sync and close. */
int nf_journal_sync_close(struct nf_journal_sync *sync);

#endif
