/* The parts of the command that no healthy machine shows: answers that differ, launchers, long
 * notes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "compare_table.h"
#include "known_answers.h"
#include "launch.h"
#include "report_text.h"

/* ---- the table of compare ---- */

static void assert_fits(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 80)
            fail_msg("%zu columns: %.*s", length, (int)length, text);
        text += length + 1;
    }
}

static struct nf_compare_row *add_row(struct nf_compare_table *table, const char *backend,
                                      unsigned workers, double wall)
{
    struct nf_compare_row *row = nf_compare_table_add(table);
    row->backend = backend;
    row->workers = workers;
    row->runs = 3;
    row->value = row->hi = 0.1;
    row->wall = wall;
    row->rate = 1e9 / wall;
    row->hash = 0x12345678;
    row->amdahl_limit = 100;
    return row;
}

static char *table_text(const struct nf_compare_table *table, int has_colour)
{
    struct nf_terminal terminal = {.width = 80, .has_colour = has_colour};
    struct nfold_buffer text = {0};
    nf_compare_table_text(&text, table, &terminal);
    assert_false(text.failed);
    return text.data;
}

static void a_table_of_equal_answers_says_so(void **state)
{
    struct nf_compare_table table = {.order = "v1", .isa = "avx2"};
    char *text;
    (void)state;
    add_row(&table, "serial", 1, 2);
    add_row(&table, "threads", 2, 1);
    assert_int_equal(nf_compare_table_check(&table, NULL), 0);
    text = table_text(&table, 0);
    assert_non_null(strstr(text, "0.1\nthe same bits on every row (order v1)\n"));
    assert_non_null(strstr(text, "2.00      100 %"));
    free(text);
    nf_compare_table_clear(&table);
}

static void compiling_has_a_column_where_something_was_compiled(void **state)
{
    struct nf_compare_table table = {.order = "v1", .isa = "avx512"};
    struct nf_compare_row *row;
    char *text;
    (void)state;
    add_row(&table, "serial", 1, 2)->runs = 49;
    row = add_row(&table, "processes", 999, 0.99951);
    row->amdahl_limit = 123456;
    row->rate = 999.4e9;
    row->value = -1.2345678901234567e-308;
    text = table_text(&table, 0);
    assert_fits(text);
    assert_null(strstr(text, "compile"));
    free(text);
    table.row[0].compile = 0.99951;
    text = table_text(&table, 0);
    assert_fits(text);
    assert_non_null(strstr(text, "\nworkers        compile     time "));
    assert_non_null(strstr(text, "\nserial      1 999.5 ms "));
    assert_non_null(strstr(text, "\nprocesses 999        - 999.5 ms "));
    free(text);
    nf_compare_table_clear(&table);
}

static void every_row_has_its_answer_and_a_bar(void **state)
{
    const struct nf_terminal narrow = {.width = 80}, wide = {.width = 120};
    struct nf_compare_table table = {.order = "v1", .isa = "avx2"};
    struct nfold_buffer text = {0};
    (void)state;
    add_row(&table, "serial", 1, 2)->compile = 0.1;
    add_row(&table, "threads", 2, 1);
    nf_compare_table_text(&text, &table, &narrow);
    assert_non_null(strstr(nf_buffer_text(&text),
                           "\nworkers       answer rate\n"
                           "serial      1 0.1    ####################\n"
                           "threads     2 0.1    ########################################\n"));
    nf_buffer_clear(&text);
    nf_compare_table_text(&text, &table, &wide);
    assert_non_null(strstr(nf_buffer_text(&text), "hash     answer rate\n"));
    assert_non_null(strstr(nf_buffer_text(&text), " 12345678 0.1    ################"));
    assert_null(strstr(nf_buffer_text(&text), "\nworkers       answer"));
    nf_buffer_clear(&text);
    nf_compare_table_clear(&table);
}

static void code_that_only_some_backends_run_is_not_said_of_all(void **state)
{
    struct nf_compare_table table = {.order = "v1", .isa = "avx2"};
    char *text;
    (void)state;
    strcpy(add_row(&table, "serial", 1, 2)->code, "native");
    strcpy(add_row(&table, "processes", 1, 2)->code, "vm");
    strcpy(add_row(&table, "processes", 2, 2)->code, "vm");
    text = table_text(&table, 0);
    assert_non_null(strstr(text, "code: native (avx2), on processes: VM; time:"));
    free(text);
    nf_compare_table_clear(&table);
}

static void a_function_as_given_is_called_that(void **state)
{
    struct nf_compare_table table = {.order = "v1", .isa = "avx512", .is_user_code = 1};
    char *text;
    (void)state;
    strcpy(add_row(&table, "serial", 1, 2)->code, "none");
    text = table_text(&table, 0);
    assert_fits(text);
    assert_non_null(strstr(text, "code: the function as given; its bits hold on machines of one"));
    assert_null(strstr(text, "avx512"));
    free(text);
    nf_compare_table_clear(&table);
}

static void one_different_bit_is_a_mismatch_in_red(void **state)
{
    struct nf_compare_table table = {.order = "v1"};
    nfold_error err;
    char *text;
    (void)state;
    add_row(&table, "serial", 1, 2);
    add_row(&table, "threads", 2, 1)->lo = 0x1p-1074;
    assert_int_equal(nf_compare_table_check(&table, &err), NFOLD_E_MISMATCH);
    assert_int_equal(nfold_error_status(err.code), 1);
    assert_non_null(strstr(err.message, "threads with 2"));
    text = table_text(&table, 1);
    assert_non_null(strstr(text, "\033[31mthe answers differ"));
    assert_non_null(strstr(text, "\033[31m12345678\033[0m"));
    assert_non_null(strstr(text, "\033[31m0.1   \033[0m"));
    free(text);
    nf_compare_table_clear(&table);
}

static void answers_that_differ_have_no_common_value(void **state)
{
    struct nf_compare_table table = {.order = "v1"};
    struct nfold_buffer out = {0};
    struct nf_json json = {.out = &out};
    (void)state;
    add_row(&table, "serial", 1, 2);
    add_row(&table, "threads", 2, 1)->value = 0.2;
    nf_json_object(&json, NULL);
    nf_compare_table_json(&json, &table);
    nf_json_end(&json);
    assert_non_null(strstr(nf_buffer_text(&out), "\"value\": null,\n  \"is_same\": false"));
    nf_buffer_clear(&out);
    nf_compare_table_clear(&table);
}

static void a_row_that_varies_is_a_mismatch(void **state)
{
    struct nf_compare_table table = {.order = "v1"};
    nfold_error err;
    (void)state;
    add_row(&table, "serial", 1, 2)->varies = 1;
    assert_int_equal(nf_compare_table_check(&table, &err), NFOLD_E_MISMATCH);
    assert_string_equal(err.message, "the answer on serial with 1 varies");
    nf_compare_table_clear(&table);
}

static void a_backend_that_is_missing_has_a_row_with_the_reason(void **state)
{
    struct nf_compare_table table = {.order = "v1"};
    struct nf_compare_row *row;
    struct nfold_buffer out = {0};
    struct nf_json json = {.out = &out};
    char *text;
    (void)state;
    row = nf_compare_table_add(&table);
    row->backend = "mpi";
    strcpy(row->reason, "no MPI here: install openmpi");
    add_row(&table, "threads", 1, 1);
    assert_int_equal(nf_compare_table_check(&table, NULL), 0);
    text = table_text(&table, 0);
    assert_non_null(strstr(text, "mpi         no MPI here: install openmpi\n"));
    free(text);
    nf_json_object(&json, NULL);
    nf_compare_table_json(&json, &table);
    nf_json_end(&json);
    assert_non_null(strstr(nf_buffer_text(&out), "\"reason\": \"no MPI here: install openmpi\""));
    nf_buffer_clear(&out);
    nf_compare_table_clear(&table);
}

/* ---- known answers ---- */

static void a_wrong_bit_in_a_known_answer_is_found(void **state)
{
    struct nf_known_answer known = nf_known_answers[0];
    nfold_error err;
    (void)state;
    assert_int_equal(nf_known_answer_check(&known, &err), 0);
    known.lo += 0x1p-60;
    assert_int_equal(nf_known_answer_check(&known, &err), NFOLD_E_MISMATCH);
    assert_non_null(strstr(err.message, known.title));
}

/* ---- launchers ---- */

static const char *const launch_variables[] = {
    "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE",     "PMI_RANK",
    "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS",         "SLURM_PROCID", "SLURM_JOB_ID",
    "SLURM_STEP_ID",
};

static int forget_launch(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof launch_variables / sizeof launch_variables[0]; i++)
        unsetenv(launch_variables[i]);
    return 0;
}

static struct nf_launch read_launch(void)
{
    struct nf_launch launch;
    nf_launch_read(&launch);
    return launch;
}

static void a_batch_script_runs_once_whatever_its_tasks(void **state)
{
    (void)state;
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_NTASKS", "80", 1);
    setenv("SLURM_PROCID", "0", 1);
    assert_int_equal(read_launch().copies, 1);
    setenv("SLURM_STEP_ID", "0", 1);
    assert_int_equal(read_launch().copies, 80);
}

static void the_innermost_launcher_counts(void **state)
{
    (void)state;
    setenv("SLURM_STEP_ID", "0", 1);
    setenv("SLURM_STEP_NUM_TASKS", "2", 1);
    setenv("SLURM_PROCID", "1", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    assert_int_equal(read_launch().copies, 1);
    setenv("OMPI_COMM_WORLD_SIZE", "6", 1);
    setenv("OMPI_COMM_WORLD_RANK", "5", 1);
    assert_int_equal(read_launch().copies, 6);
    assert_int_equal(read_launch().rank, 5);
    assert_string_equal(read_launch().launcher, "mpirun");
}

static void nonsense_in_the_environment_is_no_launcher(void **state)
{
    (void)state;
    setenv("PMI_SIZE", "many", 1);
    setenv("PMI_RANK", "0", 1);
    assert_int_equal(read_launch().copies, 1);
}

/* ---- reports ---- */

static const nfold_report some_report = {
    .size = sizeof(nfold_report),
    .value = 1,
    .hi = 0x1.8p+1,
    .lo = -0x1p-60,
    .step_error = __builtin_nan(""),
    .order = "v1",
    .backend = "threads",
    .isa = "avx2",
    .native = "native",
    .note = "",
    .items = 1000,
    .items_done = 410,
    .chunk_items = 1,
    .chunks = 1000,
    .workers_asked = 4,
    .workers = 0,
    .wall = 2,
    .rate = 205,
    .amdahl_limit = __builtin_inf(),
    .checkpoint = "",
    .checkpoint_failure = "",
};

static void the_largest_numbers_fit_into_80_columns(void **state)
{
    static const char *const natives[] = {"none", "vm", "mixed", "native"};
    const nfold_worker_report worker = {.busy = 1234.5,
                                        .start = 1234.5,
                                        .chunks = 9007199254740992 / 32768,
                                        .claims = 123456789,
                                        .native_chunks = 9007199254740992 / 32768};
    nfold_report report = some_report;
    (void)state;
    report.hi = -0x1.fffffffffffffp+1023;
    report.lo = -0x1.fffffffffffffp-1000;
    report.wall = report.cpu = report.serial = report.compile = 0.99951;
    report.rate = 999.4e9;
    report.items_done = 9007199254740992;
    report.chunk_items = 32768;
    report.workers = report.workers_asked = 1;
    report.worker = &worker;
    report.isa = "avx512";
    report.efficiency = 1;
    report.imbalance = 1234.56;
    for (unsigned i = 0; i < 8; i++) {
        struct nfold_buffer text = {0};
        report.native = natives[i / 2];
        report.amdahl_limit = i % 2 ? 123456 : 9998;
        nf_report_text(&text, &report, "", 1);
        assert_fits(nf_buffer_text(&text));
        nf_buffer_clear(&text);
    }
}

static void a_function_of_the_user_s_is_never_said_to_run_in_the_vm(void **state)
{
    static const char *const natives[] = {"none", "mixed", "native"};
    nfold_report report = some_report;
    (void)state;
    report.is_user_code = 1;
    report.compile = 0.99951;
    for (unsigned i = 0; i < 3; i++) {
        struct nfold_buffer text = {0};
        report.native = natives[i];
        nf_report_text(&text, &report, "", 0);
        assert_fits(nf_buffer_text(&text));
        assert_null(strstr(nf_buffer_text(&text), "VM"));
        assert_non_null(strstr(nf_buffer_text(&text), "machines of one"));
        nf_buffer_clear(&text);
    }
}

static void each_worker_process_is_told_with_what_it_costs(void **state)
{
    const nfold_worker_report worker[] = {
        {.start_up = 0.002, .memory = 500000, .restarts = 3, .host = ""},
        {.start_up = 0.004, .memory = 700000, .host = ""}};
    nfold_report report = some_report;
    struct nfold_buffer text = {0};
    (void)state;
    report.worker = worker;
    report.workers = report.workers_asked = 2;
    report.start_up = 0.003;
    report.memory = 1200000;
    report.restarts = 3;
    nf_report_text(&text, &report, "", 1);
    assert_fits(nf_buffer_text(&text));
    assert_non_null(
        strstr(nf_buffer_text(&text), "started in 3.0 ms each, 600 kB of memory each, 3"));
    assert_non_null(strstr(nf_buffer_text(&text),
                           "           started in 2.0 ms, 500 kB of memory, replaced 3 times\n"));
    assert_non_null(
        strstr(nf_buffer_text(&text), "           started in 4.0 ms, 700 kB of memory\n"));
    nf_buffer_clear(&text);
}

static void ranks_of_different_sizes_are_told_as_such(void **state)
{
    nfold_worker_report rank[] = {{.threads = 3, .host = "a"}, {.threads = 3, .host = "b"}};
    nfold_report report = some_report;
    struct nfold_buffer text = {0};
    (void)state;
    report.backend = "mpi";
    report.library = "an MPI";
    report.worker = rank;
    report.workers = report.workers_asked = report.hosts = 2;
    nf_report_text(&text, &report, "", 0);
    assert_non_null(strstr(nf_buffer_text(&text), "2 ranks of 3 threads on 2 hosts (mpi, an MPI)"));
    nf_buffer_clear(&text);
    rank[1].threads = 1;
    nf_report_text(&text, &report, "", 0);
    assert_non_null(strstr(nf_buffer_text(&text), "2 ranks of 1 to 3 threads on 2 hosts"));
    nf_buffer_clear(&text);
}

static void the_note_is_wrapped_and_nothing_is_lost(void **state)
{
    nfold_report report = some_report;
    struct nfold_buffer text = {0};
    unsigned words = 0;
    (void)state;
    report.note =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty";
    nf_report_text(&text, &report, "2 of 64: the control group /a/long/path allows two of them", 0);
    assert_fits(nf_buffer_text(&text));
    for (const char *c = strstr(nf_buffer_text(&text), "note "); *c != '\0'; c++)
        words += (c[0] == ' ' || c[0] == '\n') && c[1] > ' ';
    assert_int_equal(words, 20);
    nf_buffer_clear(&text);
}

static void what_was_not_measured_is_not_shown(void **state)
{
    struct nfold_buffer text = {0};
    (void)state;
    nf_report_text(&text, &some_report, "", 0);
    assert_null(strstr(nf_buffer_text(&text), "step error"));
    assert_null(strstr(nf_buffer_text(&text), "Amdahl"));
    assert_null(strstr(nf_buffer_text(&text), "note"));
    assert_non_null(strstr(nf_buffer_text(&text), "order v1   hi 0x1.8p+1 lo -0x1p-60 hash "));
    nf_buffer_clear(&text);
}

/* Equal bounds; or all of it was in a checkpoint. */
static void a_run_that_computed_nothing_has_no_rate(void **state)
{
    nfold_report report = some_report;
    struct nfold_buffer text = {0};
    (void)state;
    report.rate = 0;
    report.amdahl_limit = 1;
    nf_report_text(&text, &report, "", 0);
    assert_null(strstr(nf_buffer_text(&text), "rate"));
    assert_null(strstr(nf_buffer_text(&text), "efficiency"));
    assert_null(strstr(nf_buffer_text(&text), "Amdahl"));
    nf_buffer_clear(&text);
}

static void a_stopped_run_says_how_far_it_came(void **state)
{
    struct nfold_buffer text = {0};
    (void)state;
    nf_report_progress(&text, &some_report);
    assert_string_equal(nf_buffer_text(&text), "41 %: 410 of 1 k items in 2.00 s");
    nf_buffer_clear(&text);
}

static void equal_bits_have_equal_hashes_and_other_bits_do_not(void **state)
{
    nfold_report report = some_report;
    uint32_t hash = nf_report_hash(&some_report);
    (void)state;
    assert_int_equal(nf_report_hash(&report), hash);
    report.lo = -report.lo;
    assert_int_not_equal(nf_report_hash(&report), hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_equal_answers_says_so),
        cmocka_unit_test(compiling_has_a_column_where_something_was_compiled),
        cmocka_unit_test(every_row_has_its_answer_and_a_bar),
        cmocka_unit_test(code_that_only_some_backends_run_is_not_said_of_all),
        cmocka_unit_test(a_function_as_given_is_called_that),
        cmocka_unit_test(one_different_bit_is_a_mismatch_in_red),
        cmocka_unit_test(answers_that_differ_have_no_common_value),
        cmocka_unit_test(a_row_that_varies_is_a_mismatch),
        cmocka_unit_test(a_backend_that_is_missing_has_a_row_with_the_reason),
        cmocka_unit_test(a_wrong_bit_in_a_known_answer_is_found),
        cmocka_unit_test_setup_teardown(a_batch_script_runs_once_whatever_its_tasks, forget_launch,
                                        forget_launch),
        cmocka_unit_test_setup_teardown(the_innermost_launcher_counts, forget_launch,
                                        forget_launch),
        cmocka_unit_test_setup_teardown(nonsense_in_the_environment_is_no_launcher, forget_launch,
                                        forget_launch),
        cmocka_unit_test(the_largest_numbers_fit_into_80_columns),
        cmocka_unit_test(a_function_of_the_user_s_is_never_said_to_run_in_the_vm),
        cmocka_unit_test(each_worker_process_is_told_with_what_it_costs),
        cmocka_unit_test(ranks_of_different_sizes_are_told_as_such),
        cmocka_unit_test(the_note_is_wrapped_and_nothing_is_lost),
        cmocka_unit_test(what_was_not_measured_is_not_shown),
        cmocka_unit_test(a_run_that_computed_nothing_has_no_rate),
        cmocka_unit_test(a_stopped_run_says_how_far_it_came),
        cmocka_unit_test(equal_bits_have_equal_hashes_and_other_bits_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
