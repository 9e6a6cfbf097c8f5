/* A spawner runs what it is asked, on its slot's CPUs, and tells what became of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawner.h"

struct scene {
    struct nf_spawner spawner;
    pthread_mutex_t lock;
    int ends[2], out[2];
    volatile pid_t born;
    sigset_t none;
    char *argv[4];
    unsigned again; /* how often the same is asked for once more where an end is told */
};

static struct nf_spawn spawn_of(struct scene *scene, const char *path)
{
    return (struct nf_spawn){.path = path,
                             .argv = scene->argv,
                             .envp = environ,
                             .fd = {-1, dup(scene->out[1]), dup(scene->out[1])},
                             .group_fd = {-1, -1},
                             .mask = &scene->none,
                             .born = &scene->born};
}

static void told(void *user, unsigned index, const struct nf_spawner_end *end)
{
    struct scene *scene = user;
    assert_int_equal(index, 6);
    assert_int_equal(pthread_mutex_trylock(&scene->lock), EBUSY);
    assert_int_equal(write(scene->ends[1], end, sizeof *end), sizeof *end);
    if (scene->again > 0) {
        scene->again--;
        struct nf_spawn spawn = spawn_of(scene, "/bin/sh");
        nf_spawner_ask(&scene->spawner, &spawn);
    }
}

static void open_scene(struct scene *scene, const cpu_set_t *cpus)
{
    *scene = (struct scene){.lock = PTHREAD_MUTEX_INITIALIZER};
    sigemptyset(&scene->none);
    assert_int_equal(pipe2(scene->ends, O_CLOEXEC), 0);
    assert_int_equal(pipe2(scene->out, O_CLOEXEC), 0);
    scene->spawner = (struct nf_spawner){.cpus = cpus,
                                         .cpus_size = sizeof *cpus,
                                         .index = 6,
                                         .told = told,
                                         .user = scene,
                                         .lock = &scene->lock};
    assert_int_equal(nf_spawner_open(&scene->spawner), 0);
}

static void close_scene(struct scene *scene)
{
    nf_spawner_dismiss(&scene->spawner);
    nf_spawner_close(&scene->spawner);
    close(scene->ends[0]);
    close(scene->ends[1]);
    close(scene->out[0]);
    if (scene->out[1] >= 0)
        close(scene->out[1]);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void ask(struct scene *scene, const char *path, const char *line)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    memcpy(scene->argv, argv, sizeof argv);
    scene->born = 0;
    struct nf_spawn spawn = spawn_of(scene, path);
    nf_spawner_ask(&scene->spawner, &spawn);
}

/* All that tasks printed: the end of it comes only if the spawner closed its ends. */
static void read_out(struct scene *scene, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got;
    close(scene->out[1]);
    scene->out[1] = -1;
    while ((got = read(scene->out[0], text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
}

static struct nf_spawner_end end_of(struct scene *scene)
{
    struct nf_spawner_end end;
    assert_int_equal(read(scene->ends[0], &end, sizeof end), sizeof end);
    nf_spawner_release(&end);
    return end;
}

static void a_task_is_run_and_its_end_is_told(void **state)
{
    struct scene scene;
    char text[256], wanted[256] = "";
    (void)state;
    open_scene(&scene, NULL);
    for (int i = 1; i <= 3; i++) {
        ask(&scene, "/bin/sh", "echo $$; exit 3");
        struct nf_spawner_end end = end_of(&scene);
        assert_int_equal(end.cause, 0);
        assert_true(WIFEXITED(end.status));
        assert_int_equal(WEXITSTATUS(end.status), 3);
        assert_true(end.usage.ru_maxrss > 0);
        assert_int_equal(end.pid, scene.born);
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%d\n", (int)end.pid);
    }
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, wanted);
    close_scene(&scene);
}

static void the_next_start_may_be_asked_for_where_an_end_is_told(void **state)
{
    struct scene scene;
    char text[256];
    (void)state;
    open_scene(&scene, NULL);
    scene.again = 3;
    ask(&scene, "/bin/sh", "echo one");
    for (int i = 0; i < 4; i++)
        assert_int_equal(end_of(&scene).status, 0);
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "one\none\none\none\n");
    close_scene(&scene);
}

static void a_task_that_is_killed_is_told_with_its_signal(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, NULL);
    ask(&scene, "/bin/sh", "kill -9 $$");
    struct nf_spawner_end end = end_of(&scene);
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGKILL);
    close_scene(&scene);
}

static void a_process_keeps_its_number_until_it_is_released(void **state)
{
    struct scene scene;
    struct nf_spawner_end end;
    (void)state;
    open_scene(&scene, NULL);
    ask(&scene, "/bin/sh", "exit 0");
    assert_int_equal(read(scene.ends[0], &end, sizeof end), sizeof end);
    assert_int_equal(kill(end.pid, 0), 0);
    nf_spawner_release(&end);
    assert_int_equal(waitpid(end.pid, NULL, WNOHANG), -1);
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
    ask(&scene, "/bin/sh", "exec grep Cpus_allowed_list /proc/self/status");
    end_of(&scene);
    read_out(&scene, text, sizeof text);
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
    ask(&scene, "/does/not/exist", "");
    assert_int_equal(WEXITSTATUS(end_of(&scene).status), 127);
    ask(&scene, "/etc/passwd", "");
    assert_int_equal(WEXITSTATUS(end_of(&scene).status), 126);
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "nfold: /does/not/exist: No such file or directory\n"
                              "nfold: /etc/passwd: Permission denied\n");
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
    ask(&scene, path, "one word");
    assert_int_equal(end_of(&scene).status, 0);
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "one word\n");
    close_scene(&scene);
    unlink(path);
}

static void who_is_dismissed_waits_for_its_task(void **state)
{
    struct scene scene;
    char text[256];
    (void)state;
    open_scene(&scene, NULL);
    ask(&scene, "/bin/sh", "sleep 0.1; echo whole");
    nf_spawner_dismiss(&scene.spawner);
    nf_spawner_close(&scene.spawner);
    assert_int_equal(end_of(&scene).status, 0);
    read_out(&scene, text, sizeof text);
    assert_string_equal(text, "whole\n");
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_run_and_its_end_is_told),
        cmocka_unit_test(the_next_start_may_be_asked_for_where_an_end_is_told),
        cmocka_unit_test(a_task_that_is_killed_is_told_with_its_signal),
        cmocka_unit_test(a_process_keeps_its_number_until_it_is_released),
        cmocka_unit_test(a_task_has_the_cpus_of_its_slot),
        cmocka_unit_test(a_program_that_cannot_run_says_why_as_a_shell_does),
        cmocka_unit_test(a_file_without_a_format_is_a_script_of_sh),
        cmocka_unit_test(who_is_dismissed_waits_for_its_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
