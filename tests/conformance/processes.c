/* processes.c: worker processes give the bits of the reference, whatever happens to them: any
 * number of workers, forked and spawned, with and without native code, killed at random instants.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../children.h"
#include "problems.h"
#include "registry.h"
#include "runner.h"

#define ROOT_PROBLEM 14 /* of problem_cases: sqrt(x) / (1 + x) */

static const nfold_backend *processes(void)
{
    return nf_backend_find("processes");
}

/* A second thread makes the process one that must not fork. */
struct idle_thread {
    pthread_t thread;
    _Atomic int is_over;
};

static void *idle(void *argument)
{
    struct idle_thread *self = argument;
    while (!atomic_load(&self->is_over))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return NULL;
}

static void idle_start(struct idle_thread *self)
{
    atomic_store(&self->is_over, 0);
    assert_int_equal(pthread_create(&self->thread, NULL, idle, self), 0);
}

static void idle_end(struct idle_thread *self)
{
    atomic_store(&self->is_over, 1);
    pthread_join(self->thread, NULL);
}

static unsigned count_children(void)
{
    pid_t child[CHILDREN_MAX];
    return find_children(getpid(), 0, child);
}

static nfold_work root_work(nfold_body *body, double n)
{
    const struct problem_case *problem = &problem_cases[ROOT_PROBLEM];
    return (nfold_work){
        .kind = NFOLD_INTEGRATE, .body = body, .a = problem->a, .b = problem->b, .n = n};
}

static struct order_result root_reference(double n)
{
    const struct problem_case *problem = &problem_cases[ROOT_PROBLEM];
    return order_v1_integrate(ORDER_TRAPEZOID, problem->f, NULL, problem->a, problem->b,
                              (uint64_t)n);
}

/* Every work through one context: by description, by fork, and small ones by the caller. */
static void check_works(nfold_context *context, int has_callbacks, const char *path)
{
    static const double sizes[] = {1, 31, 1000, 70002, 2097154};
    const struct problem_case *problem = &problem_cases[ROOT_PROBLEM];
    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct order_result expected = root_reference(sizes[k]);
        nfold_body *expression = runner_expression(problem->expression, "x", NULL), *callback;
        nfold_work work = root_work(expression, sizes[k]);
        runner_compare(problem->name, path, sizes[k], runner_run(context, &work), expected);
        assert_int_equal(nfold_body_function(&callback, problem->f, NULL, NULL), 0);
        work.body = callback;
        if (has_callbacks)
            runner_compare(problem->name, path, sizes[k], runner_run(context, &work), expected);
        nfold_body_close(callback);
        nfold_body_close(expression);
    }
}

/* The thread sanitizer has a thread of its own: then no function of this program can be forked. */
static int has_one_thread(void)
{
    struct stat tasks;
    return stat("/proc/self/task", &tasks) < 0 || tasks.st_nlink == 3;
}

static void any_number_of_workers_gives_the_same_bits(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 17; workers++)
        for (int is_native = 0; is_native <= runner_has_compiler(); is_native++) {
            struct path path = {
                .backend = processes(), .workers = workers, .native = is_native ? "on" : "off"};
            nfold_context *context = runner_open(&path);
            char name[64];
            snprintf(name, sizeof name, "%u processes, native %s", workers, path.native);
            check_works(context, has_one_thread(), name);
            nfold_close(context);
        }
    assert_int_equal(count_children(), 0);
}

static void workers_of_a_program_with_threads_give_the_same_bits(void **state)
{
    struct path path = {.backend = processes(), .workers = 3, .native = "auto"};
    struct idle_thread thread;
    nfold_context *context;
    (void)state;
    idle_start(&thread);
    context = runner_open(&path);
    check_works(context, 0, "3 spawned processes");
    nfold_close(context);
    idle_end(&thread);
    assert_int_equal(count_children(), 0);
}

static void a_function_of_a_program_with_threads_is_refused(void **state)
{
    struct path path = {.backend = processes(), .workers = 2};
    struct idle_thread thread;
    nfold_context *context;
    nfold_body *body;
    nfold_work work;
    nfold_error err;
    (void)state;
    idle_start(&thread);
    context = runner_open(&path);
    assert_int_equal(nfold_body_function(&body, problem_cases[ROOT_PROBLEM].f, NULL, NULL), 0);
    work = root_work(body, 1000);
    work.size = sizeof work;
    assert_int_equal(nfold_run(context, &work, NULL, &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "has threads"));
    nfold_body_close(body);
    nfold_close(context);
    idle_end(&thread);
}

static void native_code_reaches_the_workers(void **state)
{
    struct path path = {.backend = processes(), .workers = 2, .native = "on"};
    nfold_context *context;
    (void)state;
    if (!runner_has_compiler())
        skip();
    context = runner_open(&path);
    for (int again = 0; again < 2; again++) {
        nfold_body *body = runner_expression("sqrt(%1$s)/(1+%1$s)", "x", NULL);
        nfold_work work = root_work(body, 0x1p22);
        nfold_report *report;
        work.size = sizeof work;
        assert_int_equal(nfold_run(context, &work, &report, NULL), 0);
        assert_string_equal(report->native, "native");
        nfold_report_free(report);
        nfold_body_close(body);
    }
    nfold_close(context);
}

/* ---- killing --------------------------------------------------------------------------------- */

/* Between two kills, about: a worker must have time to come up, or the backend gives up. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define KILL_US 300000
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define KILL_US 300000
#endif
#endif
#ifndef KILL_US
#define KILL_US 20000
#endif

/* Kills a child of this process now and then; ends with this process at the latest. It is a
 * process: a thread would keep workers from being forked. */
static pid_t start_killer(unsigned kills, unsigned wait_us, int signal_number)
{
    pid_t host = getpid(), killer = fork();
    unsigned seed = 12345;
    if (killer != 0)
        return killer;
    for (unsigned done = 0; done < kills && getppid() == host;) {
        pid_t victim[CHILDREN_MAX];
        unsigned count;
        usleep(wait_us / 2 + (unsigned)rand_r(&seed) % wait_us);
        count = find_children(host, getpid(), victim);
        if (count && kill(victim[(unsigned)rand_r(&seed) % count], signal_number) == 0)
            done++;
    }
    _exit(0);
}

static int is_over(pid_t killer)
{
    int status;
    pid_t ended = waitpid(killer, &status, WNOHANG);
    if (ended == killer)
        assert_int_equal(status, 0);
    return ended == killer;
}

static void check_kills(unsigned workers, int has_threads, const char *native, unsigned kills)
{
    struct path path = {.backend = processes(), .workers = workers, .native = native};
    const double n = 3e7;
    pid_t killer = start_killer(kills, KILL_US, SIGKILL);
    struct idle_thread thread;
    nfold_context *context;
    nfold_body *body = runner_expression("sqrt(%1$s)/(1+%1$s)", "x", NULL);
    nfold_work work = root_work(body, n);
    struct order_result expected = root_reference(n);
    if (has_threads)
        idle_start(&thread);
    context = runner_open(&path);
    do
        runner_compare("root", "killed", n, runner_run(context, &work), expected);
    while (!is_over(killer));
    nfold_close(context);
    if (has_threads)
        idle_end(&thread);
    nfold_body_close(body);
    assert_int_equal(count_children(), 0);
}

static unsigned kills_wanted(void)
{
    const char *text = getenv("NFOLD_TEST_KILLS");
    return text ? (unsigned)atoi(text) : 16;
}

static void a_killed_worker_changes_no_bit(void **state)
{
    unsigned kills = kills_wanted() / 4;
    (void)state;
    if (access("/proc/self/stat", F_OK) != 0)
        skip();
    check_kills(2, 0, "off", kills);
    check_kills(3, 0, "auto", kills);
    check_kills(2, 1, "off", kills);
    check_kills(5, 1, "auto", kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_workers_gives_the_same_bits),
        cmocka_unit_test(workers_of_a_program_with_threads_give_the_same_bits),
        cmocka_unit_test(a_function_of_a_program_with_threads_is_refused),
        cmocka_unit_test(native_code_reaches_the_workers),
        cmocka_unit_test(a_killed_worker_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
