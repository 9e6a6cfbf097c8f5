/* How much memory tasks may have: the machine's, or what cgroups of either version leave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "free_memory.h"

struct machine {
    char root[64];
};

static void put(const struct machine *machine, const char *path, const char *text)
{
    char name[512];
    snprintf(name, sizeof name, "%s%s", machine->root, path);
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

static int make(void **state)
{
    struct machine *machine = malloc(sizeof *machine);
    strcpy(machine->root, "/tmp/nfold-memory-XXXXXX");
    if (mkdtemp(machine->root) == NULL)
        return -1;
    put(machine, "/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n");
    *state = machine;
    return 0;
}

static int unmake(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", ((struct machine *)*state)->root);
    free(*state);
    return system(command);
}

static void without_groups_it_is_the_machines(void **state)
{
    const struct machine *machine = *state;
    assert_true(nf_free_memory(machine->root) == 600 * 1024);
    assert_true(nf_whole_memory(machine->root) == 1000 * 1024);
}

static void version_2_counts_every_group_above(void **state)
{
    const struct machine *machine = *state;
    put(machine, "/proc/self/cgroup", "0::/job/step\n");
    put(machine, "/proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n");
    put(machine, "/sys/fs/cgroup/job/step/memory.max", "max\n");
    put(machine, "/sys/fs/cgroup/job/memory.max", "500000\n");
    put(machine, "/sys/fs/cgroup/job/memory.current", "300000\n");
    put(machine, "/sys/fs/cgroup/job/memory.stat", "anon 1\ninactive_file 50000\n");
    assert_true(nf_whole_memory(machine->root) == 500000);
    assert_true(nf_free_memory(machine->root) == 250000);
}

static void version_1_has_no_limit_as_a_huge_number(void **state)
{
    const struct machine *machine = *state;
    char folder[256];
    put(machine, "/proc/self/cgroup", "4:memory:/a\n3:cpu:/\n0::/\n");
    put(machine, "/proc/self/mountinfo",
        "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n"
        "32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n");
    put(machine, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(machine, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    put(machine, "/sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
    assert_true(nf_free_memory(machine->root) == 600 * 1024);
    assert_int_equal(nf_cgroup_folder(machine->root, "memory", folder, sizeof folder), 1);
    assert_string_equal(folder, "/sys/fs/cgroup/memory/a");
    put(machine, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "40000\n");
    put(machine, "/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "50000\n");
    assert_true(nf_free_memory(machine->root) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_groups_it_is_the_machines, make, unmake),
        cmocka_unit_test_setup_teardown(version_2_counts_every_group_above, make, unmake),
        cmocka_unit_test_setup_teardown(version_1_has_no_limit_as_a_huge_number, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
