/* A spawner runs what it is asked, on its slot's CPUs, and says what became of it; who kills it
 * makes its task ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawner.h"

struct scene {
    struct nf_spawner spawner;
    int replies[2], out[2];
    volatile pid_t *born;
    struct nf_task_environment environment;
    struct nf_slot slot;
    sigset_t none;
};

static void open_scene(struct scene *scene, const cpu_set_t *cpus)
{
    *scene = (struct scene){.slot = {.number = 7, .cpu_count = 1}};
    sigemptyset(&scene->none);
    assert_int_equal(pipe2(scene->replies, O_CLOEXEC), 0);
    scene->born =
        mmap(NULL, sizeof *scene->born, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal((void *)(uintptr_t)scene->born, MAP_FAILED);
    assert_true(nf_task_environment_make(&scene->environment, environ, &scene->slot, getpid(), NULL,
                                         NULL) >= 0);
    const struct nf_spawn fixed = {.envp = scene->environment.envp,
                                   .cpus = cpus,
                                   .cpus_size = sizeof *cpus,
                                   .mask = &scene->none,
                                   .born = scene->born};
    assert_int_equal(
        nf_spawner_open(&scene->spawner, 6, scene->replies[1], &fixed, &scene->environment), 0);
    assert_true(scene->spawner.pid > 0);
}

static void close_scene(struct scene *scene)
{
    nf_spawner_close(&scene->spawner);
    nf_task_environment_clear(&scene->environment);
    munmap((void *)(uintptr_t)scene->born, sizeof *scene->born);
    close(scene->replies[0]);
    close(scene->replies[1]);
    /* A task whose end was told, but that was not waited for yet, has become ours. */
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    assert_int_equal(errno, ECHILD);
}

static int ask(struct scene *scene, const char *path, const char *line, uint64_t sequence)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    assert_int_equal(pipe2(scene->out, O_CLOEXEC), 0);
    const struct nf_spawn spawn = {.path = path,
                                   .argv = argv,
                                   .fd = {-1, scene->out[1], dup(scene->out[1])},
                                   .group_fd = {-1, -1}};
    return nf_spawner_ask(&scene->spawner, &spawn, sequence, (unsigned)sequence + 40);
}

/* All that the task printed: the end of it comes only if the spawner closed its ends. */
static void read_out(struct scene *scene, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got;
    while ((got = read(scene->out[0], text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(scene->out[0]);
}

static struct nf_spawner_reply reply_of(struct scene *scene)
{
    struct nf_spawner_reply reply;
    assert_int_equal(read(scene->replies[0], &reply, sizeof reply), sizeof reply);
    assert_int_equal(reply.index, 6);
    return reply;
}

static void a_task_is_run_and_its_end_is_told(void **state)
{
    struct scene scene;
    char text[256], wanted[256];
    (void)state;
    open_scene(&scene, NULL);
    for (int i = 1; i <= 3; i++) {
        assert_true(ask(&scene, "/bin/sh", "echo $PARALLEL_SEQ $PARALLEL_JOBSLOT $$; exit 3", i));
        read_out(&scene, text, sizeof text);
        struct nf_spawner_reply reply = reply_of(&scene);
        assert_int_equal(reply.cause, 0);
        assert_int_equal(reply.turn, i + 40);
        assert_true(WIFEXITED(reply.status));
        assert_int_equal(WEXITSTATUS(reply.status), 3);
        assert_true(reply.usage.ru_maxrss > 0);
        snprintf(wanted, sizeof wanted, "%d 7 %d\n", i, (int)*scene.born);
        assert_string_equal(text, wanted);
    }
    close_scene(&scene);
}

static void a_task_has_the_cpus_of_its_slot(void **state)
{
    struct scene scene;
    cpu_set_t ours, last;
    char text[256], wanted[64];
    int cpu = CPU_SETSIZE - 1;
    (void)state;
    sched_getaffinity(0, sizeof ours, &ours);
    while (!CPU_ISSET(cpu, &ours))
        cpu--;
    CPU_ZERO(&last);
    CPU_SET(cpu, &last);
    open_scene(&scene, &last);
    assert_true(ask(&scene, "/bin/sh", "exec grep Cpus_allowed_list /proc/self/status", 1));
    read_out(&scene, text, sizeof text);
    reply_of(&scene);
    snprintf(wanted, sizeof wanted, "Cpus_allowed_list:\t%d\n", cpu);
    assert_string_equal(text, wanted);
    close_scene(&scene);
}

static void a_program_that_cannot_run_says_why_as_a_shell_does(void **state)
{
    struct scene scene;
    char text[256];
    (void)state;
    open_scene(&scene, NULL);
    assert_true(ask(&scene, "/does/not/exist", "", 1));
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "nfold: /does/not/exist: No such file or directory\n");
    assert_int_equal(WEXITSTATUS(reply_of(&scene).status), 127);
    assert_true(ask(&scene, "/etc/passwd", "", 2));
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "nfold: /etc/passwd: Permission denied\n");
    assert_int_equal(WEXITSTATUS(reply_of(&scene).status), 126);
    close_scene(&scene);
}

static void a_file_without_a_format_is_a_script_of_sh(void **state)
{
    struct scene scene;
    char text[256], path[] = "/tmp/test_tasks_spawner.XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "echo \"$2\"\n", 10), 10);
    fchmod(fd, 0700);
    close(fd);
    open_scene(&scene, NULL);
    assert_true(ask(&scene, path, "one word", 1));
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "one word\n");
    assert_int_equal(reply_of(&scene).status, 0);
    close_scene(&scene);
    unlink(path);
}

static void what_is_too_long_for_one_piece_is_not_asked(void **state)
{
    struct scene scene;
    char text[PIPE_BUF + 1];
    (void)state;
    memset(text, ':', PIPE_BUF);
    text[PIPE_BUF] = '\0';
    open_scene(&scene, NULL);
    assert_int_equal(ask(&scene, "/bin/sh", text, 1), 0);
    close(scene.out[1]);
    close(scene.out[0]);
    text[3000] = '\0';
    assert_int_equal(ask(&scene, "/bin/sh", text, 2), 1);
    assert_int_equal(WEXITSTATUS(reply_of(&scene).status), 127);
    close(scene.out[0]);
    close_scene(&scene);
}

static void who_kills_it_makes_its_task_ours(void **state)
{
    struct scene scene;
    int status;
    (void)state;
    open_scene(&scene, NULL);
    assert_true(
        ask(&scene, "/bin/sh", "trap 'exit 5' TERM; echo; while :; do sleep 0.01; done", 1));
    char byte;
    assert_int_equal(read(scene.out[0], &byte, 1), 1); /* the trap is set */
    pid_t task = *scene.born;
    kill(scene.spawner.pid, SIGKILL);
    assert_int_equal(waitpid(scene.spawner.pid, &status, 0), scene.spawner.pid);
    nf_spawner_forget(&scene.spawner);
    assert_int_equal(waitpid(task, &status, 0), task);
    assert_int_equal(WEXITSTATUS(status), 5);
    close(scene.out[0]);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_run_and_its_end_is_told),
        cmocka_unit_test(a_task_has_the_cpus_of_its_slot),
        cmocka_unit_test(a_program_that_cannot_run_says_why_as_a_shell_does),
        cmocka_unit_test(a_file_without_a_format_is_a_script_of_sh),
        cmocka_unit_test(what_is_too_long_for_one_piece_is_not_asked),
        cmocka_unit_test(who_kills_it_makes_its_task_ours),
    };
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
