/* cgroup.c: where this process stands in the control groups, their quotas and limits, and who died
 * in them.
 *
 * /proc/self/cgroup has a line a hierarchy: "id:controllers:path"; version 2 is "0::path".
 * /proc/self/mountinfo says which part of a hierarchy is mounted where. A container often sees only
 * its own part: then the path begins with the mount's root, or cannot be followed at all ("/..")
 * and the mount point itself is the nearest group that can be seen. A quota anywhere above holds
 * too, so the way up is walked to the mount point.
 */
#include "cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "read_file.h"

#define NO_LIMIT 0x1p62 /* version 1 writes 2^63 rounded down to pages where there is none */

enum wanted { WANTED_QUOTA, WANTED_OOM_KILLS, WANTED_MEMORY, WANTED_FOLDER };

struct search {
    const char *root;
    const char *groups;     /* /proc/self/cgroup */
    const char *controller; /* "cpu" or "memory" */
    enum wanted wanted;     /* oom_kills: of the nearest group only */
    double limit, left;     /* of memory: the smallest so far */
    double quota;           /* the smallest so far; 0: none */
    char *file;             /* where it was read; or the folder that was wanted */
    size_t size;
    int version; /* of the hierarchy of that folder */
    unsigned long long oom_kills;
};

/* The fields of a line of mountinfo that matter here. */
struct mount {
    char *root, *point, *type, *controllers;
};

/* Is word one of the list's, which commas separate? */
static int list_has(const char *list, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    while (length > 0) {
        const char *comma = memchr(list, ',', length);
        size_t item = comma ? (size_t)(comma - list) : length;
        if (item == word_length && memcmp(list, word, item) == 0)
            return 1;
        size_t used = comma ? item + 1 : item;
        list += used;
        length -= used;
    }
    return 0;
}

/* The path of this process in the hierarchy with a controller (version 1) or in the unified one;
 * *length its length; NULL: not in one. */
static const char *group_path(const char *groups, const char *controller, int is_unified,
                              size_t *length)
{
    for (const char *line = groups; *line;) {
        size_t line_length = strcspn(line, "\n");
        const char *end = line + line_length;
        const char *controllers = memchr(line, ':', line_length);
        const char *path =
            controllers ? memchr(controllers + 1, ':', (size_t)(end - controllers - 1)) : NULL;
        if (path) {
            size_t list_length = (size_t)(path - controllers - 1);
            int is_it = is_unified ? list_length == 0 && line[0] == '0'
                                   : list_has(controllers + 1, list_length, controller);
            *length = (size_t)(end - path - 1);
            if (is_it)
                return path + 1;
        }
        line = *end ? end + 1 : end;
    }
    return NULL;
}

static int is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* mountinfo writes blanks, tabs, newlines and backslashes as \040 and the like. */
static void decode_octal(char *text)
{
    char *to = text;
    while (*text) {
        if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
            *to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 4;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

/* "31 23 0:28 ROOT POINT options [tags] - TYPE source CONTROLLERS"; cuts the line into pieces. */
static int mount_read(char *line, struct mount *mount)
{
    char *right = strstr(line, " - ");
    if (!right)
        return 0;
    *right = '\0';
    char *save = NULL, *field = strtok_r(line, " ", &save);
    for (int i = 0; field && i < 3; i++)
        field = strtok_r(NULL, " ", &save);
    mount->root = field;
    mount->point = strtok_r(NULL, " ", &save);
    mount->type = strtok_r(right + strlen(" - "), " ", &save);
    strtok_r(NULL, " ", &save);
    mount->controllers = strtok_r(NULL, " ", &save);
    if (!mount->root || !mount->point || !mount->type || !mount->controllers)
        return 0;
    decode_octal(mount->root);
    decode_octal(mount->point);
    return 1;
}

/* A number at the beginning of text; 0 if there is none ("max", "-1"). */
static double leading_number(const char *text)
{
    return *text >= '0' && *text <= '9' ? (double)strtoull(text, NULL, 10) : 0;
}

/* A number of processors, or 0; name is set to the file that says so. */
static double folder_quota(const char *root, const char *folder, int is_unified,
                           struct nfold_buffer *name)
{
    nf_buffer_print(name, "%s/%s", folder, is_unified ? "cpu.max" : "cpu.cfs_quota_us");
    char *text = nf_read_file(root, nf_buffer_text(name));
    if (!text)
        return 0;
    double quota = leading_number(text), period = 0;
    if (is_unified) {
        const char *second = strchr(text, ' ');
        period = second ? leading_number(second + 1) : 0;
    } else {
        struct nfold_buffer other = {0};
        nf_buffer_print(&other, "%s/cpu.cfs_period_us", folder);
        char *period_text = nf_read_file(root, nf_buffer_text(&other));
        period = period_text ? leading_number(period_text) : 0;
        free(period_text);
        nf_buffer_clear(&other);
    }
    free(text);
    return period > 0 ? quota / period : 0;
}

/* "oom_kill 3" in memory.events (version 2) or memory.oom_control (version 1). */
static void take_oom_kills(struct search *search, const char *folder, int is_unified)
{
    struct nfold_buffer name = {0};
    nf_buffer_print(&name, "%s/%s", folder, is_unified ? "memory.events" : "memory.oom_control");
    char *text = nf_read_file(search->root, nf_buffer_text(&name));
    char *line = text ? strstr(text, "oom_kill ") : NULL;
    if (line)
        search->oom_kills += strtoull(line + strlen("oom_kill "), NULL, 10);
    free(text);
    nf_buffer_clear(&name);
}

/* The number in a file of a group; infinity: it has none ("max", or version 1's largest). */
static double folder_number(const struct search *search, const char *folder, const char *file)
{
    struct nfold_buffer name = {0};
    nf_buffer_print(&name, "%s/%s", folder, file);
    char *text = nf_read_file(search->root, nf_buffer_text(&name));
    nf_buffer_clear(&name);
    double value = text && *text >= '0' && *text <= '9' ? leading_number(text) : INFINITY;
    free(text);
    return value < NO_LIMIT ? value : INFINITY;
}

/* File pages that are not in use count as used, but are given up when others need memory. */
static double droppable(const struct search *search, const char *folder, int is_unified)
{
    struct nfold_buffer name = {0};
    const char *word = is_unified ? "\ninactive_file " : "\ntotal_inactive_file ";
    nf_buffer_print(&name, "%s/memory.stat", folder);
    char *text = nf_read_file(search->root, nf_buffer_text(&name));
    nf_buffer_clear(&name);
    const char *line = text ? strstr(text, word) : NULL;
    double bytes = line ? leading_number(line + strlen(word)) : 0;
    free(text);
    return bytes;
}

static void take_memory(struct search *search, const char *folder, int is_unified)
{
    double limit =
        folder_number(search, folder, is_unified ? "memory.max" : "memory.limit_in_bytes");
    if (limit == INFINITY)
        return;
    double used =
        folder_number(search, folder, is_unified ? "memory.current" : "memory.usage_in_bytes");
    double left = used == INFINITY ? limit : limit - used + droppable(search, folder, is_unified);
    search->limit = fmin(search->limit, limit);
    search->left = fmin(search->left, fmax(left, 0));
}

static void take_quota(struct search *search, const char *folder, int is_unified)
{
    struct nfold_buffer name = {0};
    double quota = folder_quota(search->root, folder, is_unified, &name);
    if (quota > 0 && (search->quota == 0 || quota < search->quota)) {
        search->quota = quota;
        snprintf(search->file, search->size, "%s", nf_buffer_text(&name));
    }
    nf_buffer_clear(&name);
}

/* Version 2 lists its controllers in a file; in a hybrid it has few or none. */
static int has_controller(const struct search *search, const char *folder)
{
    struct nfold_buffer name = {0};
    nf_buffer_print(&name, "%s/cgroup.controllers", folder);
    char *text = nf_read_file(search->root, nf_buffer_text(&name));
    const char *word = text ? strstr(text, search->controller) : NULL;
    free(text);
    nf_buffer_clear(&name);
    return word != NULL;
}

static void take_nearest(struct search *search, const char *folder, int is_unified)
{
    if (search->version != 0 || (is_unified && !has_controller(search, folder)))
        return;
    search->version = is_unified ? 2 : 1;
    snprintf(search->file, search->size, "%s", folder);
}

static void take_folder(struct search *search, const char *folder, int is_unified)
{
    switch (search->wanted) {
    case WANTED_QUOTA:
        take_quota(search, folder, is_unified);
        break;
    case WANTED_OOM_KILLS:
        take_oom_kills(search, folder, is_unified);
        break;
    case WANTED_MEMORY:
        take_memory(search, folder, is_unified);
        break;
    case WANTED_FOLDER:
        take_nearest(search, folder, is_unified);
        break;
    }
}

/* What of the group's path lies below the mount point: "" if it cannot be followed. */
static const char *path_below(const struct mount *mount, const char *path)
{
    size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
    if (strncmp(path, mount->root, length) != 0 || (path[length] && path[length] != '/'))
        return "";
    return strstr(path, "/..") ? "" : path + length;
}

static void take_mount(struct search *search, const struct mount *mount, int is_unified)
{
    size_t length;
    const char *path = group_path(search->groups, search->controller, is_unified, &length);
    char *copy = path ? strndup(path, length) : NULL;
    if (!copy)
        return;
    struct nfold_buffer folder = {0};
    size_t top = strlen(mount->point);
    nf_buffer_print(&folder, "%s%s", mount->point, path_below(mount, copy));
    free(copy);
    if (search->wanted == WANTED_OOM_KILLS || search->wanted == WANTED_FOLDER)
        top = folder.size; /* the nearest group only */
    while (!folder.failed && folder.size >= top) {
        while (folder.size > top && folder.data[folder.size - 1] == '/')
            folder.data[--folder.size] = '\0';
        take_folder(search, folder.data, is_unified);
        char *slash = strrchr(folder.data, '/');
        if (!slash || folder.size <= top)
            break;
        folder.size = (size_t)(slash - folder.data);
        *slash = '\0';
    }
    nf_buffer_clear(&folder);
}

static void take_mounts(struct search *search, char *mounts)
{
    char *save = NULL;
    for (char *line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct mount mount;
        if (!mount_read(line, &mount))
            continue;
        if (strcmp(mount.type, "cgroup2") == 0)
            take_mount(search, &mount, 1);
        else if (strcmp(mount.type, "cgroup") == 0 &&
                 list_has(mount.controllers, strlen(mount.controllers), search->controller))
            take_mount(search, &mount, 0);
    }
}

static void look(struct search *search)
{
    char *groups = nf_read_file(search->root, "/proc/self/cgroup");
    char *mounts = nf_read_file(search->root, "/proc/self/mountinfo");
    search->groups = groups;
    if (groups && mounts)
        take_mounts(search, mounts);
    free(mounts);
    free(groups);
}

double nf_cgroup_quota(const char *root, char *file, size_t size)
{
    struct search search = {.root = root, .controller = "cpu", .file = file, .size = size};
    file[0] = '\0';
    look(&search);
    return search.quota;
}

unsigned long long nf_cgroup_oom_kills(const char *root)
{
    struct search search = {.root = root, .controller = "memory", .wanted = WANTED_OOM_KILLS};
    look(&search);
    return search.oom_kills;
}

void nf_cgroup_memory(const char *root, double *limit, double *left)
{
    struct search search = {.root = root,
                            .controller = "memory",
                            .wanted = WANTED_MEMORY,
                            .limit = INFINITY,
                            .left = INFINITY};
    look(&search);
    *limit = search.limit;
    *left = search.left;
}

int nf_cgroup_folder(const char *root, const char *controller, char *folder, size_t size)
{
    struct search search = {.root = root,
                            .controller = controller,
                            .wanted = WANTED_FOLDER,
                            .file = folder,
                            .size = size};
    folder[0] = '\0';
    look(&search);
    return search.version;
}

int nf_cgroup_in_job(const char *root)
{
    char *groups = nf_read_file(root, "/proc/self/cgroup");
    const char *slurm = groups ? strstr(groups, "slurm") : NULL;
    int is_in = slurm && strstr(slurm, "/job_");
    free(groups);
    return is_in;
}
