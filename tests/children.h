/* children.h: the child processes of a process, for tests that kill or count them. */
#ifndef TESTS_CHILDREN_H
#define TESTS_CHILDREN_H

#include <dirent.h>
#include <stdio.h>
#include <sys/types.h>

#define CHILDREN_MAX 64

/* The children of a process, but for one; except 0: all. */
static inline unsigned find_children(pid_t parent_wanted, pid_t except, pid_t child[CHILDREN_MAX])
{
    unsigned count = 0;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char path[64], word[32];
        int parent, pid;
        FILE *file;
        snprintf(path, sizeof path, "/proc/%.20s/stat", entry->d_name);
        file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (!file)
            continue;
        if (fscanf(file, "%d %31s %*c %d", &pid, word, &parent) == 3 && parent == parent_wanted &&
            pid != except && count < CHILDREN_MAX)
            child[count++] = pid;
        fclose(file);
    }
    if (folder)
        closedir(folder);
    return count;
}

#endif
