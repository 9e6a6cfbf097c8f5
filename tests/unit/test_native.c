/* The compiler as a child process: found, run, killed, and what it made loaded; nothing stays on
 * disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native.h"

static char folder[] = "/tmp/nfold-test-XXXXXX";
static char compiler[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    unsetenv("NFOLD_CC");
    if (!mkdtemp(folder) || nf_native_find(NULL, compiler, sizeof compiler, NULL) < 0)
        return -1;
    return setenv("TMPDIR", folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder); /* fails if something was left in it */
}

static int is_empty(const char *path)
{
    int count = 0;
    DIR *entries = opendir(path);
    while (entries && readdir(entries))
        count++;
    closedir(entries);
    return count == 2;
}

static int compile(const char *source, struct nfold_buffer *object, nfold_error *err)
{
    const struct nf_native_job job = {.compiler = compiler, .source = source};
    return nf_native_compile(&job, object, err);
}

/* Compiles "int f(void)" that returns n, loads it and calls it. */
static void *load_number(int n, int *result)
{
    char source[128];
    struct nfold_buffer object = {0};
    nfold_error err = {0};
    void *handle = NULL;
    snprintf(source, sizeof source,
             "__attribute__((visibility(\"default\"))) int f(void) { return %d; }", n);
    if (compile(source, &object, &err) < 0 ||
        nf_native_load(object.data, object.size, &handle, &err) < 0)
        fail_msg("%s\n%s", err.message, err.detail);
    nf_buffer_clear(&object);
    int (*f)(void);
    *(void **)&f = nf_native_symbol(handle, "f");
    assert_non_null(f);
    assert_null(nf_native_symbol(handle, "no_such_symbol"));
    *result = f();
    return handle;
}

static void two_objects_are_loaded_at_once_and_apart(void **state)
{
    int one, two, three;
    (void)state;
    void *first = load_number(1, &one), *second = load_number(2, &two);
    nf_native_unload(first);
    void *third = load_number(3, &three);
    assert_int_equal(one, 1);
    assert_int_equal(two, 2);
    assert_int_equal(three, 3);
    nf_native_unload(second);
    nf_native_unload(third);
    nf_native_unload(NULL);
    assert_true(is_empty(folder));
}

static void a_mistake_is_shown_in_the_compiler_s_words(void **state)
{
    struct nfold_buffer object = {0};
    nfold_error err = {0};
    (void)state;
    assert_int_equal(compile("int f(void) { return y; }", &object, &err), NFOLD_E_BODY);
    assert_non_null(strstr(err.detail, "<stdin>:1:"));
    assert_non_null(strstr(err.detail, "undeclared"));
    assert_int_equal(object.size, 0);
    assert_true(is_empty(folder));
}

static void a_very_long_complaint_and_a_long_source_do_not_block(void **state)
{
    struct nfold_buffer source = {0}, object = {0};
    nfold_error err = {0};
    (void)state;
    for (int i = 0; i < 10000; i++)
        nf_buffer_string(&source, "/* more than the 64 kB that a pipe takes */\n");
    for (int i = 0; i < 700; i++)
        nf_buffer_string(&source, "int missing = *(int *)&missing + *;\n");
    assert_int_equal(compile(nf_buffer_text(&source), &object, &err), NFOLD_E_BODY);
    assert_true(strlen(err.detail) > 100);
    nf_buffer_clear(&source);
}

static void an_unusable_temporary_folder_is_passed_over(void **state)
{
    int one;
    (void)state;
    setenv("TMPDIR", "/proc/no-such-folder", 1);
    nf_native_unload(load_number(1, &one));
    setenv("TMPDIR", "relative", 1);
    nf_native_unload(load_number(1, &one));
    setenv("TMPDIR", "/dev/full", 1);
    nf_native_unload(load_number(1, &one));
    setenv("TMPDIR", folder, 1);
}

struct canceller {
    int cancel;
    char pid_path[PATH_MAX + 16];
};

/* The number that the "compiler" writes once it is at work; 0: not yet. */
static int read_pid(const char *path)
{
    FILE *file = fopen(path, "r");
    int pid = 0;
    if (!file)
        return 0;
    if (fscanf(file, "%d", &pid) != 1)
        pid = 0;
    fclose(file);
    return pid;
}

static void *cancel_at_work(void *data)
{
    struct canceller *canceller = data;
    while (read_pid(canceller->pid_path) == 0)
        usleep(1000);
    __atomic_store_n(&canceller->cancel, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* A "compiler" that never ends and has a child of its own. */
static void write_slow_compiler(const char *script)
{
    FILE *file = fopen(script, "w");
    fprintf(file, "#!/bin/sh\nsleep 1000 & echo $! > %s/pid; wait\n", folder);
    fclose(file);
    chmod(script, 0700);
}

static void check_killed(int is_by_program)
{
    char script[PATH_MAX + 16];
    struct canceller canceller = {.cancel = 0};
    pthread_t thread;
    struct nfold_buffer object = {0};
    nfold_error err = {0};
    struct nf_native_job job = {.compiler = script, .source = "int x;"};
    *(is_by_program ? &job.stop : &job.cancel) = &canceller.cancel;
    snprintf(script, sizeof script, "%s/slow", folder);
    write_slow_compiler(script);
    snprintf(canceller.pid_path, sizeof canceller.pid_path, "%s/pid", folder);
    pthread_create(&thread, NULL, cancel_at_work, &canceller);
    int rc = nf_native_compile(&job, &object, &err);
    pthread_join(thread, NULL);
    unlink(script);
    int pid = read_pid(canceller.pid_path);
    unlink(canceller.pid_path);
    assert_int_equal(rc, NFOLD_E_STOPPED);
    for (int i = 0; i < 6000 && kill(pid, 0) == 0; i++) {
        char stat_path[64], text[256] = "";
        snprintf(stat_path, sizeof stat_path, "/proc/%d/stat", pid);
        int fd = open(stat_path, O_RDONLY);
        if (fd < 0 || read(fd, text, sizeof text - 1) <= 0 || strstr(text, ") Z "))
            pid = 0; /* gone, or dead and not yet collected by whoever is init here */
        if (fd >= 0)
            close(fd);
        if (!pid)
            break;
        usleep(10000);
    }
    assert_true(pid == 0 || kill(pid, 0) < 0);
    assert_true(is_empty(folder));
}

static void a_cancelled_compiler_is_killed_with_its_children(void **state)
{
    (void)state;
    check_killed(0);
    check_killed(1);
}

static int count_compiling(void)
{
    int count = 0;
    struct dirent *entry;
    DIR *entries = opendir(folder);
    while (entries && (entry = readdir(entries)))
        count += strncmp(entry->d_name, ".nfold-compile-", 15) == 0;
    closedir(entries);
    return count;
}

static void what_a_killed_process_left_goes_with_the_next_compilation(void **state)
{
    char script[PATH_MAX + 16], pid_path[PATH_MAX + 16];
    int sleeping, one = 0;
    (void)state;
    snprintf(script, sizeof script, "%s/slow", folder);
    snprintf(pid_path, sizeof pid_path, "%s/pid", folder);
    write_slow_compiler(script);
    pid_t maker = fork();
    if (maker == 0) {
        struct nfold_buffer object = {0};
        const struct nf_native_job job = {.compiler = script, .source = "int x;"};
        nf_native_compile(&job, &object, NULL);
        _exit(0);
    }
    while ((sleeping = read_pid(pid_path)) == 0)
        usleep(1000);
    nf_native_unload(load_number(1, &one)); /* leaves alone what somebody works in */
    assert_int_equal(one, 1);
    assert_int_equal(count_compiling(), 1);
    kill(maker, SIGKILL);
    waitpid(maker, NULL, 0);
    kill(sleeping, SIGKILL);
    assert_int_equal(count_compiling(), 1);
    nf_native_unload(load_number(1, &one));
    assert_int_equal(count_compiling(), 0);
    unlink(script);
    unlink(pid_path);
    assert_true(is_empty(folder));
}

static void a_program_that_ignores_the_end_of_children_compiles_too(void **state)
{
    int one = 0;
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    nf_native_unload(load_number(1, &one));
    assert_int_equal(one, 1);
    struct nfold_buffer object = {0};
    assert_int_equal(compile("no C", &object, NULL), NFOLD_E_BODY);
    signal(SIGCHLD, SIG_DFL);
}

static void a_compiler_that_dies_is_told_from_one_that_refuses(void **state)
{
    char script[PATH_MAX + 16];
    struct nfold_buffer object = {0};
    nfold_error err = {0};
    (void)state;
    snprintf(script, sizeof script, "%s/dies", folder);
    FILE *file = fopen(script, "w");
    fprintf(file, "#!/bin/sh\nkill -SEGV $$\n");
    fclose(file);
    chmod(script, 0700);
    struct nf_native_job job = {.compiler = script, .source = ""};
    assert_int_equal(nf_native_compile(&job, &object, &err), NFOLD_E_SYSTEM);
    assert_non_null(strstr(err.message, "signal 11"));
    unlink(script);
    job.compiler = "/no/such/cc";
    assert_true(nf_native_compile(&job, &object, &err) < 0);
    assert_true(is_empty(folder));
}

static void no_compiler_is_said_with_what_to_do(void **state)
{
    char path[PATH_MAX], *saved = strdup(getenv("PATH"));
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_native_find("no-such-compiler", path, sizeof path, &err), NFOLD_E_MISSING);
    assert_non_null(strstr(err.message, "no-such-compiler"));
    setenv("PATH", folder, 1);
    assert_int_equal(nf_native_find(NULL, path, sizeof path, &err), NFOLD_E_MISSING);
    assert_non_null(strstr(err.message, "VM"));
    setenv("PATH", saved, 1);
    setenv("NFOLD_CC", compiler, 1);
    assert_int_equal(nf_native_find(NULL, path, sizeof path, &err), 0);
    assert_string_equal(path, compiler);
    unsetenv("NFOLD_CC");
    free(saved);
}

/* Writing beyond the limit would end this program by SIGXFSZ. */
static void a_limit_on_the_size_of_files_is_an_error(void **state)
{
    struct rlimit before, small;
    struct nfold_buffer object = {0};
    nfold_error err = {0};
    void *handle = NULL;
    (void)state;
    assert_int_equal(compile("int x;", &object, &err), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int compiled = compile("int x;", &object, &err);
    int loaded = nf_native_load(object.data, object.size, &handle, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(compiled, NFOLD_E_SYSTEM);
    assert_non_null(strstr(err.message, "ulimit -f"));
    assert_int_equal(loaded, NFOLD_E_SYSTEM);
    assert_null(handle);
    nf_buffer_clear(&object);
    assert_true(is_empty(folder));
}

static void what_is_no_object_is_not_loaded(void **state)
{
    void *handle = NULL;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_native_load("junk", 4, &handle, &err), NFOLD_E_SYSTEM);
    assert_null(handle);
    assert_true(is_empty(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_objects_are_loaded_at_once_and_apart),
        cmocka_unit_test(a_mistake_is_shown_in_the_compiler_s_words),
        cmocka_unit_test(a_very_long_complaint_and_a_long_source_do_not_block),
        cmocka_unit_test(an_unusable_temporary_folder_is_passed_over),
        cmocka_unit_test(a_cancelled_compiler_is_killed_with_its_children),
        cmocka_unit_test(what_a_killed_process_left_goes_with_the_next_compilation),
        cmocka_unit_test(a_program_that_ignores_the_end_of_children_compiles_too),
        cmocka_unit_test(a_compiler_that_dies_is_told_from_one_that_refuses),
        cmocka_unit_test(no_compiler_is_said_with_what_to_do),
        cmocka_unit_test(a_limit_on_the_size_of_files_is_an_error),
        cmocka_unit_test(what_is_no_object_is_not_loaded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
