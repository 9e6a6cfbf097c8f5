/* gpus.c: GPUs by name; nothing of their drivers is loaded. */
#include "gpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct nf_gpus *gpus, const char *name, size_t length)
{
    if (gpus->count < NF_GPUS_MOST && length > 0 && length < sizeof gpus->name[0])
        snprintf(gpus->name[gpus->count++], sizeof gpus->name[0], "%.*s", (int)length, name);
}

/* "0,1" or "GPU-8f…,GPU-…"; one that is no device ("-1", "none") ends the list, as CUDA has it. */
static void read_list(struct nf_gpus *gpus, const char *list)
{
    while (*list && *list != '-' && strncmp(list, "No", 2) != 0 && strncmp(list, "no", 2) != 0) {
        size_t length = strcspn(list, ",");
        add(gpus, list, length);
        list += length + (list[length] == ',');
    }
}

static void count_devices(struct nf_gpus *gpus, const char *root, const char *format)
{
    for (int i = 0; i < NF_GPUS_MOST; i++) {
        char name[512], number[16];
        snprintf(number, sizeof number, "%d", i);
        snprintf(name, sizeof name, "%s%s%s", root, format, number);
        if (access(name, F_OK) == 0)
            add(gpus, number, strlen(number));
    }
}

/* /dev/dri/renderD128 is the first GPU of any maker; AMD's have a node of their own in kfd. */
static void count_amd(struct nf_gpus *gpus, const char *root)
{
    char name[512];
    snprintf(name, sizeof name, "%s/dev/kfd", root);
    for (int i = 128; access(name, F_OK) == 0 && i < 128 + NF_GPUS_MOST; i++) {
        char number[16];
        char device[512];
        snprintf(device, sizeof device, "%s/dev/dri/renderD%d", root, i);
        snprintf(number, sizeof number, "%d", i - 128);
        if (access(device, F_OK) == 0)
            add(gpus, number, strlen(number));
    }
}

void nf_gpus_read(struct nf_gpus *gpus, const char *root)
{
    static const char *const variables[] = {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"};
    *gpus = (struct nf_gpus){.source = "no NVIDIA or AMD device in /dev"};
    for (unsigned i = 0; i < 2; i++) {
        const char *list = getenv(variables[i]);
        if (!list)
            continue;
        gpus->source = variables[i];
        read_list(gpus, list);
        return;
    }
    count_devices(gpus, root, "/dev/nvidia");
    if (gpus->count == 0)
        count_amd(gpus, root);
    if (gpus->count > 0)
        gpus->source = "/dev";
}
