/* Times, as options and Slurm write them; a clock that is set does not move the end of a job. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "duration.h"
#include "gate.h"
#include "ladder.h"
#include "options.h"
#include "statistics.h"
#include "timeout.h"
#include "walltime.h"

static nfold_options *make(const char *name, const char *value)
{
    nfold_options *options;
    nfold_error err = {0};
    assert_int_equal(nf_options_new(&options, &err), 0);
    assert_int_equal(nf_options_add(options, nf_rows_tasks, &err), 0);
    if (name != NULL)
        assert_int_equal(nfold_options_set(options, name, value, &err), 0);
    return options;
}

static struct nf_statistics *some_tasks(unsigned count, double seconds)
{
    struct nf_statistics *statistics;
    nfold_error err = {0};
    assert_int_equal(nf_statistics_open(&statistics, 1, &err), 0);
    for (unsigned i = 0; i < count; i++) {
        struct nf_task_result result = {.status = NF_TASK_OK, .slot = 1, .seconds = seconds};
        nf_statistics_began(statistics, 1, i * seconds);
        nf_statistics_ended(statistics, &result, (i + 1) * seconds);
    }
    return statistics;
}

static void units_add_up(void **state)
{
    (void)state;
    assert_true(nf_duration_read("90") == 90);
    assert_true(nf_duration_read("0.5") == 0.5);
    assert_true(nf_duration_read("1h30m") == 5400);
    assert_true(nf_duration_read("1d2h3m4s") == 93784);
    assert_true(isnan(nf_duration_read("")));
    assert_true(isnan(nf_duration_read("ten")));
    assert_true(isnan(nf_duration_read("10x")));
    assert_true(isnan(nf_duration_read("-1")));
}

static void time_left_is_read_as_squeue_writes_it(void **state)
{
    (void)state;
    assert_true(nf_walltime_read_left("59\n") == 59);
    assert_true(nf_walltime_read_left("10:00\n") == 600);
    assert_true(nf_walltime_read_left("3:10:00") == 11400);
    assert_true(nf_walltime_read_left("1-02:03:04\n") == 93784);
    assert_true(isnan(nf_walltime_read_left("UNLIMITED\n")));
    assert_true(isnan(nf_walltime_read_left("INVALID")));
    assert_true(isnan(nf_walltime_read_left("")));
    assert_true(isnan(nf_walltime_read_left("1:2:3:4")));
}

static void a_timeout_is_a_time_or_a_share_of_the_median(void **state)
{
    struct nf_timeout timeout;
    nfold_error err = {0};
    nfold_options *options = make("timeout", "1h30m"), *share = make("timeout", "200%");
    struct nf_statistics *two = some_tasks(2, 4), *three = some_tasks(3, 4);
    (void)state;
    assert_int_equal(nf_timeout_read(&timeout, options, &err), 0);
    assert_true(nf_timeout_now(&timeout, two) == 5400);
    assert_int_equal(nf_timeout_read(&timeout, share, &err), 0);
    assert_true(isinf(nf_timeout_now(&timeout, two)));
    assert_true(fabs(nf_timeout_now(&timeout, three) - 8) < 0.3);
    nfold_options_set(options, "timeout", "soon", &err);
    assert_int_equal(nf_timeout_read(&timeout, options, &err), NFOLD_E_VALUE);
    nf_statistics_close(two);
    nf_statistics_close(three);
    nfold_options_destroy(options);
    nfold_options_destroy(share);
}

static void a_ladder_always_ends_with_kill(void **state)
{
    struct nf_ladder ladder;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_ladder_read(&ladder, "TERM,200,TERM,100,TERM,50,KILL,25", &err), 0);
    assert_int_equal(ladder.count, 4);
    assert_int_equal(ladder.step[0].signal, SIGTERM);
    assert_true(ladder.step[0].seconds == 0.2);
    assert_int_equal(ladder.step[3].signal, SIGKILL);
    assert_int_equal(nf_ladder_read(&ladder, "sigint,1000", &err), 0);
    assert_int_equal(ladder.count, 2);
    assert_int_equal(ladder.step[0].signal, SIGINT);
    assert_int_equal(ladder.step[1].signal, SIGKILL);
    assert_int_equal(nf_ladder_read(&ladder, "9", &err), 0);
    assert_int_equal(ladder.count, 1);
    assert_int_equal(nf_ladder_read(&ladder, "TREM,200", &err), NFOLD_E_VALUE);
    assert_int_equal(nf_ladder_read(&ladder, "TERM,x", &err), NFOLD_E_VALUE);
    assert_int_equal(nf_ladder_read(&ladder, "", &err), NFOLD_E_VALUE);
}

static struct nf_walltime open_walltime(nfold_options *options, double epoch, double now)
{
    struct nf_walltime walltime;
    nfold_error err = {0};
    assert_int_equal(nf_walltime_open(&walltime, options, epoch, now, &err), 0);
    nf_walltime_close(&walltime);
    return walltime;
}

/* The epoch is read once: a clock that is set afterwards is not asked again. */
static void the_end_of_the_job_is_by_the_monotonic_clock(void **state)
{
    nfold_options *options = make("need", "20s");
    struct nf_statistics *none = some_tasks(0, 1);
    (void)state;
    setenv("SLURM_JOB_END_TIME", "1000600", 1);
    nfold_options_set(options, "grace", "30s", NULL);
    struct nf_walltime walltime = open_walltime(options, 1000000, 50);
    assert_true(walltime.end == 650);
    assert_true(nf_walltime_stop(&walltime) == 620);
    assert_true(nf_walltime_admits(&walltime, none, 599));
    assert_false(nf_walltime_admits(&walltime, none, 601));
    unsetenv("SLURM_JOB_END_TIME");
    nf_statistics_close(none);
    nfold_options_destroy(options);
}

static void wait_for_answer(struct nf_walltime *walltime, double now)
{
    struct pollfd answer = {.fd = walltime->answer, .events = POLLIN};
    assert_int_equal(poll(&answer, 1, 20000), 1);
    nf_walltime_answered(walltime, now);
    assert_int_equal(walltime->answer, -1);
    assert_int_equal(waitpid(walltime->asked, NULL, 0), walltime->asked);
    walltime->asked = 0;
}

/* A squeue that says ten minutes. */
static void slurm_is_asked_again_because_limits_can_be_changed(void **state)
{
    nfold_options *options = make("need", "20s");
    nfold_error err = {0};
    struct nf_walltime walltime;
    char folder[] = "/tmp/nfold-times-XXXXXX", file[64], *path = strdup(getenv("PATH"));
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/squeue", folder);
    FILE *script = fopen(file, "w");
    assert_non_null(script);
    fprintf(script, "#!/bin/sh\necho 10:00\n");
    fclose(script);
    chmod(file, 0755);
    setenv("PATH", folder, 1);
    setenv("SLURM_JOB_ID", "4711", 1);

    assert_int_equal(nf_walltime_open(&walltime, options, 0, 1000, &err), 0);
    assert_true(nf_walltime_awaited(&walltime, 1000) > 1000); /* --need has to know */
    wait_for_answer(&walltime, 1000);
    assert_true(nf_walltime_awaited(&walltime, 1000) == 0);
    assert_true(walltime.end == 1600);
    assert_true(walltime.ask_due > 1500 && walltime.ask_due < 1600);
    assert_int_equal(nf_walltime_ask_again(&walltime, 1030), 0); /* the answer is fresh */
    assert_int_equal(nf_walltime_ask_again(&walltime, 1560), 1);
    wait_for_answer(&walltime, 1560);
    assert_true(walltime.end == 2160);

    nf_walltime_close(&walltime);
    unsetenv("SLURM_JOB_ID");
    setenv("PATH", path, 1);
    free(path);
    unlink(file);
    rmdir(folder);
    nfold_options_destroy(options);
}

static void without_need_it_is_learned_from_ten_tasks(void **state)
{
    nfold_options *options = make("grace", "0s");
    struct nf_statistics *nine = some_tasks(9, 100), *ten = some_tasks(10, 100);
    (void)state;
    setenv("SLURM_JOB_END_TIME", "150", 1);
    struct nf_walltime walltime = open_walltime(options, 100, 0);
    assert_true(nf_walltime_admits(&walltime, nine, 0));
    assert_false(nf_walltime_admits(&walltime, ten, 0));
    unsetenv("SLURM_JOB_END_TIME");
    nf_statistics_close(nine);
    nf_statistics_close(ten);
    nfold_options_destroy(options);
}

static void requeue_needs_a_job(void **state)
{
    struct nf_walltime walltime;
    nfold_error err = {0};
    nfold_options *options = make("requeue", "on");
    (void)state;
    unsetenv("SLURM_JOB_ID");
    assert_int_equal(nf_walltime_open(&walltime, options, 0, 0, &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "SLURM_JOB_ID"));
    nfold_options_destroy(options);
}

/* As GNU parallel's: a failure makes it 30 % longer, a success 10 % shorter. */
static void an_automatic_delay_goes_by_how_tasks_end(void **state)
{
    (void)state;
    struct nf_gate gate;
    nfold_options *options = make("delay", "1m40sauto");
    assert_int_equal(nf_gate_read(&gate, options, NULL), 0);
    nf_gate_ended(&gate, 0);
    assert_true(fabs(gate.delay - 130) < 1e-9);
    nf_gate_ended(&gate, 1);
    assert_true(fabs(gate.delay - 117) < 1e-9);
    nfold_options_destroy(options);
    options = make("delay", "10s");
    assert_int_equal(nf_gate_read(&gate, options, NULL), 0);
    nf_gate_ended(&gate, 0);
    assert_true(gate.delay == 10);
    nfold_options_destroy(options);
}

static void what_is_no_delay_or_load_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"delay", "auto"}, {"delay", "1xauto"}, {"load", "+"},
                                           {"load", "+5%"},   {"load", "x"},       {"load", ""}};
    struct nf_gate gate;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        nfold_options *options = make(wrong[i][0], wrong[i][1]);
        assert_int_equal(nf_gate_read(&gate, options, NULL), NFOLD_E_VALUE);
        nfold_options_destroy(options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_add_up),
        cmocka_unit_test(time_left_is_read_as_squeue_writes_it),
        cmocka_unit_test(a_timeout_is_a_time_or_a_share_of_the_median),
        cmocka_unit_test(a_ladder_always_ends_with_kill),
        cmocka_unit_test(the_end_of_the_job_is_by_the_monotonic_clock),
        cmocka_unit_test(slurm_is_asked_again_because_limits_can_be_changed),
        cmocka_unit_test(without_need_it_is_learned_from_ten_tasks),
        cmocka_unit_test(requeue_needs_a_job),
        cmocka_unit_test(an_automatic_delay_goes_by_how_tasks_end),
        cmocka_unit_test(what_is_no_delay_or_load_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
