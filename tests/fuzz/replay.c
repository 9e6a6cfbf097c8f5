/* replay.c: gives a fuzz target every file of the folders that are named: a test in any build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *folder, const char *name, uint8_t *input)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    size_t size = fread(input, 1, INPUT_MAX, file);
    fclose(file);
    return LLVMFuzzerTestOneInput(input, size);
}

/* The number of files, or -1. */
static int replay_folder(const char *folder, uint8_t *input)
{
    DIR *open = opendir(folder);
    struct dirent *entry;
    int count = 0;

    if (open == NULL) {
        perror(folder);
        return -1;
    }
    while (count >= 0 && (entry = readdir(open)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        count = replay_file(folder, entry->d_name, input) < 0 ? -1 : count + 1;
    }
    closedir(open);
    return count;
}

int main(int argc, char **argv)
{
    uint8_t *input = malloc(INPUT_MAX);
    int rc = input != NULL && argc > 1 ? 0 : 1;

    for (int i = 1; rc == 0 && i < argc; i++) {
        int count = replay_folder(argv[i], input);
        printf("%s: %d inputs\n", argv[i], count);
        rc = count <= 0;
    }
    free(input);
    return rc;
}
