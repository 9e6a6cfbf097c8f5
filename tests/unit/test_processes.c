/* Worker processes in a program that uses the library: what goes wrong in a function, in a worker
 * and in the program around them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nfold/nfold.h>

#include "../children.h"

static pid_t host; /* this program, as its copies see it */

static nfold_context *open_context(const char *backend, const char *workers, const char *timeout)
{
    nfold_options *options;
    nfold_context *context;
    nfold_error err;
    assert_int_equal(nfold_options_create(&options, &err), 0);
    assert_int_equal(nfold_options_set(options, "backend", backend, &err), 0);
    assert_int_equal(nfold_options_set(options, "workers", workers, &err), 0);
    /* A compiler would be one more child. */
    assert_int_equal(nfold_options_set(options, "native", "off", &err), 0);
    if (timeout)
        assert_int_equal(nfold_options_set(options, "timeout", timeout, &err), 0);
    if (nfold_open(&context, options, &err) < 0)
        fail_msg("%s", err.message);
    nfold_options_destroy(options);
    return context;
}

static nfold_work integral(nfold_body *body, double n)
{
    return (nfold_work){
        .size = sizeof(nfold_work), .kind = NFOLD_INTEGRATE, .body = body, .a = 0, .b = 1, .n = n};
}

/* Runs a function of this program from 0 to 1 in n steps. */
static int run_function(nfold_context *context, nfold_point_fn *f, void *user, double n,
                        double *value, nfold_error *err)
{
    nfold_report *report = NULL;
    nfold_work work;
    nfold_body *body;
    int rc;
    assert_int_equal(nfold_body_function(&body, f, user, err), 0);
    work = integral(body, n);
    rc = nfold_run(context, &work, &report, err);
    if (report && value)
        *value = report->value;
    nfold_report_free(report);
    nfold_body_close(body);
    return rc;
}

static double square(double x, void *user)
{
    (void)user;
    return x * x;
}

static double value_of_square(void)
{
    double value = 0;
    assert_int_equal(nfold_integrate("x*x", 0, 1, 100000, &value, NULL), 0);
    return value;
}

static void check_square(nfold_context *context)
{
    double value = 0;
    nfold_error err;
    if (run_function(context, square, NULL, 100000, &value, &err) < 0)
        fail_msg("%s", err.message);
    assert_true(value == value_of_square());
}

/* ---- functions that go wrong ----------------------------------------------------------------- */

static double crash_from_half(double x, void *user)
{
    (void)user;
    if (x > 0.5)
        raise(SIGSEGV);
    return x;
}

static double exit_at_the_end(double x, void *user)
{
    (void)user;
    if (x == 1)
        exit(3);
    return x;
}

static double abort_at_zero(double x, void *user)
{
    (void)user;
    if (x == 0)
        abort();
    return x;
}

static double hang_at_quarter(double x, void *user)
{
    (void)user;
    while (x == 0.25)
        usleep(1000);
    return x;
}

static void a_function_that_ends_its_worker_is_named_with_its_item(void **state)
{
    static const struct {
        nfold_point_fn *f;
        const char *item, *cause;
    } cases[] = {{crash_from_half, "(item 50001 of 100001)", "SIGSEGV"},
                 {exit_at_the_end, "(item 100000 of 100001)", "exit(3)"},
                 {abort_at_zero, "(item 0 of 100001)", "SIGABRT"},
                 {hang_at_quarter, "(item 25000 of 100001)", "longer than 0.2 s"}};
    nfold_context *context = open_context("processes", "2", "0.2");
    nfold_error err;
    (void)state;
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_int_equal(run_function(context, cases[k].f, NULL, 100000, NULL, &err),
                         NFOLD_E_POISON);
        if (!strstr(err.message, cases[k].item) || !strstr(err.message, cases[k].cause))
            fail_msg("%s", err.message);
        check_square(context);
    }
    nfold_close(context);
}

/* Crashes once for each flag that is still up: as a worker does that was killed by chance. */
static double crash_once(double x, void *user)
{
    int *flag = user;
    if (x > 0.3 && *flag > 0) {
        (*flag)--;
        raise(SIGKILL);
    }
    return x * x;
}

static void spoil_on_exit(void)
{
    if (getpid() != host)
        fprintf(stderr, "the program's end in a worker\n");
}

static void the_end_of_a_worker_is_not_the_end_of_the_program(void **state)
{
    nfold_context *context;
    nfold_error err;
    (void)state;
    host = getpid();
    atexit(spoil_on_exit);
    context = open_context("processes", "1", NULL);
    assert_int_equal(run_function(context, exit_at_the_end, NULL, 100, NULL, &err), NFOLD_E_POISON);
    assert_string_equal(err.detail, "");
    nfold_close(context);
}

static void a_function_that_recovers_costs_nothing_but_time(void **state)
{
    nfold_context *context = open_context("processes", "2", NULL);
    void *flag;
    double value = 0;
    nfold_error err;
    (void)state;
    assert_int_equal(nfold_shared_alloc(&flag, sizeof(int), &err), 0);
    for (int deaths = 1; deaths <= 3; deaths++) {
        *(int *)flag = deaths;
        if (run_function(context, crash_once, flag, 100000, &value, &err) < 0)
            fail_msg("%d deaths: %s", deaths, err.message);
        assert_true(value == value_of_square());
        assert_int_equal(*(int *)flag, 0);
    }
    nfold_shared_free(flag, sizeof(int));
    nfold_close(context);
}

static double speak_and_crash(double x, void *user)
{
    (void)user;
    if (x > 0.75) {
        fprintf(stderr, "not here\n");
        abort();
    }
    return x;
}

static void what_a_worker_said_comes_with_its_name(void **state)
{
    nfold_context *context = open_context("processes", "1", NULL);
    nfold_error err;
    (void)state;
    assert_int_equal(run_function(context, speak_and_crash, NULL, 1000, NULL, &err),
                     NFOLD_E_POISON);
    assert_string_equal(err.detail, "worker 0: not here\n");
    nfold_close(context);
}

/* ---- output ---------------------------------------------------------------------------------- */

struct output {
    double *square;
    int *deaths;
};

static int write_squares(void *user, uint64_t first, uint64_t last)
{
    const struct output *output = user;
    for (uint64_t i = first; i < last; i++) {
        if (i == 7777 && *output->deaths > 0) {
            (*output->deaths)--;
            raise(SIGKILL);
        }
        output->square[i] = (double)i * (double)i;
    }
    return 0;
}

static void a_loop_writes_what_its_caller_reads(void **state)
{
    enum { ITEMS = 20000 };
    nfold_context *context = open_context("processes", "3", NULL);
    struct output output;
    void *squares, *deaths;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_FOR, .n = ITEMS};
    nfold_error err;
    (void)state;
    assert_int_equal(nfold_shared_alloc(&squares, ITEMS * sizeof(double), &err), 0);
    assert_int_equal(nfold_shared_alloc(&deaths, sizeof(int), &err), 0);
    output = (struct output){squares, deaths};
    assert_int_equal(nfold_body_range(&work.body, write_squares, &output, &err), 0);
    assert_int_equal(nfold_run(context, &work, NULL, &err), NFOLD_E_USAGE);
    nfold_body_close(work.body);
    assert_int_equal(nfold_body_range_shared(&work.body, write_squares, &output, &err), 0);
    *output.deaths = 2;
    if (nfold_run(context, &work, NULL, &err) < 0)
        fail_msg("%s", err.message);
    for (int i = 0; i < ITEMS; i++)
        assert_true(output.square[i] == (double)i * i);
    *output.deaths = 1000;
    assert_int_equal(nfold_run(context, &work, NULL, &err), NFOLD_E_POISON);
    assert_non_null(strstr(err.message, "item 7777 of 20000"));
    nfold_body_close(work.body);
    nfold_shared_free(squares, ITEMS * sizeof(double));
    nfold_shared_free(deaths, sizeof(int));
    nfold_close(context);
}

/* ---- the program around ---------------------------------------------------------------------- */

static double integrate_inside(double x, void *user)
{
    double value = 0;
    (void)user;
    return nfold_integrate("x*x", 0, 1, 100, &value, NULL) < 0 ? -1 : value + 0 * x;
}

static double run_same_context(double x, void *user)
{
    nfold_body *body;
    nfold_work work;
    nfold_error err;
    int rc;
    nfold_body_function(&body, square, NULL, NULL);
    work = integral(body, 10);
    rc = nfold_run(user, &work, NULL, &err);
    nfold_body_close(body);
    return rc == NFOLD_E_USAGE && strstr(err.message, "being run") ? 1 : x - 1;
}

static double note_of_inside(double x, void *user)
{
    nfold_context *context;
    nfold_report *report = NULL;
    nfold_body *body;
    nfold_work work;
    int is_said = 0;
    (void)user, (void)x;
    nfold_body_function(&body, square, NULL, NULL);
    work = integral(body, 10);
    if (nfold_open(&context, NULL, NULL) == 0 && nfold_run(context, &work, &report, NULL) == 0)
        is_said = strstr(report->note, "serial") != NULL && strcmp(report->backend, "serial") == 0;
    nfold_report_free(report);
    nfold_close(context);
    nfold_body_close(body);
    return is_said;
}

static void a_run_inside_a_function_is_serial_and_says_so(void **state)
{
    static const char *const backends[] = {"serial", "threads", "processes"};
    double inside = 0, value = 0;
    (void)state;
    assert_int_equal(nfold_integrate("x*x", 0, 1, 100, &inside, NULL), 0);
    for (unsigned k = 0; k < 3; k++) {
        nfold_context *context = open_context(backends[k], "2", NULL);
        assert_int_equal(run_function(context, integrate_inside, NULL, 200, &value, NULL), 0);
        assert_true(fabs(value - inside) < 1e-15);
        assert_int_equal(run_function(context, run_same_context, context, 20, &value, NULL), 0);
        assert_true(value == 1);
        assert_int_equal(run_function(context, note_of_inside, NULL, 20, &value, NULL), 0);
        assert_true(value == 1);
        nfold_close(context);
    }
}

static void a_forked_program_goes_on(void **state)
{
    static const char *const backends[] = {"serial", "threads", "processes"};
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        nfold_context *context = open_context(backends[k], "2", NULL);
        int status;
        pid_t copy;
        check_square(context);
        copy = fork();
        if (copy == 0) {
            double value = 0, expected = 1.0 / 3;
            int rc = run_function(context, square, NULL, 100000, &value, NULL);
            nfold_close(context);
            _exit(rc == 0 && fabs(value - expected) < 1e-9 ? 0 : 1);
        }
        check_square(context);
        assert_int_equal(waitpid(copy, &status, 0), copy);
        assert_int_equal(status, 0);
        check_square(context);
        nfold_close(context);
    }
}

static void a_program_that_ignores_its_children_gets_its_answer(void **state)
{
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    nfold_context *context = open_context("processes", "2", NULL);
    nfold_error err;
    (void)state;
    check_square(context);
    assert_int_equal(run_function(context, crash_from_half, NULL, 100000, NULL, &err),
                     NFOLD_E_POISON);
    assert_non_null(strstr(err.message, "SIGSEGV"));
    nfold_close(context);
    signal(SIGCHLD, before);
}

static void a_program_that_closes_all_files_gets_its_answer(void **state)
{
    nfold_context *context = open_context("processes", "2", NULL);
    pid_t child[CHILDREN_MAX];
    int kept;
    (void)state;
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    kept = memfd_create("mine", 0); /* takes a number that was nfold's */
    assert_int_equal(write(kept, "mine", 4), 4);
    check_square(context);
    for (int fd = kept + 1; fd < 256; fd++)
        close(fd);
    nfold_close(context);
    assert_int_equal(lseek(kept, 0, SEEK_CUR), 4);
    close(kept);
    assert_int_equal(find_children(getpid(), 0, child), 0);
}

/* In a copy of the program: 0 if all went well. What nfold has open must not be where the program
 * opens its streams again. */
static int run_without_streams(void)
{
    nfold_context *context;
    double value = 0;
    int rc;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    context = open_context("processes", "2", NULL);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (open("/dev/null", O_RDWR) != fd)
            return 2;
    rc = run_function(context, square, NULL, 100000, &value, NULL);
    nfold_close(context);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            return 3;
    return rc == 0 && fabs(value - 1.0 / 3) < 1e-9 ? 0 : 1;
}

static void a_program_without_standard_streams_may_open_them_later(void **state)
{
    int status;
    pid_t copy = fork();
    (void)state;
    if (copy == 0)
        _exit(run_without_streams());
    assert_int_equal(waitpid(copy, &status, 0), copy);
    assert_int_equal(status, 0);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static nfold_context *stopped_context;

static void stop_on_signal(int number)
{
    (void)number;
    nfold_stop(stopped_context);
}

static double slow(double x, void *user)
{
    (void)user;
    usleep(1000);
    return x;
}

static void a_signal_handler_stops_a_run(void **state)
{
    /* Again and again: a stop before the run begins stops nothing. */
    const struct itimerval soon = {.it_value = {.tv_usec = 200000},
                                   .it_interval = {.tv_usec = 200000}};
    const struct itimerval never = {.it_value = {.tv_usec = 0}};
    nfold_error err;
    (void)state;
    stopped_context = open_context("processes", "2", NULL);
    signal(SIGALRM, stop_on_signal);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(run_function(stopped_context, slow, NULL, 100000, NULL, &err),
                     NFOLD_E_STOPPED);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    check_square(stopped_context);
    nfold_close(stopped_context);
}

static void *stop_soon(void *context)
{
    uint64_t done = 0;
    while (done == 0) {
        usleep(20000);
        nfold_progress(context, &done, NULL);
    }
    nfold_stop(context);
    return NULL;
}

static void another_thread_stops_a_run(void **state)
{
    nfold_context *context;
    nfold_report *report = NULL;
    nfold_body *body;
    nfold_work work;
    nfold_error err;
    pthread_t thread;
    (void)state;
    context = open_context("processes", "2", NULL);
    assert_int_equal(nfold_body_open(&body, "sin(x)*exp(-x)", "x", NULL, &err), 0);
    work = integral(body, 1e13);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, context), 0);
    assert_int_equal(nfold_run(context, &work, &report, &err), NFOLD_E_STOPPED);
    assert_non_null(report);
    assert_true(report->items_done > 0 && report->items_done < report->items);
    assert_true(report->wall < 2);
    pthread_join(thread, NULL);
    nfold_report_free(report);
    nfold_body_close(body);
    nfold_close(context);
}

/* ---- nothing is left behind ------------------------------------------------------------------ */

static int is_alive(pid_t pid)
{
    char path[64], word[32], state = 'Z';
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*d %31s %c", word, &state) != 2)
        state = 'Z';
    fclose(file);
    return state != 'Z';
}

static void *wait_for_ever(void *argument)
{
    pause();
    return argument;
}

/* A program in the middle of a run, with or without threads. */
static pid_t start_host(int has_threads)
{
    pid_t started = fork();
    if (started == 0) {
        nfold_context *context;
        nfold_body *body;
        nfold_work work;
        pthread_t thread;
        if (has_threads)
            pthread_create(&thread, NULL, wait_for_ever, NULL);
        context = open_context("processes", "3", NULL);
        nfold_body_open(&body, "sin(x)*exp(-x)", "x", NULL, NULL);
        work = integral(body, 1e13);
        nfold_run(context, &work, NULL, NULL);
        _exit(0);
    }
    return started;
}

static void check_kill_of_host(int has_threads)
{
    pid_t victim = start_host(has_threads), child[CHILDREN_MAX];
    unsigned count = 0, alive = 0;
    for (int tries = 0; tries < 3000 && count < 3; tries++) {
        usleep(20000);
        count = find_children(victim, 0, child);
    }
    assert_int_equal(count, 3);
    usleep(50000);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    for (int tries = 0; tries < 3000; tries++) {
        alive = 0;
        for (unsigned k = 0; k < count; k++)
            alive += (unsigned)is_alive(child[k]);
        if (alive == 0)
            return;
        usleep(20000);
    }
    fail_msg("%u of %u workers outlived their caller", alive, count);
}

static void workers_die_with_their_caller(void **state)
{
    (void)state;
    if (access("/proc/self/stat", R_OK) != 0)
        skip();
    check_kill_of_host(0);
    if (getenv("NFOLD_WORKER"))
        check_kill_of_host(1);
}

static void closing_leaves_no_process(void **state)
{
    pid_t child[CHILDREN_MAX];
    nfold_context *context = open_context("processes", "4", NULL);
    (void)state;
    assert_int_equal(find_children(getpid(), 0, child), 4);
    nfold_close(context);
    assert_int_equal(find_children(getpid(), 0, child), 0);
}

/* The thread sanitizer has a thread of its own: then no function of this program can be forked. */
#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define MAY_FORK 0
#else
#define MAY_FORK 1
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_that_ends_its_worker_is_named_with_its_item),
        cmocka_unit_test(the_end_of_a_worker_is_not_the_end_of_the_program),
        cmocka_unit_test(a_function_that_recovers_costs_nothing_but_time),
        cmocka_unit_test(what_a_worker_said_comes_with_its_name),
        cmocka_unit_test(a_loop_writes_what_its_caller_reads),
        cmocka_unit_test(a_run_inside_a_function_is_serial_and_says_so),
        cmocka_unit_test(a_forked_program_goes_on),
        cmocka_unit_test(a_program_that_ignores_its_children_gets_its_answer),
        cmocka_unit_test(a_program_that_closes_all_files_gets_its_answer),
        cmocka_unit_test(a_program_without_standard_streams_may_open_them_later),
        cmocka_unit_test(a_signal_handler_stops_a_run),
        cmocka_unit_test(another_thread_stops_a_run),
        cmocka_unit_test(workers_die_with_their_caller),
        cmocka_unit_test(closing_leaves_no_process),
    };
    if (!MAY_FORK) {
        puts("1..0 # SKIP the thread sanitizer has a thread of its own");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
