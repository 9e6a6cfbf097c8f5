/* run_directory.c: the folder of a run. */
#include "run_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PLACES     2
#define LOCK_TRIES 40 /* two seconds */

char *nf_run_directory_file(const char *directory, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* ---- making ---- */

static int is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int nf_run_directory_make(const char *path, nfold_error *err)
{
    char *copy = strdup(path);
    int made = 0, cause = 0;
    if (copy == NULL)
        return nf_fail_memory(err);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) == 0)
            made++;
        else if (cause == 0 && errno != EEXIST)
            cause = errno; /* the last one only says that it has no place */
        *slash = '/';
    }
    if (mkdir(copy, 0777) == 0)
        made++;
    else if (errno != EEXIST)
        made = -1;
    cause = errno == ENOENT && cause != 0 ? cause : errno;
    free(copy);
    errno = cause;
    if (made < 0)
        return nf_fail_errno(err, "cannot make the run directory %s", path);
    if (!is_folder(path))
        return nf_fail(err, NFOLD_E_VALUE, "the run directory %s is a file", path);
    return made;
}

/* The places where runs without a name are kept, best first; NULL: there is no such place. */
static char *place_path(int place)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL, *here = NULL;
    int size = -1;
    if (place == 0 && (here = getcwd(NULL, 0)) != NULL)
        size = asprintf(&path, "%s/%s", here, NF_RUNS_FOLDER);
    else if (place == 1 && state != NULL && state[0] == '/')
        size = asprintf(&path, "%s/nfold/runs", state);
    else if (place == 1 && home != NULL && home[0] == '/')
        size = asprintf(&path, "%s/.local/state/nfold/runs", home);
    free(here);
    return size < 0 ? NULL : path;
}

/* Ids sort by time and can be typed: 2026-11-22-113045-1377, the last being the process. */
static int make_below(char **path, const char *place, nfold_error *err)
{
    struct tm local;
    time_t now = time(NULL);
    char when[32];
    localtime_r(&now, &local);
    strftime(when, sizeof when, "%Y-%m-%d-%H%M%S", &local);
    for (int try = 0; try < 100; try++) {
        int size = try == 0 ? asprintf(path, "%s/%s-%d", place, when, (int)getpid())
                            : asprintf(path, "%s/%s-%d-%d", place, when, (int)getpid(), try + 1);
        if (size < 0)
            return nf_fail_memory(err);
        if (mkdir(*path, 0777) == 0)
            return 0;
        int cause = errno;
        free(*path);
        *path = NULL;
        errno = cause;
        if (cause != EEXIST)
            break;
    }
    return nf_fail_errno(err, "cannot make a run directory below %s", place);
}

int nf_run_directory_make_default(char **path, nfold_error *err)
{
    int rc = nf_fail(err, NFOLD_E_SYSTEM, "there is no folder for the record of the run");
    *path = NULL;
    for (int place = 0; place < PLACES && *path == NULL; place++) {
        char *below = place_path(place);
        if (below == NULL)
            continue;
        rc = nf_run_directory_make(below, err);
        if (rc >= 0)
            rc = make_below(path, below, err);
        free(below);
    }
    return rc;
}

/* What nfold puts there beside the journal, which comes first. */
static const char *const names[] = {"command",   "command.new", "input",
                                    "input.new", "input.part",  "output"};
#define NAME_COUNT (sizeof names / sizeof names[0])

static int has_file(const char *path, const char *name)
{
    char *file = nf_run_directory_file(path, name);
    int is_there = file != NULL && access(file, F_OK) == 0;
    free(file);
    return is_there;
}

int nf_run_directory_check(const char *path, nfold_error *err)
{
    for (unsigned i = 0; i < NAME_COUNT && !has_file(path, "journal"); i++)
        if (has_file(path, names[i]))
            return nf_fail(err, NFOLD_E_VALUE,
                           "%s is not a run's folder, and has a file '%s' that a run would write "
                           "over; name a new folder",
                           path, names[i]);
    return 0;
}

static void remove_file(const char *path, const char *name)
{
    char *file = nf_run_directory_file(path, name);
    if (file != NULL)
        unlink(file);
    free(file);
}

void nf_run_directory_remove(const char *path, int levels)
{
    for (unsigned i = 0; i < NAME_COUNT; i++)
        remove_file(path, names[i]);
    remove_file(path, "journal");
    char *folder = strdup(path);
    for (int level = 0; folder != NULL && level < levels && rmdir(folder) == 0; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder)
            break;
        *slash = '\0';
    }
    free(folder);
}

/* ---- locking ---- */

/* One who only looks holds the lock for an instant, and one who was killed may need a moment to end
 * what it left: both are waited for. */
static int lock_soon(int fd)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return 1; /* file systems without locks are written to as they are */
        nanosleep(&pause, NULL);
    }
    return 0;
}

int nf_run_directory_lock(const char *path, int *fd, nfold_error *err)
{
    char *file = nf_run_directory_file(path, "journal");
    if (file == NULL)
        return nf_fail_memory(err);
    int rc = 0;
    *fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        rc = nf_fail_errno(err, "cannot write to the run directory: %s", file);
    else if (!lock_soon(*fd))
        rc = nf_fail(err, NFOLD_E_VALUE,
                     "%s is being worked on by another nfold; wait for its end, or stop it", path);
    if (rc < 0 && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    free(file);
    return rc;
}

int nf_run_directory_is_locked(const char *path)
{
    char *file = nf_run_directory_file(path, "journal");
    int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    int is_locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    free(file);
    return is_locked;
}

/* ---- finding ---- */

/* Other programs have files named journal, too. */
static int is_run(const char *path)
{
    char *file = nf_run_directory_file(path, "journal");
    char begin[6];
    int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t size = fd >= 0 ? read(fd, begin, sizeof begin) : -1;
    if (fd >= 0)
        close(fd);
    free(file);
    return size == 0 || (size > 0 && memcmp(begin, "nfold ", (size_t)size) == 0);
}

static int may_be_run(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

static int each_below(const char *place,
                      int (*visit)(void *user, const char *path, nfold_error *err), void *user,
                      nfold_error *err)
{
    struct dirent **entries;
    int rc = 0, count = scandir(place, &entries, may_be_run, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = nf_run_directory_file(place, entries[i]->d_name);
        if (path == NULL && rc >= 0)
            rc = nf_fail_memory(err);
        else if (rc >= 0 && is_run(path))
            rc = visit(user, path, err);
        free(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return rc;
}

int nf_run_directory_each(int (*visit)(void *user, const char *path, nfold_error *err), void *user,
                          nfold_error *err)
{
    int rc = 0;
    for (int place = PLACES - 1; rc >= 0 && place >= 0; place--) {
        char *below = place_path(place);
        if (below != NULL)
            rc = each_below(below, visit, user, err);
        free(below);
    }
    char *here = getcwd(NULL, 0);
    if (rc >= 0 && here != NULL)
        rc = each_below(here, visit, user, err);
    free(here);
    return rc;
}

struct search {
    const char *name;
    char *found;
    unsigned count;
    int is_exact;
};

static const char *id_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int compare(void *user, const char *path, nfold_error *err)
{
    struct search *search = user;
    int is_last = strcmp(search->name, "last") == 0;
    int is_exact = strcmp(id_of(path), search->name) == 0;
    if (!is_last && strncmp(id_of(path), search->name, strlen(search->name)) != 0)
        return 0;
    if (search->is_exact)
        return 0;
    search->count++;
    search->is_exact = is_exact;
    /* Ids sort by time: the last of both places is the greatest. */
    if (is_last && search->found != NULL && strcmp(id_of(path), id_of(search->found)) < 0)
        return 0;
    free(search->found);
    search->found = strdup(path);
    return search->found != NULL ? 0 : nf_fail_memory(err);
}

int nf_run_directory_find(char **path, const char *name, nfold_error *err)
{
    struct search search = {.name = name};
    *path = NULL;
    if (is_run(name)) {
        *path = realpath(name, NULL);
        return *path != NULL ? 0 : nf_fail_errno(err, "cannot find %s", name);
    }
    int rc = strchr(name, '/') == NULL ? nf_run_directory_each(compare, &search, err) : 0;
    if (rc >= 0 && search.count == 0)
        rc =
            nf_fail(err, NFOLD_E_VALUE, "there is no run '%s' here; `nfold runs` lists them", name);
    else if (rc >= 0 && search.count > 1 && !search.is_exact && strcmp(name, "last") != 0)
        rc = nf_fail(err, NFOLD_E_VALUE, "'%s' fits %u runs; `nfold runs` lists them", name,
                     search.count);
    if (rc < 0)
        free(search.found);
    else
        *path = search.found;
    return rc;
}
