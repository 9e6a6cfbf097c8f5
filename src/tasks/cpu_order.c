/* cpu_order.c: CPUs by NUMA node, package and core. */
#include "cpu_order.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "read_file.h"

#define MOST_CPUS  (1u << 20)
#define MOST_NODES 1024

struct cpu {
    int number, node, package, core, is_taken;
};

struct cpu_list {
    struct cpu *cpu;
    unsigned count;
};

static int read_number(const char *root, const char *format, int number)
{
    char name[128];
    snprintf(name, sizeof name, format, number);
    char *text = nf_read_file(root, name);
    int value = text ? atoi(text) : 0;
    free(text);
    return value;
}

static int compare_cpus(const void *left, const void *right)
{
    const struct cpu *a = left, *b = right;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    if (a->core != b->core)
        return a->core < b->core ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* "0-3,8": marks the node of the CPUs in it. */
static void take_node(struct cpu_list *list, int node, const char *text)
{
    while (*text >= '0' && *text <= '9') {
        char *end;
        long first = strtol(text, &end, 10), last = first;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        for (unsigned i = 0; i < list->count; i++)
            if (list->cpu[i].number >= first && list->cpu[i].number <= last)
                list->cpu[i].node = node;
        text = *end == ',' ? end + 1 : end;
    }
}

static void read_nodes(const char *root, struct cpu_list *list)
{
    for (int node = 0, missing = 0; node < MOST_NODES && missing < 64; node++) {
        char name[64];
        snprintf(name, sizeof name, "/sys/devices/system/node/node%d/cpulist", node);
        char *text = nf_read_file(root, name);
        if (text)
            take_node(list, node, text);
        missing = text ? 0 : missing + 1;
        free(text);
    }
}

/* The kernel refuses a mask smaller than its own, so the mask grows until it is taken. */
static cpu_set_t *read_mask(size_t *size)
{
    for (unsigned most = 1024; most <= MOST_CPUS; most *= 2) {
        cpu_set_t *mask = CPU_ALLOC(most);
        if (!mask)
            return NULL;
        *size = CPU_ALLOC_SIZE(most);
        CPU_ZERO_S(*size, mask);
        if (sched_getaffinity(0, *size, mask) == 0)
            return mask;
        CPU_FREE(mask);
        if (errno != EINVAL)
            return NULL;
    }
    return NULL;
}

static int read_list(const char *root, struct cpu_list *list)
{
    size_t size;
    cpu_set_t *mask = read_mask(&size);
    if (!mask)
        return -1;
    list->cpu = calloc((size_t)CPU_COUNT_S(size, mask) + 1, sizeof *list->cpu);
    for (int i = 0; list->cpu && i < (int)(8 * size); i++)
        if (CPU_ISSET_S((size_t)i, size, mask))
            list->cpu[list->count++] = (struct cpu){
                .number = i,
                .package = read_number(
                    root, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", i),
                .core = read_number(root, "/sys/devices/system/cpu/cpu%d/topology/core_id", i),
            };
    CPU_FREE(mask);
    if (!list->cpu)
        return -1;
    read_nodes(root, list);
    qsort(list->cpu, list->count, sizeof *list->cpu, compare_cpus);
    return 0;
}

/* The first each CPUs from start on that nobody has, of one node if is_one_node; 0: there are not
 * so many. */
static int take_set(struct cpu_list *list, int *set, unsigned each, int is_one_node)
{
    for (unsigned start = 0; start < list->count; start++) {
        unsigned found = 0;
        for (unsigned i = start; i < list->count && found < each; i++)
            if (!list->cpu[i].is_taken &&
                (!is_one_node || list->cpu[i].node == list->cpu[start].node))
                set[found++] = (int)i;
        if (found < each)
            continue;
        for (unsigned i = 0; i < each; i++) {
            struct cpu *cpu = &list->cpu[set[i]];
            cpu->is_taken = 1;
            set[i] = cpu->number;
        }
        return 1;
    }
    return 0;
}

int *nf_cpu_order_sets(const char *root, unsigned sets, unsigned each)
{
    struct cpu_list list = {0};
    int *numbers = calloc((size_t)sets * each + 1, sizeof *numbers);
    if (numbers && read_list(root, &list) < 0)
        list.count = 0;
    for (unsigned i = 0; numbers && i < sets; i++) {
        int *set = numbers + (size_t)i * each;
        if (!take_set(&list, set, each, 1) && !take_set(&list, set, each, 0))
            set[0] = -1;
    }
    free(list.cpu);
    return numbers;
}
