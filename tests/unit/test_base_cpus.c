/* Processors: recorded machines, this machine, Slurm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "cpus.h"

static const char *machine(const char *name)
{
    static char root[512]; /* the test is one thread */
    const char *source = getenv("NFOLD_SOURCE_ROOT");
    snprintf(root, sizeof root, "%s/tests/recorded/cpus/%s", source ? source : ".", name);
    return root;
}

static void check_machine(const char *name, struct nf_cpus expected, const char *explanation)
{
    struct nf_cpus cpus;
    char text[400];
    nf_cpus_read(&cpus, machine(name));
    assert_int_equal(cpus.online, expected.online);
    assert_int_equal(cpus.affinity, expected.affinity);
    assert_true(cpus.cgroup_quota == expected.cgroup_quota);
    assert_string_equal(cpus.cgroup_file, expected.cgroup_file);
    assert_int_equal(cpus.slurm, expected.slurm);
    assert_int_equal(cpus.allowed, expected.allowed);
    nf_cpus_explain(&cpus, text, sizeof text);
    assert_string_equal(text, explanation);
}

static void a_machine_without_limits_is_used_whole(void **state)
{
    (void)state;
    check_machine("laptop", (struct nf_cpus){.online = 8, .affinity = 8, .allowed = 8}, "8 of 8");
    check_machine("huge", (struct nf_cpus){.online = 2048, .affinity = 2048, .allowed = 2048},
                  "2048 of 2048");
}

static void a_version_1_quota_of_a_container_holds(void **state)
{
    (void)state;
    check_machine("docker-v1",
                  (struct nf_cpus){.online = 64,
                                   .affinity = 64,
                                   .cgroup_quota = 2,
                                   .cgroup_file = "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us",
                                   .allowed = 2},
                  "2 of 64: the cgroup allows 2.0 processors "
                  "(/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us)");
}

static void half_a_processor_more_is_worth_a_worker(void **state)
{
    (void)state;
    check_machine("container-v2",
                  (struct nf_cpus){.online = 16,
                                   .affinity = 16,
                                   .cgroup_quota = 1.5,
                                   .cgroup_file = "/sys/fs/cgroup/cpu.max",
                                   .allowed = 2},
                  "2 of 16: the cgroup allows 1.5 processors (/sys/fs/cgroup/cpu.max)");
}

static void a_quota_above_the_own_group_holds_too(void **state)
{
    (void)state;
    check_machine(
        "login-node",
        (struct nf_cpus){.online = 48,
                         .affinity = 48,
                         .cgroup_quota = 4,
                         .cgroup_file = "/sys/fs/cgroup/user.slice/user-5001.slice/cpu.max",
                         .allowed = 4},
        "4 of 48: the cgroup allows 4.0 processors "
        "(/sys/fs/cgroup/user.slice/user-5001.slice/cpu.max)");
}

static void the_mask_limits_where_the_quota_does_not(void **state)
{
    (void)state;
    check_machine(
        "slurm-node",
        (struct nf_cpus){.online = 128,
                         .affinity = 16,
                         .cgroup_quota = 16,
                         .cgroup_file =
                             "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_4242/cpu.max",
                         .allowed = 16},
        "16 of 128: this process is bound to 16 of them (taskset, Slurm, or a container)");
}

static void the_smallest_quota_of_both_versions_wins(void **state)
{
    (void)state;
    check_machine("hybrid",
                  (struct nf_cpus){.online = 8,
                                   .affinity = 8,
                                   .cgroup_quota = 2.5,
                                   .cgroup_file = "/control groups/cpu/batch/task/cpu.cfs_quota_us",
                                   .allowed = 3},
                  "3 of 8: the cgroup allows 2.5 processors "
                  "(/control groups/cpu/batch/task/cpu.cfs_quota_us)");
}

static void one_worker_is_always_allowed(void **state)
{
    (void)state;
    check_machine("starved",
                  (struct nf_cpus){.online = 4,
                                   .affinity = 1,
                                   .cgroup_quota = 0.1,
                                   .cgroup_file = "/sys/fs/cgroup/pod/cpu.max",
                                   .allowed = 1},
                  "1 of 4: this process is bound to 1 of them (taskset, Slurm, or a container)");
    check_machine("no-such-machine", (struct nf_cpus){.online = 1, .affinity = 1, .allowed = 1},
                  "1 of 1");
}

static void slurm_limits_a_task(void **state)
{
    (void)state;
    setenv("SLURM_CPUS_PER_TASK", "4", 1);
    check_machine("laptop", (struct nf_cpus){.online = 8, .affinity = 8, .slurm = 4, .allowed = 4},
                  "4 of 8: SLURM_CPUS_PER_TASK is 4");
    static const char *const unusable[] = {"", "0", "-2", "four", "4x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++) {
        setenv("SLURM_CPUS_PER_TASK", unusable[i], 1);
        check_machine("laptop", (struct nf_cpus){.online = 8, .affinity = 8, .allowed = 8},
                      "8 of 8");
    }
    unsetenv("SLURM_CPUS_PER_TASK");
}

/* sbatch -n 8 -c 5: a program that runs once has all forty. */
static void what_runs_once_in_its_job_has_all_of_it(void **state)
{
    struct nf_cpus cpus;
    char text[256];
    (void)state;
    setenv("SLURM_JOB_ID", "1", 1);
    setenv("SLURM_CPUS_PER_TASK", "2", 1);
    setenv("SLURM_CPUS_ON_NODE", "6", 1);
    nf_cpus_read_job(&cpus, machine("laptop"));
    nf_cpus_explain(&cpus, text, sizeof text);
    assert_int_equal(cpus.allowed, 6);
    assert_string_equal(text, "6 of 8: SLURM_CPUS_ON_NODE is 6");
    unsetenv("SLURM_CPUS_ON_NODE"); /* a shell of salloc */
    nf_cpus_read_job(&cpus, machine("laptop"));
    assert_int_equal(cpus.allowed, 2);
    unsetenv("SLURM_CPUS_PER_TASK");
    unsetenv("SLURM_JOB_ID");
}

static void the_mask_of_this_process_is_counted(void **state)
{
    (void)state;
    struct nf_cpus before, bound;
    nf_cpus_read(&before, "");
    assert_in_range(before.affinity, 1, before.online);
    assert_in_range(before.allowed, 1, before.affinity);
    cpu_set_t saved, one;
    if (sched_getaffinity(0, sizeof saved, &saved) < 0)
        skip(); /* more than 1024 processors */
    assert_int_equal(before.affinity, CPU_COUNT(&saved));
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &saved))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    nf_cpus_read(&bound, "");
    assert_int_equal(sched_setaffinity(0, sizeof saved, &saved), 0);
    assert_int_equal(bound.affinity, 1);
    assert_int_equal(bound.allowed, 1);
}

static void only_a_login_node_is_one(void **state)
{
    (void)state;
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_CONF");
    assert_true(nf_cpus_login_node_at(machine("login-node")));
    assert_false(nf_cpus_login_node_at(machine("slurm-node")));
    assert_false(nf_cpus_login_node_at(machine("laptop")));
    assert_true(nf_cgroup_in_job(machine("slurm-node")));
    assert_false(nf_cgroup_in_job(machine("login-node")));
    setenv("SLURM_JOB_ID", "4242", 1);
    assert_false(nf_cpus_login_node_at(machine("login-node")));
    unsetenv("SLURM_JOB_ID");
    setenv("SLURM_CONF", "/sys/devices/system/cpu/online", 1); /* any file that is there */
    assert_true(nf_cpus_login_node_at(machine("laptop")));
    unsetenv("SLURM_CONF");
}

static void an_explanation_fits_any_size(void **state)
{
    (void)state;
    struct nf_cpus cpus;
    nf_cpus_read(&cpus, machine("docker-v1"));
    char text[8] = "-------";
    nf_cpus_explain(&cpus, text, 5);
    assert_string_equal(text, "2 of");
    assert_string_equal(text + 5, "--");
}

int main(void)
{
    unsetenv("SLURM_CPUS_PER_TASK");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_without_limits_is_used_whole),
        cmocka_unit_test(a_version_1_quota_of_a_container_holds),
        cmocka_unit_test(half_a_processor_more_is_worth_a_worker),
        cmocka_unit_test(a_quota_above_the_own_group_holds_too),
        cmocka_unit_test(the_mask_limits_where_the_quota_does_not),
        cmocka_unit_test(the_smallest_quota_of_both_versions_wins),
        cmocka_unit_test(one_worker_is_always_allowed),
        cmocka_unit_test(slurm_limits_a_task),
        cmocka_unit_test(what_runs_once_in_its_job_has_all_of_it),
        cmocka_unit_test(the_mask_of_this_process_is_counted),
        cmocka_unit_test(only_a_login_node_is_one),
        cmocka_unit_test(an_explanation_fits_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
