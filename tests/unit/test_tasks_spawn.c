/* A process starts with what it is given and nothing else, and nothing below us escapes its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descendants.h"
#include "memory_group.h"
#include "task_spawn.h"
#include "task_memory.h"

struct started {
    pid_t pid;
    int out; /* what it prints */
};

static pid_t start(const char *line, int out, int *is_exec, struct nf_spawn spawn)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    sigset_t none;
    sigemptyset(&none);
    spawn.path = spawn.path != NULL ? spawn.path : "/bin/sh";
    spawn.argv = argv;
    spawn.envp = environ;
    spawn.fd[0] = -1;
    spawn.fd[1] = out;
    spawn.fd[2] = -1;
    spawn.group_fd[0] = spawn.group_fd[0] > 0 ? spawn.group_fd[0] : -1;
    spawn.group_fd[1] = -1;
    spawn.mask = &none;
    return nf_spawn(&spawn, is_exec);
}

/* What line prints when it is run with these settings. */
static void output_of(const char *line, struct nf_spawn spawn, char *text, size_t size)
{
    int ends[2], is_exec;
    size_t used = 0;
    ssize_t got;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = start(line, ends[1], &is_exec, spawn);
    assert_true(pid > 0);
    close(ends[1]);
    while ((got = read(ends[0], text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_task_leads_its_group_in_its_folder(void **state)
{
    char text[256], wanted[256];
    (void)state;
    output_of("pwd; ps -o pgid= -p $$ | tr -d ' '; echo $$", (struct nf_spawn){.directory = "/usr"},
              text, sizeof text);
    int group, pid;
    assert_int_equal(sscanf(text, "/usr %d %d", &group, &pid), 2);
    assert_int_equal(group, pid);
    snprintf(wanted, sizeof wanted, "/usr\n%d\n%d\n", pid, pid);
    assert_string_equal(text, wanted);
}

static void no_file_of_ours_is_open_in_it(void **state)
{
    char text[256];
    int ours = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)state;
    output_of("echo /proc/self/fd/*", (struct nf_spawn){0}, text, sizeof text);
    /* The last one is the folder that the shell itself reads. */
    assert_string_equal(text, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n");
    close(ours);
}

static void no_signal_is_blocked_in_it(void **state)
{
    char text[256];
    sigset_t blocked, before;
    (void)state;
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    output_of("exec grep SigBlk /proc/self/status", (struct nf_spawn){0}, text, sizeof text);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(text, "SigBlk:\t0000000000000000\n");
}

static void a_program_that_cannot_run_says_why(void **state)
{
    int is_exec;
    (void)state;
    assert_true(start("", -1, &is_exec, (struct nf_spawn){.path = "/does/not/exist"}) < 0);
    assert_int_equal(errno, ENOENT);
    assert_true(is_exec);
    assert_true(start("", -1, &is_exec, (struct nf_spawn){.path = "/etc/passwd"}) < 0);
    assert_int_equal(errno, EACCES);
    assert_true(start("", -1, &is_exec, (struct nf_spawn){.directory = "/does/not/exist"}) < 0);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void wait_for_descendants(size_t count)
{
    struct nf_descendants list = {0};
    for (int i = 0; i < 500 && list.count != count; i++) {
        usleep(10000);
        assert_int_equal(nf_descendants_find(&list, getpid()), 0);
    }
    assert_int_equal(list.count, count);
    nf_descendants_clear(&list);
}

static void sessions_of_their_own_hide_nobody(void **state)
{
    int is_exec;
    size_t left;
    (void)state;
    pid_t pid = start("setsid sh -c 'sleep 600 & exec sleep 600' & exec sleep 600", -1, &is_exec,
                      (struct nf_spawn){0});
    assert_true(pid > 0);
    wait_for_descendants(3);
    assert_int_equal(nf_descendants_end(NULL, &left), 3);
    assert_int_equal(left, 0);
    wait_for_descendants(0);
}

static void who_ignores_sigterm_or_is_stopped_ends_too(void **state)
{
    int is_exec;
    size_t left;
    (void)state;
    pid_t deaf =
        start("trap '' TERM; while :; do sleep 600; done", -1, &is_exec, (struct nf_spawn){0});
    pid_t stopped = start("exec sleep 600", -1, &is_exec, (struct nf_spawn){0});
    kill(stopped, SIGSTOP);
    assert_true(deaf > 0 && stopped > 0);
    wait_for_descendants(3);
    nf_descendants_end(NULL, &left);
    assert_int_equal(left, 0);
    wait_for_descendants(0);
}

static void memory_of_a_task_is_that_of_its_tree(void **state)
{
    int is_exec;
    uint64_t bytes = 0;
    (void)state;
    pid_t pid = start("sh -c 'x=$(head -c 30000000 /dev/zero | tr \"\\0\" x); sleep 600' & wait",
                      -1, &is_exec, (struct nf_spawn){0});
    assert_true(pid > 0);
    for (int i = 0; i < 1500 && bytes < 30000000; i++) {
        usleep(10000);
        bytes = nf_task_memory(pid, 0);
    }
    assert_true(bytes >= 30000000);
    assert_true(nf_task_memory(pid, UINT64_MAX) >= bytes);
    nf_descendants_end(NULL, NULL);
}

static void the_kernel_holds_a_group_to_its_limit(void **state)
{
    struct nf_memory_group group;
    int is_exec, status;
    uint64_t peak;
    (void)state;
    if (nf_memory_group_open(&group, getpid(), 1) < 0)
        skip(); /* no memory cgroup may be made here */
    assert_int_equal(nf_memory_group_begin(&group, 30 << 20), 0);
    pid_t pid = start("(head -c 200000000 /dev/zero | tail -n 1 | wc -c) >/dev/null 2>&1", -1,
                      &is_exec, (struct nf_spawn){.group_fd = {group.processes}});
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(nf_memory_group_end(&group, &peak));
    assert_true(peak > 25 << 20 && peak <= 30 << 20);
    nf_descendants_end(NULL, NULL);
    char name[sizeof group.name];
    strcpy(name, group.name);
    nf_memory_group_close(&group);
    assert_int_not_equal(access(name, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_leads_its_group_in_its_folder),
        cmocka_unit_test(no_file_of_ours_is_open_in_it),
        cmocka_unit_test(no_signal_is_blocked_in_it),
        cmocka_unit_test(a_program_that_cannot_run_says_why),
        cmocka_unit_test(sessions_of_their_own_hide_nobody),
        cmocka_unit_test(who_ignores_sigterm_or_is_stopped_ends_too),
        cmocka_unit_test(memory_of_a_task_is_that_of_its_tree),
        cmocka_unit_test(the_kernel_holds_a_group_to_its_limit),
    };
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int fd = 3; fd < 1024; fd++) /* what the harness left open is not what is tested */
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
