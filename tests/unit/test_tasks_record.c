/* The record: what is ok never starts again, what nobody saw end does, and the sum balances. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "record.h"
#include "run_directory.h"

static char home[64]; /* each test has its own folder, and works in it */
static char *words[] = {"tasks", "fit {}", NULL};

static int set_up(void **state)
{
    (void)state;
    strcpy(home, "/tmp/nfold-record-XXXXXX");
    return mkdtemp(home) == NULL || chdir(home) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", home);
    return chdir("/") < 0 || system(command) != 0;
}

/* One run: options as NAME=VALUE words, and what each input does: "a+" ok, "a-" fails, "a~" was cut
 * by us, "a?" is still running when nfold dies. Returns the inputs that were started. */
struct outcome {
    int opened;
    char started[256];
    struct nf_record_counts counts;
    int balances;
    char note[512];
    nfold_error err;
};

static nfold_options *read_options(const char *text)
{
    nfold_options *options;
    char copy[256], *rest = copy, *word;
    snprintf(copy, sizeof copy, "%s", text);
    nf_options_new(&options, NULL);
    nf_options_add(options, nf_rows_tasks, NULL);
    while ((word = strsep(&rest, " ")) != NULL) {
        char *value = strchr(word, '=');
        if (value != NULL)
            *value++ = '\0';
        if (*word != '\0')
            assert_int_equal(nfold_options_set(options, word, value ? value : "on", NULL), 0);
    }
    return options;
}

static void run_one(struct nf_record *record, struct outcome *outcome, unsigned sequence,
                    const char *input)
{
    char value[64], command[80], *values[1] = {value};
    snprintf(value, sizeof value, "%.*s", (int)strlen(input) - 1, input);
    snprintf(command, sizeof command, "fit %s", value);
    struct nf_task task = {.sequence = sequence, .value_count = 1, .values = values, .attempt = 1};
    int admitted = nf_record_admit(record, &task, command, NULL);
    assert_in_range(admitted, 0, 1);
    if (!admitted)
        return;
    strcat(outcome->started, value);
    strcat(outcome->started, " ");
    struct nf_task_result result = {.is_final = 1, .began = 1795346047.5, .seconds = 0.25};
    switch (input[strlen(input) - 1]) {
    case '-':
        result.status = NF_TASK_FAILED;
        result.exit_code = 3;
        break;
    case '~':
        result.status = NF_TASK_CUT;
        result.exit_code = -1;
        result.signal = 15;
        break;
    case '?':
        return;
    }
    assert_int_equal(nf_record_ended(record, &task, command, &result, NULL), 0);
}

static struct outcome run_with(const char *pattern, const char *options_text, const char *inputs)
{
    struct outcome outcome = {0};
    struct nf_record *record;
    nfold_options *options = read_options(options_text);
    outcome.opened = nf_record_open(&record, options, pattern, words, &outcome.err);
    if (outcome.opened >= 0) {
        char copy[256], *rest = copy, *input;
        unsigned sequence = 0;
        snprintf(copy, sizeof copy, "%s", inputs);
        while ((input = strsep(&rest, " ")) != NULL)
            if (*input != '\0')
                run_one(record, &outcome, ++sequence, input);
        outcome.counts = *nf_record_counts(record);
        snprintf(outcome.note, sizeof outcome.note, "%s", nf_record_note(record));
        assert_int_equal(nf_record_close(record, &outcome.balances, NULL), 0);
    }
    nfold_options_destroy(options);
    return outcome;
}

static struct outcome run(const char *options, const char *inputs)
{
    return run_with("fit {}", options, inputs);
}

#define NIGHT  "run-dir=night"
#define AGAIN  "run-dir=night resume"
#define FAILED "run-dir=night resume-failed"

static void what_is_ok_never_starts_again(void **state)
{
    (void)state;
    struct outcome first = run(NIGHT, "a+ b+ c-");
    assert_string_equal(first.started, "a b c ");
    assert_true(first.balances);
    struct outcome second = run(FAILED, "a+ b+ c+");
    assert_string_equal(second.started, "c ");
    assert_int_equal(second.counts.resumed, 2);
    assert_int_equal(second.counts.status[NF_TASK_OK], 3);
    assert_true(second.balances);
    assert_string_equal(run(FAILED, "a+ b+ c+").started, "");
}

static void resume_leaves_failed_ones_alone_as_gnu_parallel_does(void **state)
{
    (void)state;
    run(NIGHT, "a+ b- c~");
    struct outcome second = run(AGAIN, "a+ b+ c+");
    assert_string_equal(second.started, "c ");
    assert_int_equal(second.counts.status[NF_TASK_FAILED], 1);
    assert_true(second.balances);
}

static void inserted_removed_and_moved_inputs_are_followed(void **state)
{
    (void)state;
    run(NIGHT, "a+ b+ c+ d+");
    struct outcome second = run(AGAIN, "new+ d+ a+ c+");
    assert_string_equal(second.started, "new ");
    assert_int_equal(second.counts.resumed, 3);
    assert_int_equal(second.counts.fresh, 1);
    assert_int_equal(second.counts.gone, 1);
}

static void equal_inputs_are_counted(void **state)
{
    (void)state;
    run(NIGHT, "x+ x+ y+ x-");
    struct outcome second = run(FAILED, "x+ x+ x+ x+ y+");
    assert_string_equal(second.started, "x x ");
    assert_int_equal(second.counts.fresh, 1);
}

static void an_end_that_nobody_saw_runs_again(void **state)
{
    (void)state;
    struct outcome first = run(NIGHT, "a+ b?");
    assert_false(first.balances);
    assert_string_equal(run(AGAIN, "a+ b+").started, "b ");
}

static void retry_failed_runs_those_alone(void **state)
{
    (void)state;
    run(NIGHT, "a+ b- c~");
    struct outcome second = run("run-dir=night retry-failed", "a+ b+ c+ d+");
    assert_string_equal(second.started, "b ");
    assert_int_equal(second.counts.status[NF_TASK_NOT_STARTED], 1);
    assert_int_equal(second.counts.status[NF_TASK_CUT], 1);
    assert_true(second.balances);
}

static void a_folder_is_not_continued_unasked(void **state)
{
    (void)state;
    run(NIGHT, "a+");
    struct outcome second = run(NIGHT, "a+");
    assert_int_equal(second.opened, NFOLD_E_VALUE);
    assert_non_null(strstr(second.err.detail, "--resume"));
}

static void another_command_is_refused_until_it_is_adopted(void **state)
{
    (void)state;
    run(NIGHT, "a+ b-");
    struct outcome other = run_with("fit2 {}", FAILED, "a+ b+");
    assert_int_equal(other.opened, NFOLD_E_VALUE);
    assert_non_null(strstr(other.err.detail, "fit2 {}"));
    other = run_with("fit2 {}", "run-dir=night resume-failed adopt", "a+ b+ c-");
    assert_string_equal(other.started, "b c ");
    assert_string_equal(run_with("fit2 {}", FAILED, "a+ b+ c+").started, "c ");
    assert_int_equal(run(FAILED, "a+").opened, NFOLD_E_VALUE);
}

static void a_joblog_is_enough_to_resume(void **state)
{
    (void)state;
    run("joblog=log", "a+ b- x+ x-");
    struct outcome second = run("joblog=log resume-failed", "new+ b+ x+ a+ x+ x+");
    assert_string_equal(second.started, "new b x x ");
    assert_int_equal(second.counts.resumed, 2);
    assert_true(second.balances);
    struct outcome third = run("joblog=log resume-failed", "b+ a+ new+ x+ x+ x+");
    assert_string_equal(third.started, "");
}

/* A task that SIGTERM ended has Exitval 0 in a joblog: GNU parallel takes it for done. */
static void a_signal_in_a_joblog_is_no_success(void **state)
{
    (void)state;
    FILE *file = fopen("log", "w");
    fprintf(file, "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
                  "1\t:\t1795346047.537\t     0.003\t0\t2\t0\t15\tfit a\n"
                  "2\t:\t1795346047.537\t     0.003\t0\t2\t-1\t15\tfit b\n"
                  "3\t:\t1795346047.537\t     0.003\t0\t2\t0\t0\tfit c\n"
                  "4\t:\t17953");
    fclose(file);
    assert_string_equal(run("joblog=log resume-failed", "a+ b+ c+ d+").started, "a b d ");
    assert_string_equal(run("joblog=log resume-failed", "a+ b+ c+ d+").started, "");
}

static void resuming_needs_to_know_what_ran(void **state)
{
    (void)state;
    assert_int_equal(run("resume", "a+").opened, NFOLD_E_USAGE);
}

static unsigned count_files(const char *path)
{
    unsigned count = 0;
    DIR *open = opendir(path);
    for (struct dirent *entry; open != NULL && (entry = readdir(open)) != NULL;)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    if (open != NULL)
        closedir(open);
    return count;
}

static void a_short_run_that_is_all_ok_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_true(run("", "a+ b+").balances);
    assert_int_equal(count_files("."), 0);
}

static void a_failure_leaves_a_folder_that_can_be_resumed(void **state)
{
    (void)state;
    run("", "a+ b-");
    assert_int_equal(count_files(".nfold/runs"), 1);
    char *path, options[512];
    assert_int_equal(nf_run_directory_find(&path, "last", NULL), 0);
    snprintf(options, sizeof options, "run-dir=%s resume-failed", path);
    free(path);
    assert_string_equal(run(options, "a+ b+").started, "b ");
}

static void a_default_folder_goes_when_all_is_ok(void **state)
{
    (void)state;
    struct nf_record *record;
    int balances;
    nfold_options *options = read_options("");
    assert_int_equal(nf_record_open(&record, options, "fit {}", words, NULL), 0);
    assert_int_equal(nf_record_make_directory(record, NULL), 0);
    assert_int_equal(count_files(".nfold/runs"), 1);
    assert_int_equal(nf_record_keep_input(record, "a\n", 2, NULL), 0);
    assert_int_equal(nf_record_close(record, &balances, NULL), 0);
    assert_int_equal(count_files("."), 0);
    nfold_options_destroy(options);
}

static void two_of_us_never_write_to_one_folder(void **state)
{
    (void)state;
    struct nf_record *record;
    int balances;
    nfold_options *options = read_options(NIGHT);
    assert_int_equal(nf_record_open(&record, options, "fit {}", words, NULL), 0);
    struct outcome second = run(AGAIN, "a+");
    assert_int_equal(second.opened, NFOLD_E_VALUE);
    assert_non_null(strstr(second.err.message, "another nfold"));
    assert_int_equal(nf_record_close(record, &balances, NULL), 0);
    nfold_options_destroy(options);
}

static void a_damaged_journal_says_what_is_lost(void **state)
{
    (void)state;
    struct stat status;
    run(NIGHT, "a+ b+ c+");
    assert_int_equal(stat("night/journal", &status), 0);
    FILE *file = fopen("night/journal", "r+");
    fseek(file, status.st_size / 2, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, -1, SEEK_CUR);
    fputc(byte ^ 0x41, file);
    fclose(file);
    struct outcome second = run(AGAIN, "a+ b+ c+");
    assert_non_null(strstr(second.note, "night/journal is damaged"));
    assert_non_null(strstr(second.note, "1 of its entries are lost; 2 tasks are known"));
    assert_int_equal(second.counts.resumed, 2);
    assert_int_equal(strlen(second.started), 2);
}

static void the_joblog_is_gnu_parallels_byte_for_byte(void **state)
{
    (void)state;
    char text[512];
    run("joblog=log", "a+ b-");
    FILE *file = fopen("log", "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(
        text, "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
              "1\t:\t1795346047.500\t     0.250\t0\t0\t0\t0\tfit a\n"
              "2\t:\t1795346047.500\t     0.250\t0\t0\t3\t0\tfit b\n");
}

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD_TEST(what_is_ok_never_starts_again),
        RECORD_TEST(resume_leaves_failed_ones_alone_as_gnu_parallel_does),
        RECORD_TEST(inserted_removed_and_moved_inputs_are_followed),
        RECORD_TEST(equal_inputs_are_counted),
        RECORD_TEST(an_end_that_nobody_saw_runs_again),
        RECORD_TEST(retry_failed_runs_those_alone),
        RECORD_TEST(a_folder_is_not_continued_unasked),
        RECORD_TEST(another_command_is_refused_until_it_is_adopted),
        RECORD_TEST(a_joblog_is_enough_to_resume),
        RECORD_TEST(a_signal_in_a_joblog_is_no_success),
        RECORD_TEST(resuming_needs_to_know_what_ran),
        RECORD_TEST(a_short_run_that_is_all_ok_leaves_nothing_behind),
        RECORD_TEST(a_failure_leaves_a_folder_that_can_be_resumed),
        RECORD_TEST(a_default_folder_goes_when_all_is_ok),
        RECORD_TEST(two_of_us_never_write_to_one_folder),
        RECORD_TEST(a_damaged_journal_says_what_is_lost),
        RECORD_TEST(the_joblog_is_gnu_parallels_byte_for_byte),
    };
    unsetenv("XDG_STATE_HOME");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
