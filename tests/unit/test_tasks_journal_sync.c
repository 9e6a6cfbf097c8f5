/* The thread that brings the journal to its disk: it is asked and never waited for, takes nobody's
 * signals, and tells what failed. The one test of tasks that the thread sanitizer runs, too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal_sync.h"

#define ASKS 200

static int open_file(void)
{
    char path[] = "nfold-sync-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void a_file_is_written_while_it_is_brought_to_the_disk(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    int fd = open_file(), begun = 0;
    nf_journal_sync_open(&sync, fd);
    for (int i = 0; i < ASKS; i++) {
        assert_int_equal(write(fd, "entry", 5), 5);
        int rc = nf_journal_sync_ask(&sync);
        assert_true(rc == 0 || rc == 1);
        begun += rc;
    }
    assert_true(begun > 0);
    assert_int_equal(nf_journal_sync_close(&sync), 0);
    close(fd);
}

static void one_that_was_never_asked_has_nothing_to_end(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    nf_journal_sync_open(&sync, STDOUT_FILENO);
    assert_int_equal(nf_journal_sync_close(&sync), 0);
}

static void after_its_end_it_can_be_asked_again(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    int fd = open_file();
    for (int i = 0; i < 3; i++) {
        nf_journal_sync_open(&sync, fd);
        assert_int_equal(nf_journal_sync_ask(&sync), 1);
        assert_int_equal(nf_journal_sync_close(&sync), 0);
    }
    close(fd);
}

static void a_failure_is_told_to_the_next_who_asks_and_at_the_end(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    int rc, no_file = open_file();
    close(no_file);
    nf_journal_sync_open(&sync, no_file);
    assert_int_equal(nf_journal_sync_ask(&sync), 1);
    while ((rc = nf_journal_sync_ask(&sync)) >= 0)
        sched_yield();
    assert_int_equal(errno, EBADF);
    assert_int_equal(nf_journal_sync_close(&sync), EBADF);
}

static void what_cannot_be_synced_need_not_be(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    int ends[2], begun = 0;
    assert_int_equal(pipe(ends), 0);
    nf_journal_sync_open(&sync, ends[1]);
    /* The second one is begun when the first one is over. */
    while (begun < 2) {
        int rc = nf_journal_sync_ask(&sync);
        assert_true(rc >= 0);
        begun += rc;
        sched_yield();
    }
    assert_int_equal(nf_journal_sync_close(&sync), 0);
    close(ends[0]);
    close(ends[1]);
}

/* A signal that the loop has blocked waits for the loop. */
static void it_takes_no_signal(void **state)
{
    (void)state;
    struct nf_journal_sync sync;
    sigset_t ours, before, pending;
    int fd = open_file(), number;
    nf_journal_sync_open(&sync, fd);
    assert_int_equal(nf_journal_sync_ask(&sync), 1);
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    kill(getpid(), SIGUSR1); /* would end the process in a thread that has not blocked it */
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGUSR1));
    assert_int_equal(sigwait(&ours, &number), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(nf_journal_sync_close(&sync), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_written_while_it_is_brought_to_the_disk),
        cmocka_unit_test(one_that_was_never_asked_has_nothing_to_end),
        cmocka_unit_test(after_its_end_it_can_be_asked_again),
        cmocka_unit_test(a_failure_is_told_to_the_next_who_asks_and_at_the_end),
        cmocka_unit_test(what_cannot_be_synced_need_not_be),
        cmocka_unit_test(it_takes_no_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
