/* Slots own CPUs of the allowed mask, and what their tasks see in the environment. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu_order.h"
#include "cpus.h"
#include "options.h"
#include "slot.h"
#include "task_environment.h"

static cpu_set_t all;

static nfold_options *make(const char *const *words)
{
    nfold_options *options;
    nfold_error err = {0};
    assert_int_equal(nf_options_new(&options, &err), 0);
    assert_int_equal(nf_options_add(options, nf_rows_tasks, &err), 0);
    for (; *words != NULL; words += 2)
        assert_int_equal(nfold_options_set(options, words[0], words[1], &err), 0);
    return options;
}

static int try_slots(struct nf_slots *slots, nfold_error *err, const char *const *words)
{
    nfold_options *options = make(words);
    int rc = nf_slots_make(slots, options, err);
    nfold_options_destroy(options);
    return rc;
}

#define TRY(slots, err, ...) try_slots(slots, err, (const char *const[]){__VA_ARGS__ NULL, NULL})

static unsigned count_of(const char *jobs)
{
    struct nf_slots slots;
    nfold_error err = {0};
    assert_int_equal(TRY(&slots, &err, "jobs", jobs, ), 0);
    unsigned count = slots.count;
    nf_slots_clear(&slots);
    return count;
}

static unsigned allowed(void)
{
    struct nf_cpus cpus;
    nf_cpus_read(&cpus, "");
    return cpus.allowed;
}

static void jobs_has_its_forms(void **state)
{
    unsigned all_of_them = allowed();
    (void)state;
    assert_int_equal(count_of("7"), 7);
    assert_int_equal(count_of("100%"), all_of_them);
    assert_int_equal(count_of("200%"), 2 * all_of_them);
    assert_int_equal(count_of("1%"), 1);
    assert_int_equal(count_of("+3"), all_of_them + 3);
    assert_int_equal(count_of("-10000"), 1);
    assert_true(count_of("0") > 100);
}

static void other_numbers_of_jobs_are_refused(void **state)
{
    static const char *const bad[] = {"", "x", "2x", "1.5", "+", "5%%", "+5%"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct nf_slots slots;
        nfold_error err = {0};
        assert_int_equal(TRY(&slots, &err, "jobs", bad[i], ), NFOLD_E_VALUE);
        assert_non_null(strstr(err.message, "option 'jobs'"));
    }
}

static void more_cpus_than_there_are_is_refused_with_numbers(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    char wanted[32];
    (void)state;
    snprintf(wanted, sizeof wanted, "%u", allowed() + 1);
    assert_int_equal(TRY(&slots, &err, "cpus-per-task", wanted, ), NFOLD_E_VALUE);
    assert_non_null(strstr(err.message, wanted));
    assert_non_null(strstr(err.message, "allowed are"));
}

static void fewer_slots_than_asked_for_is_said(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    char jobs[32];
    (void)state;
    snprintf(jobs, sizeof jobs, "%u", allowed() + 5);
    assert_int_equal(TRY(&slots, &err, "jobs", jobs, "cpus-per-task", "1", ), 0);
    assert_int_equal(slots.count, allowed());
    assert_non_null(strstr(slots.note, "of 1 CPU, not"));
    nf_slots_clear(&slots);
}

static void slots_are_bound_to_disjoint_cpus_of_the_mask(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    cpu_set_t seen;
    struct nf_cpus cpus;
    (void)state;
    nf_cpus_read(&cpus, "");
    if (cpus.allowed != cpus.affinity)
        skip();
    CPU_ZERO(&seen);
    assert_int_equal(TRY(&slots, &err, "jobs", "100%", ), 0);
    for (unsigned i = 0; i < slots.count; i++) {
        assert_int_equal(slots.slot[i].number, i + 1);
        assert_true(slots.slot[i].is_pinned);
        assert_int_equal(slots.slot[i].cpu_count, 1);
        assert_true(CPU_ISSET(slots.slot[i].cpus[0], &all));
        assert_false(CPU_ISSET(slots.slot[i].cpus[0], &seen));
        CPU_SET(slots.slot[i].cpus[0], &seen);
    }
    nf_slots_clear(&slots);
}

static void more_slots_than_cpus_are_not_bound(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(TRY(&slots, &err, "jobs", "+1", ), 0);
    for (unsigned i = 0; i < slots.count; i++) {
        assert_false(slots.slot[i].is_pinned);
        assert_int_equal(slots.slot[i].cpu_count, 1);
    }
    nf_slots_clear(&slots);
}

/* A mask of one CPU, the last one: the slot is there and nowhere else. */
static void a_narrow_mask_is_kept_to(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    cpu_set_t one;
    int last = 0;
    (void)state;
    for (int i = 0; i < CPU_SETSIZE; i++)
        last = CPU_ISSET(i, &all) ? i : last;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(try_slots(&slots, &err, (const char *const[]){NULL}), 0);
    sched_setaffinity(0, sizeof all, &all);
    assert_int_equal(slots.count, 1);
    assert_true(slots.slot[0].is_pinned);
    assert_int_equal(slots.slot[0].cpus[0], last);
    nf_slots_clear(&slots);
}

static void gpus_are_shared_out_by_name(void **state)
{
    struct nf_slots slots;
    nfold_error err = {0};
    (void)state;
    setenv("CUDA_VISIBLE_DEVICES", "3,5,GPU-7f,1", 1);
    assert_int_equal(TRY(&slots, &err, "gpus-per-task", "2", "jobs", "4", ), 0);
    assert_int_equal(slots.count, 2);
    assert_string_equal(slots.slot[0].gpus, "3,5");
    assert_string_equal(slots.slot[1].gpus, "GPU-7f,1");
    assert_non_null(strstr(slots.note, "2 slots of 2 GPUs, not 4"));
    nf_slots_clear(&slots);
    assert_int_equal(TRY(&slots, &err, "gpus-per-task", "5", ), NFOLD_E_VALUE);
    assert_non_null(strstr(err.message, "4 can be seen (CUDA_VISIBLE_DEVICES)"));
    unsetenv("CUDA_VISIBLE_DEVICES");
}

static const char *value_of(char *const *variables, const char *name)
{
    size_t length = strlen(name);
    for (; *variables != NULL; variables++)
        if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=')
            return *variables + length + 1;
    return NULL;
}

static void a_task_knows_its_number_and_slot(void **state)
{
    char *ours[] = {"PATH=/bin", "PARALLEL_SEQ=99", "OMP_NUM_THREADS=6", NULL};
    struct nf_slot slot = {.number = 3, .cpu_count = 4, .gpus = "1"};
    struct nf_task_environment environment;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_task_environment_make(&environment, ours, &slot, 4711, "SLOT", &err), 0);
    nf_task_environment_sequence(&environment, 12);
    assert_string_equal(value_of(environment.envp, "PATH"), "/bin");
    assert_string_equal(value_of(environment.envp, "PARALLEL_SEQ"), "12");
    assert_string_equal(value_of(environment.envp, "PARALLEL_JOBSLOT"), "3");
    assert_string_equal(value_of(environment.envp, "PARALLEL_PID"), "4711");
    assert_string_equal(value_of(environment.envp, "SLOT"), "2");
    assert_string_equal(value_of(environment.envp, "OMP_NUM_THREADS"), "6");
    assert_string_equal(value_of(environment.envp, "MKL_NUM_THREADS"), "4");
    assert_string_equal(value_of(environment.envp, "CUDA_VISIBLE_DEVICES"), "1");
    nf_task_environment_sequence(&environment, UINT64_MAX);
    assert_string_equal(value_of(environment.envp, "PARALLEL_SEQ"), "18446744073709551615");
    assert_string_equal(value_of(environment.envp, "PARALLEL_JOBSLOT"), "3");
    nf_task_environment_clear(&environment);
}

static void a_task_is_no_rank_of_our_launcher(void **state)
{
    char *step[] = {"SLURM_STEP_ID=0",
                    "SLURM_PROCID=0",
                    "SLURM_JOB_ID=5",
                    "PMIX_RANK=0",
                    "PMI_FD=7",
                    "OMPI_MCA_btl=tcp",
                    NULL};
    char *batch[] = {"SLURM_PROCID=0", "SLURM_JOB_ID=5", NULL};
    struct nf_slot slot = {.number = 1, .cpu_count = 1};
    struct nf_task_environment environment;
    nfold_error err = {0};
    (void)state;
    assert_int_equal(nf_task_environment_make(&environment, step, &slot, 1, NULL, &err), 0);
    assert_null(value_of(environment.envp, "SLURM_STEP_ID"));
    assert_null(value_of(environment.envp, "SLURM_PROCID"));
    assert_null(value_of(environment.envp, "PMIX_RANK"));
    assert_null(value_of(environment.envp, "PMI_FD"));
    assert_string_equal(value_of(environment.envp, "SLURM_JOB_ID"), "5");
    assert_string_equal(value_of(environment.envp, "OMPI_MCA_btl"), "tcp");
    nf_task_environment_clear(&environment);
    assert_int_equal(nf_task_environment_make(&environment, batch, &slot, 1, NULL, &err), 0);
    assert_string_equal(value_of(environment.envp, "SLURM_PROCID"), "0");
    nf_task_environment_clear(&environment);
}

/* ---- a machine with two nodes, whose CPUs alternate between them ---- */

static void put(const char *root, const char *path, const char *text)
{
    char name[512];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *slash = name + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(name, 0755);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_set_stays_on_one_node(void **state)
{
    char root[] = "/tmp/nfold-cpus-XXXXXX", command[64];
    cpu_set_t mask;
    int first = -1, second = -1;
    (void)state;
    sched_getaffinity(0, sizeof mask, &mask);
    for (int i = 0; i < CPU_SETSIZE && second < 0; i++)
        if (CPU_ISSET(i, &mask))
            *(first < 0 ? &first : &second) = i;
    if (second < 0)
        skip();
    assert_non_null(mkdtemp(root));
    char list[16];
    snprintf(list, sizeof list, "%d\n", second);
    put(root, "/sys/devices/system/node/node0/cpulist", list);
    snprintf(list, sizeof list, "%d\n", first);
    put(root, "/sys/devices/system/node/node1/cpulist", list);
    int *sets = nf_cpu_order_sets(root, 2, 1);
    assert_int_equal(sets[0], second);
    assert_int_equal(sets[1], first);
    free(sets);
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_file_is_followed_and_slots_stay_where_they_are(void **state)
{
    char path[] = "nfold-slots-XXXXXX";
    struct nf_slots slots;
    nfold_error err = {0};
    (void)state;
    close(mkstemp(path));
    write_file(path, "2\n");
    nfold_options *options = make((const char *[]){"jobs", path, NULL});
    assert_int_equal(nf_slots_make(&slots, options, &err), 0);
    assert_true(nf_slots_may_change(&slots));
    assert_int_equal(slots.count, 2);
    assert_false(slots.slot[0].is_pinned);
    const struct nf_slot *first = slots.slot;
    assert_int_equal(nf_slots_follow(&slots, options, &err), 0);
    write_file(path, "");
    assert_int_equal(nf_slots_follow(&slots, options, &err), 0);
    write_file(path, "300\n");
    assert_int_equal(nf_slots_follow(&slots, options, &err), 1);
    assert_int_equal(slots.count, 300);
    assert_true(slots.most >= 300 && slots.slot == first);
    assert_int_equal(slots.slot[299].number, 300);
    assert_int_equal(slots.slot[299].cpu_count, 1);
    write_file(path, "many\n");
    assert_int_equal(nf_slots_follow(&slots, options, &err), NFOLD_E_VALUE);
    assert_int_equal(slots.count, 300);
    assert_int_equal(nf_slots_follow(&slots, options, &err), 0); /* said once */
    unlink(path);
    assert_int_equal(nf_slots_follow(&slots, options, &err), 0);
    nf_slots_clear(&slots);
    nfold_options_destroy(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_has_its_forms),
        cmocka_unit_test(other_numbers_of_jobs_are_refused),
        cmocka_unit_test(more_cpus_than_there_are_is_refused_with_numbers),
        cmocka_unit_test(fewer_slots_than_asked_for_is_said),
        cmocka_unit_test(slots_are_bound_to_disjoint_cpus_of_the_mask),
        cmocka_unit_test(more_slots_than_cpus_are_not_bound),
        cmocka_unit_test(a_narrow_mask_is_kept_to),
        cmocka_unit_test(a_file_is_followed_and_slots_stay_where_they_are),
        cmocka_unit_test(gpus_are_shared_out_by_name),
        cmocka_unit_test(a_task_knows_its_number_and_slot),
        cmocka_unit_test(a_task_is_no_rank_of_our_launcher),
        cmocka_unit_test(a_set_stays_on_one_node),
    };
    unsetenv("SLURM_CPUS_PER_TASK");
    unsetenv("SLURM_CPUS_ON_NODE");
    sched_getaffinity(0, sizeof all, &all);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
